/* SPDX-License-Identifier: Apache-2.0
 *
 * jwt: signed tokens (RFC 7519) in the compact form of JWS (RFC 7515), and sets of public keys
 * (RFC 7517). Pawl signs client assertions with it; the emulator verifies those and the tokens of a
 * cluster's service accounts, and signs access tokens.
 *
 * Reading and verifying are two steps: jwt_parse says what a token claims, and nothing of that may
 * be believed before jwt_verify* has said that the signature fits. Times and audience are checked
 * separately, because who checks them wants to say exactly what is wrong.
 *
 * Signatures: RSA with PKCS#1 v1.5 and PSS, and ECDSA on the curve that the algorithm names, with
 * SHA-256, -384, -512. "none" and the HMAC algorithms are not known, so a public key can never be
 * taken for a shared secret; a token with a "crit" header is refused.
 *
 * Bounds: a token JWT_MAX bytes, a set JWKS_MAX keys of at most 8192 (RSA) bits. Pure, any thread.
 */
#ifndef PAWL_CODEC_JWT_H
#define PAWL_CODEC_JWT_H

#include "codec/hash.h"
#include "codec/json.h"

struct evp_pkey_st; /* OpenSSL's EVP_PKEY and X509 */
struct x509_st;

enum { JWT_MAX = 64 << 10, JWKS_MAX = 100 };

enum jwt_alg {
    JWT_ALG_UNKNOWN, /* never verified, never signed */
    JWT_RS256,
    JWT_RS384,
    JWT_RS512,
    JWT_PS256,
    JWT_PS384,
    JWT_PS512,
    JWT_ES256,
    JWT_ES384,
    JWT_ES512,
};

/* "RS256" ...; JWT_ALG_UNKNOWN for anything else. */
enum jwt_alg jwt_alg_find(struct str name);
const char *jwt_alg_name(enum jwt_alg alg);

/* ---- reading ---- */

/* A parsed token; everything lies in the arena given to jwt_parse. */
struct jwt {
    enum jwt_alg alg;
    struct str kid;      /* empty if absent */
    struct json *header; /* objects, never NULL */
    struct json *claims;
    struct str signed_text; /* header.claims as they came */
    struct str signature;   /* decoded */
};

/* Three parts of base64url without padding, two of them JSON objects. ERR_PARSE or ERR_LIMIT; the
 * text holds nothing of the token. The input may go afterwards. */
int jwt_parse(struct arena *a, struct str compact, struct jwt *out, struct err **err) MUST_USE;

/* A NumericDate or other number: integers and fractions (MSAL for Python sends
 * 1795463595.7828593). False if absent or no number. */
bool jwt_number(const struct json *claims, const char *name, double *out);
/* `aud` as a string or as an array of strings; exact comparison. */
bool jwt_has_audience(const struct json *claims, struct str audience);
/* exp must be there and lie after now; nbf, if there, not after now; both with some leeway. Seconds
 * since 1970. ERR_UNAUTHORIZED that says which and by how much. */
int jwt_check_times(const struct json *claims, double now, double leeway,
                    struct err **err) MUST_USE;

/* ---- keys ---- */

struct jwks;

/* {"keys":[...]}. Keys of other types, curves and uses ("use":"enc") are left out; a key of a known
 * type with wrong contents is ERR_INVALID. An empty set is fine. */
struct jwks *jwks_parse(struct str json, struct err **err) MUST_USE;
void jwks_free(struct jwks *set);
void jwks_freep(struct jwks **set);
size_t jwks_count(const struct jwks *set);
/* Adds a reference to the key. kid may be empty. */
void jwks_add(struct jwks *set, struct str kid, struct evp_pkey_st *key);
struct jwks *jwks_new(void) MUST_USE;

/* One public key as a member of "keys", with use "sig", alg and kid; with a certificate (may be
 * NULL) also x5c and x5t. RSA and EC on P-256, P-384, P-521. */
int jwk_write(struct json_writer *w, const struct evp_pkey_st *key, enum jwt_alg alg,
              struct str kid, const struct x509_st *cert, struct err **err) MUST_USE;

/* ---- verifying ---- */

/* ERR_UNAUTHORIZED if the signature does not fit the key, or the key not the algorithm. */
int jwt_verify_key(const struct jwt *t, struct evp_pkey_st *key, struct err **err) MUST_USE;
int jwt_verify_cert(const struct jwt *t, const struct x509_st *cert, struct err **err) MUST_USE;
/* With the keys that have the token's kid; a token without kid with all of them, in order. No key
 * with that kid is ERR_NOT_FOUND: the set may be out of date. */
int jwt_verify(const struct jwt *t, const struct jwks *set, struct err **err) MUST_USE;

/* ---- signing ---- */

struct jwt_header {
    enum jwt_alg alg;
    struct str kid; /* these are left out where empty */
    struct str x5t;
    struct str x5t_s256;
};
/* Appends header.claims.signature; typ is "JWT". claims is JSON text, not looked at. */
int jwt_sign(struct evp_pkey_st *key, const struct jwt_header *header, struct str claims,
             struct buf *out, struct err **err) MUST_USE;

/* ---- thumbprints ---- */

/* x5t (HASH_SHA1) or x5t#S256 (HASH_SHA256): base64url without padding of the hash of the DER. */
void jwt_thumbprint(const struct x509_st *cert, enum hash_kind kind, struct buf *out);
/* True if text is that hash in either alphabet of Base64, with or without padding: the client
 * libraries do not agree. */
bool jwt_thumbprint_is(struct str text, const struct x509_st *cert, enum hash_kind kind);

#endif
