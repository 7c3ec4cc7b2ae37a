/* SPDX-License-Identifier: Apache-2.0
 *
 * yaml_tree: a YAML document as a tree that knows its line numbers, for messages that say where a
 * seed file is wrong. One document; aliases and merge keys are refused (a seed does not need them,
 * and without them a tree is as large as its text). Keys must be scalars and unique. Everything
 * lies in the arena. Pure.
 */
#ifndef PAWL_CODEC_YAML_TREE_H
#define PAWL_CODEC_YAML_TREE_H

#include "base/arena.h"
#include "base/err.h"
#include "codec/json.h"

enum yaml_type { YAML_SCALAR, YAML_LIST, YAML_MAP };
enum { YAML_TREE_MAX_DEPTH = 16, YAML_TREE_MAX_NODES = 200000, YAML_TREE_MAX_KEYS = 1000 };

struct yaml_node {
    enum yaml_type type;
    int line;        /* from 1 */
    struct str text; /* YAML_SCALAR */
    bool plain;      /* written without quotes: null, true, 12 mean what they say */
    struct str key;  /* if it is a member of a map */
    int key_line;
    size_t n;
    struct yaml_node *first, *last; /* items or members, in order */
    struct yaml_node *next;
};

/* NULL and ERR_PARSE with "line N: ..." on failure. An empty document gives an empty map. */
struct yaml_node *yaml_tree_parse(struct arena *a, struct str text, struct err **err) MUST_USE;
struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* A plain empty scalar, "null" or "~"; also NULL. */
bool yaml_is_null(const struct yaml_node *n);
/* As JSON: plain scalars become null, booleans and integers where they look like them. */
struct json *yaml_to_json(struct arena *a, const struct yaml_node *n);

#endif
