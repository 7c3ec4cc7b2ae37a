/* SPDX-License-Identifier: Apache-2.0
 *
 * e2e: what the tests of the kube layer against a real API server share: one client for the whole
 * program (that of $KUBECONFIG), requests that wait for their answer, a namespace that each test
 * has for itself, an informer whose handler counts.
 */
#ifndef PAWL_E2E_KUBE_H
#define PAWL_E2E_KUBE_H

#include "kube/client.h"
#include "kube/informer.h"
#include "test.h"

extern struct loop *loop;
extern struct kube_client *admin;
extern struct kube_config *admin_config;

void e2e_init(void);
void e2e_done(void);

/* Runs the loop until the condition holds; fails the test after `limit`. */
#define await(condition, limit)                                                                    \
    do {                                                                                           \
        ns_t await_end_ = clock_mono() + (limit);                                                  \
        while (!(condition)) {                                                                     \
            loop_once(loop, 10 * NS_MS);                                                           \
            if (clock_mono() > await_end_) {                                                       \
                fail_msg("waited too long for " #condition);                                       \
            }                                                                                      \
        }                                                                                          \
    } while (0)
void run_for(ns_t duration);

/* An answer that was waited for. The next request on it frees the last. */
struct got {
    bool done;
    struct err *err;
    int status;
    struct kube_status failure;
    const struct json *object;
    struct arena arena;
};
kube_done_fn on_got;
void got_done(struct got *g);
/* Sends and waits. */
void ask(struct kube_client *c, struct kube_request request, struct got *g);
#define ASK(c, g, ...) ask(c, (struct kube_request){__VA_ARGS__}, g)
/* The same; anything but success fails the test. */
#define MUST(c, g, ...)                                                                            \
    do {                                                                                           \
        ASK(c, g, __VA_ARGS__);                                                                    \
        if ((g)->err) {                                                                            \
            fail_msg("%s", (g)->err->msg);                                                         \
        }                                                                                          \
    } while (0)

/* A fresh namespace; its name is valid until the next call. */
const char *new_namespace(void);
void create_secret(const char *ns, const char *name, const char *value);
void delete_object(enum resource_id id, const char *ns, const char *name);
/* POST of a whole object under a path, for kinds that have no row. */
void create_at(const char *path, const char *fmt, ...) PRINTF(2, 3);
/* A client as a ServiceAccount of the namespace that may do what `verbs` ("\"list\",\"get\"") says
 * with Secrets in it. The config is the caller's. */
struct kube_client *service_account_client(const char *ns, const char *verbs,
                                           struct kube_config **config);

/* ---- an informer that is watched ---- */

struct item {
    struct object object;
    int value; /* data.n, decoded */
};

struct follower {
    struct informer *informer;
    size_t added;
    size_t updated;
    size_t deleted;
    bool synced;
    enum informer_state state;
    char reason[400];
    int states[8]; /* how often each was entered */
};
void follow(struct follower *f, struct kube_client *c, struct informer_config config);
int follower_value(const struct follower *f, const char *ns, const char *name);
size_t follower_count(const struct follower *f);

int spawn(const char *const *argv, int *output);

/* ---- the tests ---- */

extern const struct CMUnitTest follow_tests[];
extern const size_t n_follow_tests;
int identity_set_up(void **state);
int identity_tear_down(void **state);
extern const struct CMUnitTest identity_tests[];
extern const size_t n_identity_tests;
extern const struct CMUnitTest lease_tests[];
extern const size_t n_lease_tests;
/* The other process of the lease tests: `kube_e2e candidate NS IDENTITY`. */
int candidate_main(const char *ns, const char *identity);

#endif
