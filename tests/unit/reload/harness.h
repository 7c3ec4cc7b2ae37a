/* SPDX-License-Identifier: Apache-2.0
 *
 * harness: the whole reload role against the fake API server, on one loop and a clock that stands
 * still until the test moves it.
 */
#ifndef PAWL_TESTS_RELOAD_HARNESS_H
#define PAWL_TESTS_RELOAD_HARNESS_H

#include "fake_api.h"

#include "test.h"

#include "base/clock.h"
#include "reload/reload.h"

struct harness {
    struct loop *loop;
    struct fake_api api;
    struct kube_config *config;
    struct kube_client *client;
    struct events *events;
    struct metrics *metrics;
    struct reload_options options;
    struct reload *reload;
    const char *in_flight; /* name of a Secret whose write is on its way; NULL: none */
};

/* A test's usual objects are in this namespace. */
#define NS "shop"

void harness_init(struct harness *h);
void harness_done(struct harness *h);
/* A test of its own harness, with Secret db and ConfigMap settings, both with value "one". */
int harness_setup(void **state);
int harness_teardown(void **state);
#define HARNESS_TEST(f) cmocka_unit_test_setup_teardown(f, harness_setup, harness_teardown)
/* Starts the role and lets everything come to rest. */
void harness_start(struct harness *h);
/* Starts the role, and returns as soon as it says that it is ready. */
void harness_start_until_ready(struct harness *h);
/* Without any goodbye: what was under way is lost. */
void harness_kill(struct harness *h);
void harness_restart(struct harness *h);
void harness_run(struct harness *h, ns_t time);
/* Long enough for everything but back-off, settle and pauses. */
#define harness_rest(h) harness_run(h, 2 * NS_S)

/* ---- objects ---- */

/* {"key": value} in Secret or ConfigMap `name`; annotations as members ('a':'b'), may be "". */
void put_secret(struct harness *h, const char *name, const char *value, const char *annotations);
/* Secrets s0, s1 ..., n of them. */
void put_secrets(struct harness *h, int n, const char *value);
void put_configmap(struct harness *h, const char *name, const char *value, const char *annotations);
/* A workload whose container "app" takes its variables from Secret db and ConfigMap settings. */
void put_workload(struct harness *h, enum resource_id kind, const char *name,
                  const char *annotations);
void put_pod(struct harness *h, enum resource_id kind, const char *name, const char *annotations,
             const char *spec_members, const char *pod_annotations, const char *pod_spec);
#define POD_USES_BOTH                                                                              \
    "'containers':[{'name':'app','image':'i','envFrom':[{'secretRef':{'name':'db'}},"              \
    "{'configMapRef':{'name':'settings'}}]}]"
#define AUTO_ON "'reloader.stakater.com/auto':'true'"

/* ---- what became of them ---- */

int64_t generation(struct harness *h, enum resource_id kind, const char *name);
/* Value of a STAKATER_ variable in any container; empty if there is none. In a buffer of its own
 * that the next calls overwrite. */
const char *variable_value(struct harness *h, enum resource_id kind, const char *name,
                           const char *variable);
const char *annotation_value(struct harness *h, enum resource_id kind, const char *name,
                             const char *key);
/* Fingerprint of {"key": value}. */
const char *fingerprint(const char *value);
/* Writes to workloads and Jobs so far. */
size_t workload_writes(struct harness *h);
/* The workload's variable has the fingerprint of this value of Secret db. */
#define assert_moved_for(h, kind, name, value)                                                     \
    assert_string_equal(variable_value(h, kind, name, "STAKATER_DB_SECRET"), fingerprint(value))
#define assert_not_moved(h, kind, name)                                                            \
    assert_string_equal(variable_value(h, kind, name, "STAKATER_DB_SECRET"), "")

#endif
