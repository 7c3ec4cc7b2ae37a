/* SPDX-License-Identifier: Apache-2.0
 *
 * peer: a small Entra ID, managed identity endpoint and key vault in the test process, that does
 * what the real ones do and misbehaves when told to. It shares no code with the emulator.
 *
 * Time is the fake clock; answers come after `latency` of it. The vault is kv1.vault.localhost (the
 * client knows that such names are this machine), so its resource is http://vault.localhost:PORT.
 */
#ifndef PAWL_TESTS_AZURE_PEER_H
#define PAWL_TESTS_AZURE_PEER_H

#include "base/vec.h"
#include "net/http_server.h"

#include "test.h"

struct peer_object {
    char *kind; /* "secrets" "certificates" "keys" */
    char *name;
    char *version;
    char *value; /* certificates: base64 DER; keys: the JWK */
    const char *content_type;
    const char *tags; /* JSON */
    bool disabled;
    int64_t created;
    int64_t updated;
};

struct peer_fault {
    const char *match; /* a request "METHOD PATH?QUERY" that begins so */
    int skip;          /* that many are let pass first */
    int times;         /* that many are hit; -1: all */
    int status;
    const char *body;
    const char *header; /* name of a header to send, NULL: none */
    const char *value;
    enum { PEER_ANSWER, PEER_RESET, PEER_CUT, PEER_HANG } how;
};

struct peer {
    struct loop *loop;
    struct http_server *server;
    uint16_t port;
    char vault_url[64];
    char resource[64];
    char authority[64];
    char msi[64]; /* where managed identity is asked */
    ns_t latency;
    struct buf log; /* "METHOD PATH;" */

    /* Entra ID */
    unsigned token_requests;
    unsigned tokens; /* given out; the newest is "token-N" */
    int64_t token_lifetime;
    const char *token_members; /* more of the answer: ",\"refresh_in\":100" */
    struct buf last_form;      /* of the last token request */
    struct buf last_header;    /* its X-IDENTITY-HEADER, secret, Metadata, Authorization */

    /* the vault */
    VEC(struct peer_object) objects;
    unsigned valid_from;   /* tokens before that one are answered with 401 */
    const char *challenge; /* instead of the usual one */
    size_t page_size;
    bool empty_pages;      /* an empty page before each one */
    const char *next_host; /* of nextLink, instead of its own */
    unsigned object_gets;
    unsigned pages;
    unsigned in_flight;
    unsigned most_in_flight;

    VEC(struct peer_fault) faults;
    VEC(struct http_exchange *) hanging;
};

/* Starts the fake clock and the loop. */
void peer_init(struct peer *p);
void peer_done(struct peer *p);

/* Sets a secret: a new version, as of the peer's time now. */
void peer_set(struct peer *p, const char *name, const char *value);
/* A new version of an object of any kind; returns it (valid until the next one). */
struct peer_object *peer_put(struct peer *p, const char *kind, const char *name, const char *value);
/* The newest version; NULL if there is none. */
struct peer_object *peer_find(struct peer *p, const char *kind, const char *name);
void peer_delete(struct peer *p, const char *kind, const char *name);
void peer_fault(struct peer *p, struct peer_fault fault);
void peer_forget_faults(struct peer *p);
/* How many requests of the log ("METHOD PATH;") begin so. */
size_t peer_count(const struct peer *p, const char *prefix);
void peer_clear_log(struct peer *p);

/* Lets the loop run, without time passing, until the condition holds. */
#define await(p, cond)                                                                             \
    do {                                                                                           \
        for (int await_i_ = 0; await_i_ < 20000 && !(cond); await_i_++) {                          \
            loop_once((p)->loop, NS_MS / 4);                                                       \
        }                                                                                          \
        if (!(cond)) {                                                                             \
            fail_msg("never came true: %s", #cond);                                                \
        }                                                                                          \
    } while (0)

#endif
