/* SPDX-License-Identifier: Apache-2.0
 *
 * doctor: looks at a cluster the way the roles will need it, and says what is missing and what to
 * do: the API server's version and clock, who we are to it, the custom resource definitions, every
 * permission, verb by verb; which controllers work in the cluster, and whether somebody answers the
 * webhooks that stores and ExternalSecrets have to pass; and for each store what its condition
 * says, whether its identity signs in, and whether its vault answers. It only asks; nothing is
 * written.
 *
 * Questions are sent one after another; each finding is told as it comes. Loop thread only.
 */
#ifndef PAWL_APP_DOCTOR_H
#define PAWL_APP_DOCTOR_H

#include "kube/client.h"

enum finding_level {
    FINDING_OK,
    FINDING_NOTE, /* works, but slower or not for everybody */
    FINDING_BAD,  /* does not work */
};

struct finding {
    enum finding_level level;
    struct str what;    /* "may list secrets"; valid during the call */
    const char *remedy; /* NULL: none is needed */
};

struct doctor;

struct doctor_config {
    struct kube_client *client;
    bool sync; /* the roles to look for */
    bool reload;
    struct str ns;     /* permissions and stores in this namespace only; empty: in all */
    bool stores;       /* sign in with the credentials of each store and ask its vault */
    struct str ca_pem; /* trusted for that besides the system's certificates; copied */
    void (*found)(void *arg, const struct finding *finding);
    void (*done)(void *arg); /* once, later */
    void *arg;
};

struct doctor *doctor_new(const struct doctor_config *config) MUST_USE;
/* After done, or before to cancel. NULL is fine. */
void doctor_free(struct doctor *d);

#endif
