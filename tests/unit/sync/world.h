/* SPDX-License-Identifier: Apache-2.0
 *
 * world: a small API server and a small Key Vault with its token endpoint, on loopback, on the
 * test's own loop. Tests put objects and values into it, let the sync role run, and look at what is
 * in it afterwards.
 *
 * The API server keeps objects with uid, resourceVersion, generation and (for Secrets)
 * managedFields, knows status subresources, optimistic locking, finalizers and watches. It has no
 * schemas. Requests are recorded; a fault answers instead of the server.
 */
#ifndef PAWL_TESTS_SYNC_WORLD_H
#define PAWL_TESTS_SYNC_WORLD_H

#include "base/map.h"
#include "base/vec.h"
#include "kube/client.h"
#include "net/http_server.h"
#include "sync/kv.h"

struct world_fault {
    const char *method; /* NULL: any */
    const char *part;   /* of path and query */
    int status;
    const char *body;
    int times; /* how often; negative: always */
};

struct world {
    struct loop *loop;
    struct http_server *api;
    struct http_server *vault;
    struct kube_config *config;
    struct kube_client *client;
    struct events *events;
    struct arena arena;
    char *vault_url; /* of vault, token endpoint */
    uint64_t version;
    uint64_t uids;
    struct map objects; /* "plural/ns/name" -> char *, JSON */
    VEC(struct watcher *) watchers;
    VEC(char *) log;       /* "POST /api/v1/namespaces/a/secrets" */
    VEC(char *) vault_log; /* "GET /secrets/x" */
    VEC(struct world_fault) faults;
    struct map values; /* name in the vault -> struct world_value * */
    ns_t vault_delay;
    uint16_t vault_port;
    ns_t bookmarks;     /* when watches last got one */
    bool (*busy)(void); /* optional: something is under way that no request shows */
};

void world_init(struct world *w);
void world_done(struct world *w);

/* ---- the cluster; documents are written with ' for " ---- */
/* Creates or replaces, as a user would with kubectl apply (the status stays). */
void world_apply(struct world *w, const char *plural, const char *document);
/* A merge patch by a user. */
void world_patch(struct world *w, const char *plural, const char *ns, const char *name,
                 const char *patch);
void world_delete(struct world *w, const char *plural, const char *ns, const char *name);
/* NULL if absent. In the world's arena. */
struct json *world_get(struct world *w, const char *plural, const char *ns, const char *name);
/* Decoded value of a key of a Secret; p NULL if there is none. */
struct str world_secret(struct world *w, const char *ns, const char *name, const char *key);
/* "True SecretSynced: secret synced" of condition Ready; empty without it. */
struct str world_ready(struct world *w, const char *plural, const char *ns, const char *name);
/* Whether an Event with this reason has this in its message. */
bool world_event(struct world *w, const char *reason, const char *part);
void world_fault(struct world *w, struct world_fault fault);
#define WORLD_FAULT(w, ...) world_fault(w, (struct world_fault){__VA_ARGS__})
/* Requests since the last world_forget whose line has both. */
size_t world_count(const struct world *w, const char *method, const char *part);
size_t world_vault_count(const struct world *w, const char *part);
void world_forget(struct world *w);

/* ---- the vault ---- */
/* A new version with this value. NULL: gone (404). */
void world_put(struct world *w, const char *name, const char *value);
void world_put_bytes(struct world *w, const char *name, struct str value);
void world_tag(struct world *w, const char *name, const char *tag, const char *value);
void world_disable(struct world *w, const char *name);
/* Connections are refused; and taken again. */
void world_vault_stop(struct world *w);
void world_vault_start(struct world *w);

/* ---- time ---- */
/* Turns the loop until cond(arg); fails the test after five real seconds. Time stands still. */
void world_until(struct world *w, bool (*cond)(void *arg), void *arg);
/* Turns the loop until nothing happens any more. */
void world_settle(struct world *w);
/* Moves the clock in small steps and lets what begins in each come to an end, as it would in real
 * time. */
void world_advance(struct world *w, ns_t by);

#endif
