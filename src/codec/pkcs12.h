/* SPDX-License-Identifier: Apache-2.0
 *
 * pkcs12: archives of a private key and certificates (RFC 7292), as Azure Key Vault gives for
 * certificates. Bags are walked in their order: which key belongs to which certificate is not
 * looked at. Reads also what old tools wrote (RC2, 3DES, no MAC). Writes AES-256, PBKDF2 and
 * HMAC-SHA-256, 2,048 rounds.
 *
 * Slow by design (key derivation): about a millisecond each; an archive with more than a million
 * rounds is refused (ERR_LIMIT).
 */
#ifndef PAWL_CODEC_PKCS12_H
#define PAWL_CODEC_PKCS12_H

#include "codec/x509.h"

struct pkcs12 {
    EVP_PKEY *key;
    struct x509_list certs; /* in the order of the archive */
    int64_t rounds;         /* of key derivation that reading took: about 300 ns each */
};

void pkcs12_done(struct pkcs12 *p);
/* Exactly one key and at least one certificate. Of the two encodings of an empty password both are
 * tried; an archive without a MAC has no password. Error texts: "pkcs12: decryption password
 * incorrect" (ERR_DENIED), "pkcs12: expected exactly one key bag", "pkcs12: private key missing",
 * "pkcs12: certificate missing", "pkcs12: error reading P12 data: ..." */
int pkcs12_read(struct str der, struct str password, struct pkcs12 *out, struct err **err) MUST_USE;
/* The key and the first certificate get the same local key id; they need not match. */
int pkcs12_write(struct buf *out, const struct pkcs12 *p, struct str password,
                 struct err **err) MUST_USE;
/* Certificates only, marked as trusted for Java. */
int pkcs12_write_trust_store(struct buf *out, const struct x509_list *certs, struct str password,
                             struct err **err) MUST_USE;

#endif
