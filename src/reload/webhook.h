/* SPDX-License-Identifier: Apache-2.0
 *
 * webhook: --webhook-url. Workloads are neither moved nor looked at; for each source whose content
 * changed the URL gets one POST with a constant body, and the receiver does the rest. Any status is
 * success. A POST that fails is tried again, ever slower; changes of the same source that wait
 * together are one POST.
 */
#ifndef PAWL_RELOAD_WEBHOOK_H
#define PAWL_RELOAD_WEBHOOK_H

#include "net/loop.h"
#include "reload/metrics.h"

struct webhook;

/* url must outlive it. */
struct webhook *webhook_new(struct loop *loop, const char *url,
                            struct reload_metrics *metrics) MUST_USE;
void webhook_free(struct webhook *w);
void webhook_changed(struct webhook *w, enum source_type type, struct str ns, struct str name);

#endif
