/* SPDX-License-Identifier: Apache-2.0
 *
 * alerts: a message to a chat or a web hook after each workload that was moved. What is sent, and
 * which answers are failures, are pure functions; the sender posts in the background, with a
 * time-out and a few retries, and never delays a move. When more wait than the queue holds, the
 * newest are dropped and counted.
 */
#ifndef PAWL_RELOAD_ALERTS_H
#define PAWL_RELOAD_ALERTS_H

#include "base/buf.h"
#include "base/metrics.h"
#include "net/http_client.h"
#include "reload/options.h"

enum alert_sink { ALERT_RAW, ALERT_SLACK, ALERT_TEAMS, ALERT_GCHAT };

/* Any other word is ALERT_RAW; blanks around it and letter case do not count. */
enum alert_sink alert_sink_parse(struct str word);
/* "Reloader detected changes in *db* of type *SECRET* in namespace *a*. Hence reloaded *web* of
 * type *Deployment* in namespace *a*", with `additional` (trimmed) and " : " in front if it is not
 * NULL.
 */
void alert_text(struct buf *out, const char *additional, enum source_type type, struct str source,
                enum workload_kind kind, struct str workload, struct str ns);
/* The request's body, and its content type. */
const char *alert_body(struct buf *out, enum alert_sink sink, struct str text);
/* Teams and Google Chat want 200 exactly (Teams also answers 202), the others anything below 400.
 */
bool alert_accepted(enum alert_sink sink, int status);

struct alerts;

/* NULL when alerts are off. options must outlive the sender. counter: by the label
 * result, may be NULL. */
struct alerts *alerts_new(struct loop *loop, const struct reload_alert_options *options,
                          struct metric *counter);
/* Cancels what is under way. */
void alerts_free(struct alerts *a);
void alerts_send(struct alerts *a, enum source_type type, struct str source,
                 enum workload_kind kind, struct str workload, struct str ns);

#endif
