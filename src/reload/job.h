/* SPDX-License-Identifier: Apache-2.0
 *
 * job: Jobs to be created. The pod template of a Job cannot be changed, so a Job is moved by being
 * replaced, and a CronJob by one extra Job. Objects stay JSON throughout: fields that Pawl does not
 * know are carried along. Pure.
 *
 * A Job must never be lost between its deletion and its creation. Before it is deleted a holder is
 * created: a suspended Job, which starts no pods, with the whole copy in an annotation. Creating it
 * also proves that quota and admission allow such a Job. Whoever finds a holder (Pawl after a
 * crash) can finish the work from it alone.
 */
#ifndef PAWL_RELOAD_JOB_H
#define PAWL_RELOAD_JOB_H

#include "codec/json.h"

/* On a holder: the Job it stands for, and that Job's uid. */
#define JOB_HOLDS_ANNOTATION     "pawl.dev/holds"
#define JOB_HOLDS_UID_ANNOTATION "pawl.dev/holds-uid"
#define JOB_COPY_ANNOTATION      "pawl.dev/copy"

enum { JOB_NAME_MAX = 63 };

/* A Job from a CronJob's template, as `kubectl create job --from=cronjob/x` makes it: owned by the
 * CronJob, annotated cronjob.kubernetes.io/instantiate: manual. suspend, schedule and
 * concurrencyPolicy are not looked at. The pod template is not yet changed. */
struct json *job_from_cronjob(struct arena *a, const struct json *cronjob, struct str name,
                              struct err **err) MUST_USE;
/* NAME-xxxxxxxxxx: the same for the same CronJob (uid), new ledger text and number of the move, so
 * that creating it twice is harmless; different otherwise. */
struct str job_name(struct arena *a, struct str cronjob, struct str uid, struct str ledger);

/* The Job as it can be created again under the same name: without what the server sets, in
 * particular the generated selector and its labels; a selector of the user's own
 * (manualSelector) stays. */
struct json *job_copy(struct arena *a, const struct json *job);

/* The holder of `copy`, which replaces the Job with this uid. ERR_LIMIT when the copy does not fit
 * into an annotation. */
struct json *job_holder(struct arena *a, const struct json *copy, struct str uid,
                        struct err **err) MUST_USE;
struct str job_holder_name(struct arena *a, struct str name, struct str uid);
/* The copy that a holder keeps; NULL and ERR_PARSE if it is damaged. */
struct json *job_held(struct arena *a, const struct json *holder, struct err **err) MUST_USE;

#endif
