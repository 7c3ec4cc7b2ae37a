/* SPDX-License-Identifier: Apache-2.0
 *
 * vault_internal: the parts of the vault reader.
 *
 *     vault_pool.c    readers and gates, their coming and going
 *     vault_entry.c   entries: what is known of an object
 *     vault_flight.c  GETs in flight, who waits for them, values at hand
 *     vault_check.c   checks, and whether to list or to get
 *     vault_listing.c lists
 *
 * Who owns whom: the pool its readers; a reader its entries and listings; an entry its flights. An
 * entry is referenced by its users and by each wait on it, a reader by its entries, its users and
 * waits for lists. Facts flow one way: a flight or a listing teaches an entry (entry_learn,
 * facts_at), and then the entry's open asks are settled.
 */
#ifndef PAWL_AZURE_VAULT_INTERNAL_H
#define PAWL_AZURE_VAULT_INTERNAL_H

#include <sys/queue.h>

#include "azure/vault_answer.h"
#include "azure/vault_client.h"
#include "base/map.h"
#include "base/vec.h"

#define GATHER (20 * NS_MS) /* checks that come within this time are planned together */
#define LINGER (2 * NS_MIN) /* a reader that nobody holds */
#define NEVER  INT64_MIN

enum { KINDS = 3 };

/* One object that a check asks for. */
struct ask {
    TAILQ_ENTRY(ask) link; /* in its entry, while open */
    struct vault_wait *check;
    size_t index;
    struct vault_entry *entry; /* a reference while open */
    struct vault_stamp stamp;
    bool open;
};

/* A GET of one entry: waiting, under way, or done and at hand. */
struct flight {
    TAILQ_ENTRY(flight) link; /* in its entry */
    TAILQ_ENTRY(flight) hand; /* in the reader's list of values at hand: done without error */
    struct vault_entry *entry;
    struct vault_call *call; /* NULL: done, with a value or an error */
    struct err *err;
    TAILQ_HEAD(, vault_wait) waits;
    struct arena arena; /* of the value */
    struct vault_value value;
    ns_t until; /* at hand */
};

enum wait_kind { WAIT_READ, WAIT_CHECK, WAIT_LIST };

struct vault_wait {
    TAILQ_ENTRY(vault_wait) link; /* in its flight or listing, or in the queue for one */
    enum wait_kind kind;
    struct vault_reader *reader; /* WAIT_CHECK, WAIT_LIST: a reference */
    void *arg;
    ns_t as_of;
    union {
        struct {
            struct flight *flight; /* whose entry is referenced */
            void (*done)(void *arg, const struct vault_value *value, const struct err *err);
        } read;
        struct {
            struct ask *asks;
            struct vault_finding *findings;
            size_t n;
            size_t open;
            ns_t oldest; /* of the facts that answered */
            void (*done)(void *arg, const struct vault_finding *findings, size_t n, ns_t as_of);
        } check;
        struct {
            enum vault_kind kind;
            struct listing *listing; /* NULL: in the queue */
            void (*done)(void *arg, const struct vault_item *items, size_t n, ns_t as_of,
                         const struct err *err);
        } list;
    };
};
TAILQ_HEAD(wait_queue, vault_wait);

/* What an entry with open asks waits for. */
enum entry_state { ENTRY_IDLE, ENTRY_PLAN, ENTRY_LISTING, ENTRY_GETTING };

struct vault_entry {
    struct vault_reader *reader;
    size_t refs;
    enum vault_kind kind;
    char *name;
    char *version; /* "" for the latest */
    char *key;     /* in the reader's map */
    /* Facts, and the clock_mono time up to which they are known to hold. */
    struct vault_stamp stamp;
    ns_t facts_at;
    bool young; /* read within the second of its change: a list cannot tell a further change */
    /* What lists say. */
    uint64_t born; /* the number of lists begun before it came */
    uint64_t seen; /* in which list last */
    int64_t listed_created;
    int64_t listed_updated;
    bool listed_enabled;
    /* Work. */
    TAILQ_HEAD(, flight) flights; /* newest first */
    TAILQ_HEAD(, ask) asks;
    TAILQ_ENTRY(vault_entry) plan;
    enum entry_state state;
    ns_t wanted;     /* the latest as_of of its asks */
    uint64_t window; /* in which it was counted */
};

/* A list of one kind, page after page. */
struct listing {
    struct vault_reader *reader;
    enum vault_kind kind;
    uint64_t id; /* counts from 1 */
    struct vault_call *call;
    ns_t started; /* when its first page went out; NEVER before */
    size_t pages;
    size_t cap;    /* more pages cost more than GETs */
    bool complete; /* the last page was there */
    bool collect;  /* items are wanted */
    struct arena arena;
    VEC(struct vault_item) items;
    struct wait_queue waits;
    struct timer expiry; /* set when done */
};

struct kind_state {
    struct listing *running;
    struct listing *kept;    /* done and at hand */
    struct wait_queue queue; /* for a list that begins later */
    size_t pages;            /* that a list takes, as far as known; 0: not known */
    ns_t pages_at;
    ns_t denied_until; /* no permission to list */
    /* How many objects are looked at together: see vault_check.c. */
    uint64_t window;
    ns_t window_end;
    size_t window_n;
    size_t last_n;
};

struct vault_reader {
    struct vault_pool *pool;
    size_t refs;
    char *key;
    char *url;
    struct vault_gate *gate;
    struct vault_client *client;
    struct timer linger;
    struct map entries;
    TAILQ_HEAD(, vault_entry) plan; /* ENTRY_PLAN */
    struct timer gather;
    TAILQ_HEAD(, flight) hand; /* oldest first */
    size_t hand_bytes;
    struct timer hand_timer;
    uint64_t lists; /* begun */
    struct kind_state kinds[KINDS];
    uint64_t get_requests;
    uint64_t list_pages;
};

struct vault_pool {
    struct vault_pool_config config;
    struct arena arena; /* of the config's views */
    struct map readers;
    struct map gates;
};

/* ---- vault_entry.c ---- */

/* The entry of an object without version, NULL if nobody is interested in it. */
struct vault_entry *entry_find(struct vault_reader *r, enum vault_kind kind, struct str name);
/* A GET has brought facts (stamp.known): as of `sent`; date: the vault's clock, 0 unknown. */
void entry_learn(struct vault_entry *e, const struct vault_stamp *stamp, ns_t sent, ns_t date);
/* A list has been read: its facts, as far as they are some. */
void entry_learn_from_list(struct vault_entry *e, const struct listing *l);

/* ---- vault_flight.c ---- */

/* Makes sure that a GET which is not older than as_of is under way. */
void flight_want(struct vault_entry *e, ns_t as_of);
/* Gives up what nobody waits for any more. */
void flights_tidy(struct vault_entry *e);
void flights_free(struct vault_entry *e);
void hand_drop_all(struct vault_reader *r);
void hand_on_timer(void *arg);
void read_cancel(struct vault_wait *w);

/* ---- vault_check.c ---- */

/* Answers the open asks that the facts (or, with ENTRY_GETTING, the error) answer. */
void entry_settle(struct vault_entry *e, const struct err *err);
void entry_get(struct vault_entry *e);
void entry_set_state(struct vault_entry *e, enum entry_state state);
void check_plan(void *arg);
void check_cancel(struct vault_wait *w);

/* ---- vault_listing.c ---- */

/* None of this kind may be running. */
void listing_begin(struct vault_reader *r, enum vault_kind kind, size_t cap);
/* Whether the list (may be NULL) will tell what the entry's asks want to know. */
bool listing_can_answer(const struct listing *l, const struct vault_entry *e);
void listing_free(struct listing *l);
void list_cancel(struct vault_wait *w);

/* For a hook: something was answered without a request. */
void reader_saved(struct vault_reader *r, const char *how);

#endif
