/* SPDX-License-Identifier: Apache-2.0
 *
 * status_objects: a status document from what objects in the cluster say, for when no running Pawl
 * can be asked: the workloads with their records and the latest Event about each, ExternalSecrets
 * and stores with their conditions. What only a running Pawl knows (what is due, the next try) is
 * not in it. It lists, and writes nothing. Loop thread only.
 */
#ifndef PAWL_APP_STATUS_OBJECTS_H
#define PAWL_APP_STATUS_OBJECTS_H

#include "kube/client.h"

struct status_objects;

struct status_objects_config {
    struct kube_client *client;
    struct str ns; /* empty: all */
    /* A list was refused; the rest is right. */
    void (*problem)(void *arg, const struct err *err);
    /* Once, last: the text of {"workloads":[...],"objects":[...]}. */
    void (*done)(void *arg, struct str document);
    void *arg;
};

struct status_objects *status_objects_new(const struct status_objects_config *config) MUST_USE;
/* After done, or before to cancel. NULL is fine. */
void status_objects_free(struct status_objects *s);

#endif
