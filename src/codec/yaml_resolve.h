/* SPDX-License-Identifier: Apache-2.0
 *
 * yaml_resolve: what a plain scalar means, for the YAML reader and writer only.
 */
#ifndef PAWL_CODEC_YAML_RESOLVE_H
#define PAWL_CODEC_YAML_RESOLVE_H

#include "base/err.h"

enum yaml_kind {
    YAML_KIND_STR,
    YAML_KIND_NULL,
    YAML_KIND_BOOL,
    YAML_KIND_INT,
    YAML_KIND_FLOAT,
    YAML_KIND_TIMESTAMP,
    YAML_KIND_BINARY, /* only by its tag */
};

struct yaml_scalar {
    enum yaml_kind kind;
    bool boolean;
    bool negative;      /* an integer below zero ... */
    uint64_t magnitude; /* ... and its amount */
    double number;      /* a float */
};

/* What the text means unquoted and without a tag. */
struct yaml_scalar yaml_resolve(struct str text);
/* The same under an explicit tag ("tag:yaml.org,2002:int"). Fails where the text is not of that
 * type; a foreign tag makes a string. The text of an error does not show the scalar. */
int yaml_resolve_tag(struct str tag, struct str text, struct yaml_scalar *out, struct err **err);
/* A number in base 60 ("1:20"): a string to us, but a number to other readers of YAML 1.1. */
bool yaml_is_base60(struct str text);

#endif
