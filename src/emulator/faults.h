/* SPDX-License-Identifier: Apache-2.0
 *
 * faults: what is to go wrong, for whom and how often: rules from the seed or the admin API.
 *
 * A rule is a JSON object. What it is about (all optional, all must fit):
 *   host    name of a host, * stands for any text     site    login, arm, graph, vault, msi
 *   method  GET ...                                   path    /secrets* (so too)
 *   client  client id of the caller
 *   skip    let that many fitting requests pass       every   then only each n-th
 *   count   that many times, then the rule is spent
 * What happens (at least one):
 *   delay    "200ms": wait before anything else        latency of all answers is --latency
 *   reset    true: reset the connection                truncate  cut the body after n bytes
 *   status   answer with that HTTP status; code: (inner) error code, retryAfter: seconds
 *   aadsts   answer a token request with that error    slow      bytes a second
 *   emptyPages        lists begin with n empty pages
 *   expiredCertificate  true: new TLS connections to host get an expired certificate
 *   staleToken          true: tokens issued are already expired
 * The first rule that fits a request acts; rules stand in the order they were added.
 */
#ifndef PAWL_EMULATOR_FAULTS_H
#define PAWL_EMULATOR_FAULTS_H

#include "emulator/call.h"

struct faults;

enum { FAULTS_MAX = 200 };

struct fault {
    int64_t id;
    /* what it is about; NULL: anything */
    char *host;
    char *site;
    char *method;
    char *path;
    char *client;
    int64_t skip;
    int64_t every;
    int64_t count; /* -1: without end */
    int64_t seen;  /* fitting requests so far */
    int64_t hits;  /* times that it acted */
    /* what happens */
    ns_t delay;
    bool reset;
    int64_t truncate; /* -1: no */
    int64_t status;   /* 0: no */
    char *code;
    int64_t retry_after; /* -1: none */
    int64_t aadsts;      /* 0: no */
    int64_t slow;        /* bytes a second, 0: no */
    int64_t empty_pages;
    bool expired_certificate;
    bool stale_token;
};

struct faults *faults_new(void) MUST_USE;
void faults_free(struct faults *f);
/* One rule; returns its id, or -1 with *err. */
int64_t faults_add(struct faults *f, const struct json *rule, struct err **err) MUST_USE;
/* An array of rules, all or none. */
int faults_add_all(struct faults *f, const struct json *rules, struct err **err) MUST_USE;
bool faults_remove(struct faults *f, int64_t id);
void faults_clear(struct faults *f);
/* {"faults":[...]} with what each rule has done so far. */
void faults_write(const struct faults *f, struct json_writer *w);

/* The rule that acts on this call, copied into its arena; NULL if none does. Counts. */
const struct fault *faults_pick(struct faults *f, struct call *c);
/* Does a rule want an expired certificate for this name? Counts. */
bool faults_expired_certificate(struct faults *f, struct str name);

/* * stands for any text. Without case. */
bool glob_matches(struct str pattern, struct str text);

#endif
