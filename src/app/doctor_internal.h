/* SPDX-License-Identifier: Apache-2.0
 *
 * doctor_internal: between doctor.c (the API server, permissions), doctor_cluster.c (controllers
 * and webhooks) and doctor_stores.c.
 */
#ifndef PAWL_APP_DOCTOR_INTERNAL_H
#define PAWL_APP_DOCTOR_INTERNAL_H

#include "app/doctor.h"
#include "app/rivals.h"
#include "reload/lister.h"
#include "sync/store_check.h"

struct doctor {
    struct doctor_config config;
    char *ns;
    struct kube_call *call;
    size_t step;
    bool served; /* the custom resource definitions are there */

    /* permissions */
    size_t row;
    struct str verbs; /* of the row that have not been asked for */
    struct str verb;  /* under way */

    struct lister *lister;
    struct rivals rivals;
    struct arena arena;      /* of the lists below */
    const struct json *list; /* webhook configurations, stores */
    size_t next;             /* of them */
    const char *kind;        /* of the stores in the list */
    struct store_checker *checker;
};

void doctor_tell(struct doctor *d, enum finding_level level, const char *remedy, const char *fmt,
                 ...) PRINTF(4, 5);
/* A step has ended. */
void doctor_next(struct doctor *d);

/* Steps. */
void doctor_controllers(struct doctor *d);
void doctor_webhooks(struct doctor *d);
void doctor_stores(struct doctor *d);

#endif
