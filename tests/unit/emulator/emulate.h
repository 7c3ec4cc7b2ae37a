/* SPDX-License-Identifier: Apache-2.0
 *
 * emulate: an emulator in memory and requests to it, without a network: the tests of its services
 * speak HTTP's words but no HTTP.
 */
#ifndef PAWL_TESTS_EMULATE_H
#define PAWL_TESTS_EMULATE_H

#include "emulator/core.h"
#include "emulator/emulator.h"
#include "test.h"

#define TENANT   "11111111-2222-4333-8444-555555555555"
#define ADMIN_ID "aaaaaaaa-0000-4000-8000-000000000001"
#define USER_ID  "aaaaaaaa-0000-4000-8000-000000000002"
#define SECRET   "s3cret~of.the_test"
#define VAULT    "kv1.vault.azure.net"

/* The answer to the last request. */
struct answer {
    int status;
    struct arena arena;
    struct str body;
    struct json *json;
    struct call_header headers[CALL_MAX_HEADERS];
    size_t n_headers;
    int count; /* how many answers came; must be 1 */
};

struct emulate {
    struct emulator *e;
    struct loop *loop; /* NULL: nothing takes time */
    struct answer answer;
    struct str headers[8]; /* "Name: value" of the next requests */
    size_t n_headers;
    char *token; /* sent as Bearer, if not NULL */
};

/* With the seed (NULL: the standard one: an administrator, a secrets user, vault kv1). */
void emulate_init(struct emulate *m, const char *seed);
/* The same on a loop, which the caller frees afterwards: workers and fetches take their time. */
void emulate_init_on(struct emulate *m, const char *seed, struct loop *l);
void emulate_done(struct emulate *m);
/* Applies another seed. */
void emulate_seed(struct emulate *m, const char *seed);
/* Sends a request to a host and waits for nothing: the answer is in m->answer. */
void ask_host(struct emulate *m, const char *method, const char *host, const char *target,
              const char *body);
/* To the vault kv1. Returns the status. */
int ask(struct emulate *m, const char *method, const char *target, const char *body);
/* A token request to the login host; form is the body. Returns the status. */
int ask_token(struct emulate *m, const char *path, const char *form);
/* Logs in with a secret for the vault's resource; later requests carry the token. */
void login(struct emulate *m, const char *client_id);
/* Something of the answer: by path in the JSON, by header. */
struct str said(struct emulate *m, const char *path);
int64_t said_int(struct emulate *m, const char *path);
struct str header(struct emulate *m, const char *name);
/* Moves the emulator's clock. */
void pass(struct emulate *m, int64_t seconds);

#endif
