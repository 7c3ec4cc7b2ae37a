/* SPDX-License-Identifier: Apache-2.0
 *
 * call: one request to the emulator and its answer, free of any network, so that tests and fuzz
 * targets drive the same code as real clients do.
 *
 * Life: a transport (listen.c for sockets; a test) makes a call with call_new, fills in what came
 * (call_set_target), and gives it to emulator_dispatch. A handler writes the answer into the call
 * and ends with call_finish, at once or later (a federated login waits for keys of another server).
 * call_finish gives the answer back to the transport and frees the call: nobody touches it then.
 *
 * All memory of a call lies in its arena, which is cleared at the end: requests and answers hold
 * values. The views of the request belong to the transport and live until call_finish.
 */
#ifndef PAWL_EMULATOR_CALL_H
#define PAWL_EMULATOR_CALL_H

#include "base/arena.h"
#include "base/buf.h"
#include "codec/json.h"
#include "codec/url.h"
#include "net/loop.h"

struct emulator;
struct call;
struct fault;

/* Which listener took it, and which of the services of Azure it means. */
enum listener { LISTENER_MAIN, LISTENER_MSI, LISTENER_ADMIN };
enum site { SITE_UNKNOWN, SITE_LOGIN, SITE_ARM, SITE_GRAPH, SITE_VAULT, SITE_MSI, SITE_ADMIN };
const char *site_name(enum site site);

enum {
    CALL_MAX_SEGMENTS = 12,
    CALL_MAX_ARGS = 4,
    CALL_MAX_HEADERS = 16,
    CALL_MAX_BODY = 1 << 20,
    CALL_MAX_ANSWER = 4 << 20,
};

struct call_header {
    const char *name;
    struct str value;
};

struct call_transport {
    /* A header of the request, name without case; the empty view if absent. */
    struct str (*header)(void *transport, const char *name);
    /* The answer is ready in c; the call is freed when this returns. */
    void (*answer)(void *transport, struct call *c);
};

struct call {
    struct emulator *emu;
    struct arena arena;
    enum listener listener;
    const struct call_transport *transport;
    void *transport_arg;
    struct call *next, *prev; /* the emulator's list of those under way */
    ns_t started;             /* clock_mono */
    struct timer delay;       /* a fault or --latency holds it back */

    /* the request */
    struct str method;
    struct str path; /* as sent */
    struct str query_text;
    struct str body;
    struct str peer;
    struct str server_name; /* the name that the client asked for in the handshake */
    struct str host;        /* lower case, with the port if the client named one */
    struct str hostname;    /* without it */
    struct str port;        /* ":8443", or empty */
    struct url_params query;
    struct str segment[CALL_MAX_SEGMENTS]; /* decoded, empty ones dropped */
    size_t n_segments;
    bool path_too_long;

    /* where it goes */
    enum site site;
    struct str vault_name;         /* SITE_VAULT: the first label */
    struct str vault_suffix;       /* and what is behind it, without the port */
    struct str arg[CALL_MAX_ARGS]; /* what the {} of the route matched */

    /* the answer */
    int status;
    const char *content_type;
    struct buf out;
    struct call_header headers[CALL_MAX_HEADERS];
    size_t n_headers;

    /* for the request log */
    const char *route;
    struct str client; /* client id, empty if unknown */
    bool token_issued;
    /* how the answer is to be spoiled (faults.h); NULL: not at all */
    const struct fault *fault;
    int empty_pages; /* lists give that many empty pages first */
};

struct call *call_new(struct emulator *emu, enum listener listener,
                      const struct call_transport *transport, void *arg) MUST_USE;
/* Takes the request apart. host: the Host header. All views must live until call_finish. */
void call_set_target(struct call *c, struct str method, struct str host, struct str target,
                     struct str body);
/* Takes another name for the host, with the port that the client named. */
void call_set_hostname(struct call *c, struct str name);
/* Hands the answer over and frees the call. */
void call_finish(struct call *c);

struct str call_get_header(const struct call *c, const char *name);
/* The token behind "Authorization: Bearer"; the empty view if there is none. */
struct str call_bearer(const struct call *c);
/* "https://" and the host as the client wrote it. */
struct str call_base(struct call *c);

/* Adds a header to the answer; value is copied. */
void call_set_header(struct call *c, const char *name, struct str value);
/* Begins a JSON answer (forgetting what was written before) and gives the writer for its body. */
struct json_writer call_json(struct call *c, int status);
/* A whole answer. */
void call_text(struct call *c, int status, const char *content_type, struct str body);
/* {"error":{"code":..,"message":..}}, the usual form of Azure's services. */
void call_error(struct call *c, int status, const char *code, struct str message);
/* The same with "innererror":{"code":..} in it; inner may be NULL. */
void call_error_inner(struct call *c, int status, const char *code, const char *inner,
                      struct str message);

/* ---- routes ---- */

typedef void (*call_handler)(struct call *c);
struct route {
    const char *method;
    const char *pattern; /* "/{}/oauth2/token"; {} is one segment, literals without case */
    const char *name;    /* for the request log: constant, without parts of the request */
    call_handler handle;
};
/* Does the path fit the pattern? Puts what its {} stand for into c->arg. */
bool call_path_fits(struct call *c, const char *pattern);
/* Runs the first route that fits (its {} in c->arg). False if none does; *method_wrong says whether
 * the path is known under another method. */
bool call_route(struct call *c, const struct route *routes, size_t n, bool *method_wrong);

#endif
