/* SPDX-License-Identifier: Apache-2.0
 *
 * token_request: the request that gets a token for a credential. Builds bytes; asks nobody but the
 * clock and the random generator.
 */
#ifndef PAWL_AZURE_TOKEN_REQUEST_H
#define PAWL_AZURE_TOKEN_REQUEST_H

#include "azure/credential_internal.h"
#include "base/arena.h"

enum { TOKEN_REQUEST_HEADERS = 4 };

struct token_request {
    const char *method;
    struct str url;
    struct str body;
    struct str headers[TOKEN_REQUEST_HEADERS];
    size_t n_headers;
};

/* proof: the federated token of CREDENTIAL_WORKLOAD and CREDENTIAL_TOKEN_FILE; the key that Azure
 * Arc has shown, empty at first. Everything lies in a, which must wipe. */
int token_request_build(struct arena *a, const struct azure_credential *c, struct str resource,
                        struct str proof, struct token_request *out, struct err **err) MUST_USE;

/* Azure Arc answers 401 with the path of a file that only administrators of the machine can read.
 * Its content, if the path is one that Arc may name. */
int token_request_arc_key(struct str challenge, struct buf *out, struct err **err) MUST_USE;

#endif
