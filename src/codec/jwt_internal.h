/* SPDX-License-Identifier: Apache-2.0
 *
 * jwt_internal: what jwt.c, jwt_sign.c and jwks.c share.
 */
#ifndef PAWL_CODEC_JWT_INTERNAL_H
#define PAWL_CODEC_JWT_INTERNAL_H

#include "codec/jwt.h"

/* One row per enum jwt_alg. */
struct jwt_alg_info {
    const char *name;
    const char *key_type; /* OpenSSL's name: "RSA", "EC" */
    const char *digest;
    bool pss;
    size_t half; /* EC: bytes of r and of s */
};
const struct jwt_alg_info *jwt_alg_info(enum jwt_alg alg);

/* One row per curve that a key may lie on. */
struct jwk_curve {
    const char *crv;   /* RFC 7518 */
    const char *group; /* OpenSSL */
    size_t size;       /* bytes of a coordinate */
};
/* NULL for a key that is no EC key or lies on another curve. */
const struct jwk_curve *jwk_curve_of(const struct evp_pkey_st *key);

#endif
