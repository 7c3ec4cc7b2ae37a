/* SPDX-License-Identifier: Apache-2.0
 *
 * seed_fields: reads a map of a seed into a struct, by a table of its keys. Unknown keys, missing
 * required ones and values of the wrong form are errors that name the line.
 */
#ifndef PAWL_EMULATOR_SEED_FIELDS_H
#define PAWL_EMULATOR_SEED_FIELDS_H

#include "codec/yaml_tree.h"

enum seed_type {
    SEED_STR,    /* struct str, never with a NUL byte */
    SEED_GUID,   /* struct str, lower case */
    SEED_BOOL,   /* bool */
    SEED_INT,    /* int64_t */
    SEED_TIME,   /* int64_t, Unix seconds; RFC 3339, or from now: +24h, -1h */
    SEED_LIST,   /* const struct yaml_node *: items */
    SEED_MAP,    /* const struct yaml_node *: members */
    SEED_STRINGS /* const struct yaml_node *: items that are all strings */
};
struct seed_field {
    const char *key;
    enum seed_type type;
    bool required;
    size_t offset;
};

struct seed_reader {
    struct arena *a;
    const char *name; /* of the file */
    int64_t now;
    struct err **err;
};

/* Fills the members of *out that the map has; others stay. what: the path in messages ("apps"). */
int seed_read(struct seed_reader *r, const char *what, const struct yaml_node *map,
              const struct seed_field *fields, size_t count, void *out) MUST_USE;
/* ERR_INVALID with file, line and path in front; returns -1. */
int seed_fail(struct seed_reader *r, int line, const char *what, const char *fmt, ...) PRINTF(4, 5);
/* The content of a file that the seed names, relative to the seed's folder. */
int seed_read_file(struct seed_reader *r, int line, const char *what, struct str path,
                   struct str *out) MUST_USE;

#endif
