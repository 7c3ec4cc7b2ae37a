/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_api: a small Kubernetes API server on loopback, on the test's own loop: it keeps objects and
 * serves get, list, watch, create, update, patch and delete as the real one does as far as the
 * reload role can tell. Faults are rules. Tests look at the objects and at how often something was
 * asked.
 */
#ifndef PAWL_TESTS_RELOAD_FAKE_API_H
#define PAWL_TESTS_RELOAD_FAKE_API_H

#include "base/map.h"
#include "base/vec.h"
#include "codec/json.h"
#include "kube/resource.h"
#include "net/http_server.h"

struct fake_fault {
    const char *method; /* "PATCH"; NULL: any */
    const char *part;   /* of the path; NULL: any */
    int status;         /* answered instead; 0: the connection is reset; -1: never answered */
    int times;          /* how often; < 0: always */
    bool after;         /* the request is carried out, and its answer lost */
    const char *retry_after;
};

struct fake_object;
struct fake_stream;

struct fake_api {
    struct loop *loop;
    struct http_server *server;
    char *url;
    struct map objects;                /* path -> struct fake_object */
    VEC(struct fake_object *) history; /* every version of each; text NULL: its deletion */
    VEC(struct fake_stream *) streams;
    VEC(struct http_exchange *) held; /* never answered */
    VEC(struct fake_fault) faults;
    VEC(char *) log; /* "PATCH /apis/apps/v1/namespaces/a/deployments/web" */
    uint64_t version;
    uint64_t uids;
    /* Crash tests: the n-th request of the log is the last that arrives (and with dead_effect is
     * still carried out); it and all later ones are never answered. 0: off. */
    size_t dead_after;
    bool dead_effect;
    int lose;          /* private: what happens to the answer of the request being handled */
    bool deny_watch;   /* of workloads */
    bool deny_secrets; /* creating them */
    bool finalizers;   /* deleted Jobs stay until fake_finalize */
};

void fake_init(struct fake_api *f, struct loop *l);
void fake_done(struct fake_api *f);

/* Creates or replaces; single quotes stand for double ones. Watches hear of it. */
void fake_put(struct fake_api *f, enum resource_id resource, const char *text);
void fake_remove(struct fake_api *f, enum resource_id resource, const char *ns, const char *name);
/* Jobs that were deleted go. */
void fake_finalize(struct fake_api *f);
/* Parsed in a; NULL if it is not there. */
struct json *fake_get(const struct fake_api *f, struct arena *a, enum resource_id resource,
                      const char *ns, const char *name);
size_t fake_count_objects(const struct fake_api *f, enum resource_id resource, const char *ns);
/* The name of the only object, for generated names. */
struct str fake_only_name(const struct fake_api *f, struct arena *a, enum resource_id resource,
                          const char *ns);
/* Requests so far with this method (NULL: any) and part of the path. */
size_t fake_count(const struct fake_api *f, const char *method, const char *part);
void fake_forget_log(struct fake_api *f);
void fake_fault(struct fake_api *f, struct fake_fault fault);
/* Ends all watches, as a server does that restarts. */
void fake_cut_watches(struct fake_api *f);
/* The server goes away and comes back with its objects. */
void fake_stop(struct fake_api *f);
void fake_start(struct fake_api *f);

#endif
