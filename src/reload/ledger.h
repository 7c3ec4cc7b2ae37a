/* SPDX-License-Identifier: Apache-2.0
 *
 * ledger: what a workload was last moved for, as it is kept on the workload in the annotation
 * pawl.dev/applied, written in the same PATCH that moves it. docs/internals/ledger.md is the essay.
 *
 * The annotation is a compact JSON object, sources sorted:
 *     {"configmap/app":"3f9a01bc:pT0…","secret/db":"3f9a01bc:Zk9…"}
 * A value is KEYID:HASH. HASH is 96 bits of HMAC-SHA-256, base64url, over the source's name and its
 * fingerprint, under a key that only Pawl knows: a plain hash of a weak password would let anybody
 * who can read the workload guess it. "KEYID:-" says that the source did not exist, "KEYID:HASH-"
 * that the workload was moved for its deletion (HASH is the content before). An entry under another
 * key id, and anything malformed, counts as absent.
 *
 * Pure.
 */
#ifndef PAWL_RELOAD_LEDGER_H
#define PAWL_RELOAD_LEDGER_H

#include "base/arena.h"
#include "reload/digest.h"

enum { LEDGER_KEY_SIZE = 32, LEDGER_HASH_SIZE = 12, LEDGER_ID_SIZE = 9 };

struct ledger_key {
    uint8_t bytes[LEDGER_KEY_SIZE];
    char id[LEDGER_ID_SIZE]; /* 8 hex digits that say nothing about the key */
};

/* Sets the id from the bytes. */
struct ledger_key ledger_key_from(const uint8_t bytes[LEDGER_KEY_SIZE]);

enum record_state {
    RECORD_NONE,    /* nothing is known */
    RECORD_HASH,    /* moved for, or started with, this content */
    RECORD_MISSING, /* started without it */
    RECORD_DELETED, /* moved because it went; hash is the content before */
};

/* What one workload was last moved for, for one source. */
struct record {
    enum record_state state;
    uint8_t hash[LEDGER_HASH_SIZE];
};

bool record_eq(const struct record *a, const struct record *b);
/* The record of a content. */
struct record ledger_record(const struct ledger_key *key, enum source_type type, struct str name,
                            const struct digest *content);

struct ledger_entry {
    enum source_type type;
    struct str name;
    struct record record;
};

enum { LEDGER_MAX_ENTRIES = 2000 };

struct ledger {
    struct ledger_entry *v;
    size_t n;
    uint32_t moves; /* CronJobs: how many Jobs were started; makes the names of Jobs unique */
};

/* Never fails: what cannot be read is left out. The text must live as long as the ledger, or be in
 * the same arena. */
void ledger_parse(struct arena *a, struct str text, const struct ledger_key *key,
                  struct ledger *out);
/* Only what it says about `moves`. */
uint32_t ledger_moves(struct str text);
/* RECORD_NONE if absent. */
struct record ledger_find(const struct ledger *l, enum source_type type, struct str name);
/* Sorts the entries (the reason l is not const) and writes the annotation's value. Entries with
 * RECORD_NONE are left out. */
void ledger_format(struct ledger *l, const struct ledger_key *key, struct buf *out);

#endif
