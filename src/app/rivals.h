/* SPDX-License-Identifier: Apache-2.0
 *
 * rivals: which controllers of a cluster do the same work: Pawl, External Secrets Operator,
 * Stakater Reloader. Two that keep the same Secrets undo each other's finalizers and status; two
 * that restart the same workloads restart them twice. They are told by the images of Deployments,
 * which nobody renames, unlike labels. Pure.
 */
#ifndef PAWL_APP_RIVALS_H
#define PAWL_APP_RIVALS_H

#include "app/doctor.h"
#include "base/vec.h"
#include "codec/json.h"

enum rival_roles { RIVAL_SYNC = 1, RIVAL_RELOAD = 2 };

struct rival {
    char *what;  /* "External Secrets Operator" */
    char *where; /* "deployment/pawl in namespace pawl" */
    int roles;
    bool running; /* it is not scaled to 0 */
    bool limited; /* it has flags that keep it to some namespaces or some stores */
};

struct rivals {
    VEC(struct rival) v;
};

/* Adds the Deployment if it is one of them. */
void rivals_add(struct rivals *r, const struct json *deployment);
void rivals_done(struct rivals *r);
/* One finding for each role that is asked for. */
void rivals_judge(const struct rivals *r, bool sync, bool reload,
                  void (*found)(void *arg, const struct finding *finding), void *arg);

#endif
