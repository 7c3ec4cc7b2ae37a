/* SPDX-License-Identifier: Apache-2.0
 *
 * status_page: what the roles know, as the members "workloads" and "objects" of a JSON object, for
 * /status and `pawl status`. A role that does not run has no member. Names, states, times and texts
 * of errors; never a value.
 */
#ifndef PAWL_APP_STATUS_PAGE_H
#define PAWL_APP_STATUS_PAGE_H

#include "app/roles.h"
#include "codec/json.h"

/* arg is a struct roles. ns: only this namespace (and what is in none); empty: everything. */
void status_page_write(void *arg, struct str ns, struct json_writer *w);

/* One element of each list. */
void status_page_workload(struct json_writer *w, const struct reload_row *row);
void status_page_object(struct json_writer *w, const struct sync_row *row);

#endif
