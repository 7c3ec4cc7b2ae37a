/* SPDX-License-Identifier: Apache-2.0
 *
 * plan: what an ExternalSecret wants from vaults, as a list of single reads, and how their results
 * become the keys and values of the Secret. The reads themselves are somebody else's: plan_make
 * says what to read, the owner fills in the results in any order, plan_values puts them together in
 * the order of the spec, so that the outcome does not depend on which answer came first.
 *
 * A find entry is a listing first; its matches are added as reads with plan_add_match.
 *
 * Equal reads of one ExternalSecret are one item. Memory: the arena of the pass (it wipes), and the
 * errors of items, which plan_done frees. Pure.
 */
#ifndef PAWL_SYNC_PLAN_H
#define PAWL_SYNC_PLAN_H

#include "base/vec.h"
#include "sync/spec.h"
#include "sync/vault_value.h"

enum plan_state {
    PLAN_PENDING,
    PLAN_FOUND,
    PLAN_MISSING, /* the vault has no such object (404) */
    PLAN_FAILED,  /* err says why */
};

/* One object of a vault. */
struct plan_item {
    size_t store;
    enum vault_object object;
    struct str name;
    struct str version; /* empty: the latest */
    enum plan_state state;
    struct str value; /* PLAN_FOUND: in the arena */
    struct kvs tags;  /* tags, and attributes as "attribute.expires" ... */
    struct err *err;
};

/* The listing of one find entry. */
struct plan_find {
    size_t entry; /* index in spec.dataFrom */
    size_t store;
    enum plan_state state;
    struct err *err;
    VEC(size_t) matches; /* items */
};

enum { PLAN_NONE = -1 };

struct plan {
    struct arena *arena;
    const struct es_spec *spec;
    VEC(struct store_ref) stores; /* items name them by index */
    VEC(struct plan_item) items;
    VEC(struct plan_find) finds;
    ptrdiff_t *data_item; /* by index in spec.data; PLAN_NONE: none */
    ptrdiff_t *from_item; /* by index in spec.dataFrom: the item of an extract */
    ptrdiff_t *from_find; /* by index in spec.dataFrom: the listing of a find */
};

/* spec must outlive the plan. What cannot be read at all (an unknown type of object) is an item
 * that has failed already. */
void plan_make(struct plan *p, struct arena *a, const struct es_spec *spec);
void plan_done(struct plan *p);
/* The match of a listing: another item, by index. */
size_t plan_add_match(struct plan *p, size_t find, struct str name);
/* Takes the error over. All items and listings of the store fail with it. */
void plan_fail_store(struct plan *p, size_t store, struct err *err);
bool plan_is_complete(const struct plan *p);

/* An entry that was left out because the vault has no such secret. */
struct plan_missing {
    bool is_data; /* spec.data, else spec.dataFrom */
    size_t index;
    struct str key;
};
struct plan_result {
    struct kvs values;
    VEC(struct plan_missing) missing;
};
void plan_result_done(struct plan_result *r);

/* Rewriting needs more than this module knows (templates); see rewrite.h. */
typedef int plan_rewrite_fn(struct kvs *values, const struct rewrite *rewrites, size_t n,
                            struct err **err);

/* All items must have a state other than PLAN_PENDING. The first failing entry in the order of
 * dataFrom, data is the error, with the text of External Secrets Operator around the cause. What is
 * missing is an error under deletionPolicy Retain, and left out otherwise. */
int plan_values(struct plan *p, plan_rewrite_fn *rewrite, struct plan_result *out,
                struct err **err) MUST_USE;

#endif
