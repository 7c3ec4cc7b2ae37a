/* SPDX-License-Identifier: Apache-2.0
 *
 * federation: the keys of other token issuers, so that workload identity is really verified: the
 * issuer's openid-configuration and its JWKS are fetched over HTTPS, trusting only the CA that the
 * seed gives for that issuer (else the system's store and --issuer-ca), and kept for ten minutes.
 * A token with a key id that is not among them makes one more fetch, at most every ten seconds.
 *
 * Only issuers that a federated credential names are ever asked, so a stranger's token cannot make
 * the emulator connect anywhere.
 */
#ifndef PAWL_EMULATOR_FEDERATION_H
#define PAWL_EMULATOR_FEDERATION_H

#include "codec/jwt.h"
#include "emulator/directory.h"
#include "net/loop.h"

struct federation;

/* extra_ca: PEM, may be empty; copied. l may be NULL: nothing can be fetched then. */
struct federation *federation_new(struct loop *l, struct str extra_ca) MUST_USE;
/* Those who wait are told "closed". */
void federation_free(struct federation *f);

enum federation_result {
    FEDERATION_OK,
    FEDERATION_NO_KEY,        /* the issuer has no key of that id */
    FEDERATION_BAD_SIGNATURE, /* it has, and the signature is wrong */
    FEDERATION_NO_DOCUMENTS,  /* the issuer's keys could not be fetched */
};
/* t must live until done is called, exactly once, perhaps at once. why: for FEDERATION_NO_DOCUMENTS
 * what happened, valid during the call. */
void federation_verify(struct federation *f, const struct issuer *issuer, const struct jwt *t,
                       void (*done)(void *arg, enum federation_result result, struct str why),
                       void *arg);

#endif
