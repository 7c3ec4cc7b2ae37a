/* SPDX-License-Identifier: Apache-2.0
 *
 * vault_reader: reads objects of key vaults and tells when they change, with as few requests as
 * that can be done with. docs/internals/vault-reader.md is the essay.
 *
 * A pool has one reader per (vault, identity), shared by all who resolve to it, never across
 * identities. Whoever is interested in an object holds a vault_entry; an entry knows the last
 * version, times and keyed hashes of what was read, never a value, and goes with its last holder.
 *
 * How fresh. Each request says the oldest moment it may answer for, as_of (clock_mono time): now
 * for somebody who knows of a change and wants it; now minus a tenth of the interval for a routine
 * look, which lets neighbours share requests. A read joins a GET that was sent at or after as_of,
 * and a value that such a GET brought within the last two seconds is given again; a check is
 * answered by whatever GET or list page began at or after as_of.
 *
 * How to poll cheaply. Keep the stamp of what you last used. When a look is due, check with it;
 * read only what has changed (those values are then at hand). Count the next interval from `as_of`
 * of the findings, not from the time of the callback: then all who shared a list stay together and
 * share the next one too.
 *
 * Budget: all readers of one vault share a token bucket, at most 16 requests at once, and its
 * pauses after 429 and when the vault does not answer; no vault delays another.
 *
 * Callbacks come later, never inside the call, exactly once unless cancelled. They may call
 * anything here. Views in them are valid during the call; values are wiped afterwards. Loop thread
 * only.
 */
#ifndef PAWL_AZURE_VAULT_READER_H
#define PAWL_AZURE_VAULT_READER_H

#include "azure/cloud.h"
#include "azure/token.h"
#include "codec/json.h"

struct vault_pool;
struct vault_reader;
struct vault_entry;
struct vault_wait; /* a read, check or list that waits */
struct vault_client;

/* ---- the pool ---- */

/* What happened, for metrics; names of calls are External Secrets Operator's. Members may be NULL.
 */
struct vault_hooks {
    /* A request (each try) was answered: "GetSecret", "GetKey", "GetCertificate", "GetSecrets" ...
     * 404 is not ok. */
    void (*call)(void *arg, const char *name, bool ok, ns_t took);
    /* The vault at this host is not asked anything for that long. */
    void (*pause)(void *arg, struct str host, ns_t duration);
    /* A read or a check of one object was answered without a request of its own. */
    void (*saved)(void *arg, const char *how); /* "flight", "hand", "list", "facts" */
    void *arg;
};

struct vault_pool_config {
    struct loop *loop;
    struct azure_tokens *tokens;
    struct http_client_config http; /* TLS, proxy, user agent; limits are set here */
    double rate;                    /* requests a second and vault, in the long run; 0: 100 */
    double burst;                   /* that many at once after a quiet time; 0: 2000 */
    size_t max_in_flight;           /* per vault; 0: 15 */
    ns_t hold;                      /* how long a value stays at hand; 0: 2 s; negative: not */
    ns_t pinned;                    /* how often an object with a version is looked at; 0: 1 h */
    const char *api_version;        /* NULL: "7.4" */
    bool allow_http;                /* http:// vaults: the emulator, tests */
    struct vault_hooks hooks;
};

struct vault_pool *vault_pool_new(const struct vault_pool_config *config) MUST_USE;
/* Readers, entries and waits must have been given back. */
void vault_pool_free(struct vault_pool *p);

/* vault_url as the store has it. resource: empty to derive it (azure_vault_resource). The same
 * vault, identity and resource give the same reader, with one more reference. ERR_INVALID for a URL
 * that is none. A reader that nobody holds goes after two minutes. */
struct vault_reader *vault_pool_reader(struct vault_pool *p, struct str vault_url,
                                       struct azure_credential *credential,
                                       const struct azure_cloud *cloud, struct str resource,
                                       struct err **err) MUST_USE;
struct vault_reader *vault_reader_ref(struct vault_reader *r);
void vault_reader_unref(struct vault_reader *r); /* NULL is fine */
/* "kv1.vault.azure.net". Borrowed. */
struct str vault_reader_host(const struct vault_reader *r);
/* For writing; shares token, connections and budget. Borrowed. azure/vault_client.h */
struct vault_client *vault_reader_client(struct vault_reader *r);

/* ---- entries ---- */

enum vault_kind { VAULT_KIND_SECRET, VAULT_KIND_CERTIFICATE, VAULT_KIND_KEY };

/* An object of interest; names compare without case. version empty: the latest one. Holds a
 * reference to the reader. The name is not checked beyond what a URL needs; ERR_INVALID for "",
 * "." and "..". */
struct vault_entry *vault_entry_get(struct vault_reader *r, enum vault_kind kind, struct str name,
                                    struct str version, struct err **err) MUST_USE;
struct vault_entry *vault_entry_ref(struct vault_entry *e);
void vault_entry_unref(struct vault_entry *e); /* NULL is fine */

/* What was known of an object at a moment. All zero: nothing yet. Compare with vault_stamp_diff.
 * Means nothing in another process. */
struct vault_stamp {
    bool known;
    bool absent; /* 404; the rest is zero then */
    bool enabled;
    int64_t created; /* the service's times, seconds since 1970 */
    int64_t updated;
    uint64_t version; /* keyed hashes */
    uint64_t meta;    /* content type, tags, nbf, exp */
    uint64_t value[2];
};
enum vault_diff {
    VAULT_DIFF_VALUE = 1,   /* another value, or there was none, or there is none any more */
    VAULT_DIFF_VERSION = 2, /* a new version, perhaps with the same value */
    VAULT_DIFF_META = 4,    /* content type, tags, expiry, enabled */
    VAULT_DIFF_TIMES = 8,   /* created, updated */
};
/* Bits of enum vault_diff. Against an unknown stamp all are set. */
unsigned vault_stamp_diff(const struct vault_stamp *a, const struct vault_stamp *b);

/* ---- reading ---- */

#define VAULT_NO_TIME INT64_MIN

struct vault_value {
    struct str name;    /* as the vault spells it */
    struct str version; /* 32 hex digits, usually */
    struct str value;   /* secret: its text; certificate: DER; key: the JWK as JSON */
    struct str content_type;
    bool enabled;
    int64_t created; /* seconds since 1970, VAULT_NO_TIME if absent */
    int64_t updated;
    int64_t expires;
    int64_t not_before;
    const struct json *tags; /* object of strings; NULL if there are none */
    struct vault_stamp stamp;
    ns_t as_of; /* when the GET was sent, clock_mono */
};

/* Errors: ERR_NOT_FOUND "Secret does not exist"; ERR_DENIED and ERR_UNAUTHORIZED with what is
 * missing and what to do; ERR_THROTTLED, ERR_UNAVAILABLE, ERR_IO ... after a few retries, with
 * retry_after where the vault gave one. */
struct vault_wait *vault_read_entry(struct vault_entry *e, ns_t as_of,
                                    void (*done)(void *arg, const struct vault_value *value,
                                                 const struct err *err),
                                    void *arg);

/* ---- checking ---- */

struct vault_asked {
    struct vault_entry *entry;
    struct vault_stamp stamp; /* of what the caller has */
};
enum vault_found { VAULT_SAME, VAULT_CHANGED, VAULT_GONE, VAULT_FAILED };
struct vault_finding {
    enum vault_found found;
    unsigned diff;            /* VAULT_CHANGED, VAULT_GONE: bits of enum vault_diff */
    struct vault_stamp stamp; /* what is known now; only for information: keep that of a read */
    const struct err *err;    /* VAULT_FAILED */
};

/* Whether objects of one reader differ from the callers' stamps; findings come in the order of
 * asked. An entry with an unknown stamp is VAULT_CHANGED without a request. VAULT_GONE: a 404, not
 * only missing in a list. VAULT_SAME is certain up to `as_of`, except for a second change within
 * the same second as the first, which the next check finds. Objects with a version are looked at
 * once an hour, whatever as_of. n may be 0. */
struct vault_wait *vault_check_entries(
    struct vault_reader *r, const struct vault_asked *asked, size_t n, ns_t as_of,
    void (*done)(void *arg, const struct vault_finding *findings, size_t n, ns_t as_of), void *arg);

/* ---- finding ---- */

struct vault_item {
    struct str name;
    bool enabled;
    bool managed; /* belongs to a certificate */
    struct str content_type;
    int64_t created;
    int64_t updated;
    const struct json *tags; /* as in vault_value */
};

/* All objects of a kind, in the vault's order, disabled ones included. ERR_DENIED without the
 * permission to list. as_of: a list that began at or after it is shared. A check with the as_of
 * that done gets is answered from the same list. */
struct vault_wait *vault_list_items(struct vault_reader *r, enum vault_kind kind, ns_t as_of,
                                    void (*done)(void *arg, const struct vault_item *items,
                                                 size_t n, ns_t as_of, const struct err *err),
                                    void *arg);

/* No callback comes any more. NULL is fine. */
void vault_wait_cancel(struct vault_wait *w);

struct vault_reader_stats {
    uint64_t get_requests; /* requests sent, tries counted */
    uint64_t list_pages;
    uint64_t lists;
    size_t entries;
    size_t in_flight; /* of the vault, all readers */
    size_t queued;
    ns_t paused; /* how much longer the vault is not asked; 0 usually */
};
struct vault_reader_stats vault_reader_stats(const struct vault_reader *r);

#endif
