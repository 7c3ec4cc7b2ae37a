/* SPDX-License-Identifier: Apache-2.0
 *
 * workload: what Pawl keeps of a Deployment, CronJob, Job, DaemonSet, StatefulSet or Argo Rollout:
 * who it is, its rules, what its pod template refers to, the STAKATER_ variables it carries, and
 * its records. A few hundred bytes instead of the object; a workload that nothing can move is not
 * kept.
 *
 * The object belongs to one version of the workload and never changes; a new version makes a new
 * one. It owns its arena. Pure.
 */
#ifndef PAWL_RELOAD_WORKLOAD_H
#define PAWL_RELOAD_WORKLOAD_H

#include "kube/object.h"
#include "reload/digest.h"
#include "reload/rules.h"

struct container {
    struct str name;
    bool has_env;
};

/* The source is used by a container, which is where its variable goes: the first container that
 * mounts one of its volumes, else the first that takes variables from it; containers[0] when only
 * init containers use it. */
struct reference {
    enum source_type type;
    struct str name;
    uint16_t container;
};

/* A variable STAKATER_... whose value is a fingerprint, in containers[container].env[index]. */
struct variable {
    struct str name;
    struct digest value;
    uint16_t container;
    uint32_t index;
};

enum rollout_strategy { ROLLOUT_TEMPLATE, ROLLOUT_RESTART_AT };

struct workload {
    struct object object; /* first: workloads lie in a kube/store.h */
    struct arena arena;
    enum workload_kind kind;
    /* Views into object. */
    struct str ns;
    struct str name;
    struct str uid;
    struct str resource_version;
    int64_t generation;
    ns_t created; /* clock_real time, whole seconds */

    struct rules rules;
    const struct container *containers;
    size_t n_containers;
    const struct reference *references;
    size_t n_references;
    const struct variable *variables;
    size_t n_variables;
    bool has_annotations; /* the maps exist, which a JSON patch must know */
    bool has_template_annotations;
    struct str ledger;             /* text of pawl.dev/applied; p NULL if absent */
    struct str last_reloaded_from; /* text; p NULL if absent */
    uint64_t shape; /* hash of everything that decides what can move it, and where; per process */
    ns_t settle;    /* quiet period before a move, 0: none */

    /* Deployments */
    bool paused;
    struct str paused_at;    /* text; p NULL if absent */
    struct str pause_period; /* text; p NULL if absent */
    /* Rollouts */
    enum rollout_strategy rollout_strategy;
    ns_t restart_at;        /* spec.restartAt, clock_real; 0: none */
    struct str template_of; /* name of the Deployment that holds the pod template; p NULL: itself */
    /* Jobs */
    struct str owner_cronjob; /* p NULL: none */
    struct str holds;         /* the Job whose copy this one keeps; p NULL: an ordinary Job */
    bool finished;
};

enum { WORKLOAD_MAX_CONTAINERS = 1000 };

/* From one item as the API server sent it. NULL with no error when nothing can move the workload
 * and no pause of ours has to be ended (keep_all keeps it nevertheless); NULL and ERR_PARSE when it
 * has no name or namespace. */
struct workload *workload_parse(enum workload_kind kind, const struct json *object,
                                const struct reload_options *options, bool keep_all,
                                struct err **err) MUST_USE;
void workload_free(struct workload *w);

enum { NO_CONTAINER = -1 };
/* Index of the container that uses the source, or NO_CONTAINER. */
int workload_container(const struct workload *w, enum source_type type, struct str name);

/* The whole decision for one source, with where its variable goes. `deployment` lends its pod
 * template to a Rollout with workloadRef and is NULL otherwise. */
struct decision {
    enum rule_step step;
    int container; /* NO_CONTAINER: nothing to do, although the step may say yes */
};
struct decision workload_decide(const struct workload *w, const struct workload *deployment,
                                enum source_type type, struct str name, struct source_marks marks,
                                bool auto_reload_all);
static inline bool decision_moves(struct decision d)
{
    return rule_step_moves(d.step) && d.container != NO_CONTAINER;
}

/* The variable of that name: in the given container, else in any. NULL if there is none. */
const struct variable *workload_variable(const struct workload *w, struct str name, int container);

/* Fills containers, references and variables from a pod spec. Used by workload_parse. */
void workload_read_pod(struct workload *w, const struct json *pod_spec);

#endif
