/* SPDX-License-Identifier: Apache-2.0
 *
 * x509_material: a certificate, its key and its chain, as they come into Key Vault (PEM, PKCS#12,
 * DER) and as they are given out (PKCS#12 or PEM in the secret behind the certificate). Pure.
 */
#ifndef PAWL_EMULATOR_X509_MATERIAL_H
#define PAWL_EMULATOR_X509_MATERIAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct asn1_string_st;
struct evp_pkey_st;
struct x509_st;
struct stack_st_X509;

struct x509_material {
    struct evp_pkey_st *key; /* NULL: a certificate alone */
    struct x509_st *leaf;
    struct stack_st_X509 *chain; /* never NULL once read; without the leaf */
    bool was_pem;
};
void x509_material_done(struct x509_material *m);

/* Seconds since 1970; 0 for a time that is none. */
int64_t x509_unix_time(const struct asn1_string_st *time);

/* value: what an import sends: PEM text, or base64 of PEM, PKCS#12 or DER. */
int x509_material_read(struct x509_material *out, struct str value, struct str password,
                       struct err **err) MUST_USE;

struct x509_wish {
    struct str subject; /* "CN=web, O=Example" */
    struct str dns_names[16];
    size_t n_dns_names;
    int months;
    bool ec;
    int bits;          /* RSA */
    const char *group; /* EC */
    int64_t now;
};
/* A self-signed one with a new key; slow. */
int x509_material_make(struct x509_material *out, const struct x509_wish *wish,
                       struct err **err) MUST_USE;

/* PKCS#12 without a password; PKCS#8 key, leaf and chain as PEM. */
int x509_material_write_pkcs12(const struct x509_material *m, struct buf *out,
                               struct err **err) MUST_USE;
void x509_material_write_pem(const struct x509_material *m, struct buf *out);
void x509_material_write_der(const struct x509_material *m, struct buf *out);

/* Of the certificate; borrowed. */
struct evp_pkey_st *x509_material_public_key(const struct x509_material *m);

struct x509_facts {
    struct str subject; /* "CN=web, O=Example" */
    struct str sha1;    /* raw */
    int64_t not_before; /* Unix seconds */
    int64_t not_after;
    struct str dns_names[16];
    size_t n_dns_names;
    uint32_t key_usage; /* bits as OpenSSL's X509_get_key_usage; UINT32_MAX: not stated */
    struct str ekus[8];
    size_t n_ekus;
    bool ec;
    int bits;
    struct str group; /* "P-256" */
};
struct x509_facts x509_material_facts(struct arena *a, const struct x509_material *m);

#endif
