/* SPDX-License-Identifier: Apache-2.0
 *
 * process_metrics: what Prometheus's client libraries export of the process itself (process_*),
 * read from /proc at each scrape, and pawl_build_info.
 */
#ifndef PAWL_APP_PROCESS_METRICS_H
#define PAWL_APP_PROCESS_METRICS_H

#include "base/metrics.h"

void process_metrics_add(struct metrics *m);
/* Resident memory in bytes now; 0 if it cannot be read. */
int64_t process_resident_bytes(void);

#endif
