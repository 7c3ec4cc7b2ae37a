/* SPDX-License-Identifier: Apache-2.0
 *
 * x509: certificates: their alternative names, their order in a chain, and small ones of our own
 * making (RSA or EC, for tests and for templates).
 */
#ifndef PAWL_CODEC_X509_H
#define PAWL_CODEC_X509_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

typedef struct evp_pkey_st EVP_PKEY;
typedef struct x509_st X509;

enum { X509_CHAIN_MAX = 1000 };

struct x509_list {
    X509 **v;
    size_t n;
};

/* "failed to parse certificate: ..." */
X509 *x509_parse(struct str der, struct err **err) MUST_USE;
void x509_freep(X509 **cert);
void x509_list_done(struct x509_list *list);
void x509_list_push(struct x509_list *list, X509 *cert); /* takes it */
/* All blocks of a PEM text, each of which must be a certificate. */
int x509_parse_pem(struct str pem, struct x509_list *out, struct err **err) MUST_USE;
int x509_write_pem(struct buf *out, X509 *cert, struct err **err) MUST_USE;

/* Puts the chain from the leaf to the root into out (borrowed from list), by the key identifiers
 * alone: signatures, names and dates are not looked at. Errors: "no leaf certificate found", "found
 * multiple leaf or disjunct certificates", "constructing chain resulted in cycle". */
int x509_chain(const struct x509_list *list, X509 **out, size_t *n, struct err **err) MUST_USE;
/* Has it no authority key identifier, or its own? */
bool x509_is_root(X509 *cert);
bool x509_has_authority(X509 *cert);

/* Calls add for each alternative name: DNS names, then addresses, e-mail addresses, URIs. */
int x509_sans(X509 *cert, void (*add)(void *arg, struct str name), void *arg, struct err **err);

/* ---- making ---- */

struct x509_request {
    struct str common_name;
    const struct str *addresses; /* IPv4 or IPv6, as text */
    size_t n_addresses;
    const struct str *dns_names;
    size_t n_dns_names;
    int64_t days;
    int64_t now; /* seconds since 1970 */
    bool ca;
    bool key_id; /* a subject key identifier also in a certificate that is no CA */
    EVP_PKEY *key;
    X509 *issuer;         /* NULL: self-signed */
    EVP_PKEY *issuer_key; /* NULL: self-signed */
};
/* Random 128-bit serial; key usage digitalSignature and keyEncipherment (with keyCertSign for a
 * CA), extended usage server and client. */
X509 *x509_make(const struct x509_request *request, struct err **err) MUST_USE;

#endif
