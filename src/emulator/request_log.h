/* SPDX-License-Identifier: Apache-2.0
 *
 * request_log: how many requests of which kind came from whom, for tests and benches that count,
 * and the last ones in order. Routes and ids only: never a value, a token, a query or a body.
 */
#ifndef PAWL_EMULATOR_REQUEST_LOG_H
#define PAWL_EMULATOR_REQUEST_LOG_H

#include "emulator/call.h"

enum { REQUEST_LOG_RECENT = 200, REQUEST_LOG_ROWS = 5000 };

struct request_log;

struct request_log *request_log_new(void) MUST_USE;
void request_log_free(struct request_log *l);
void request_log_add(struct request_log *l, const struct call *c, ns_t real);
/* One TLS handshake has begun. */
void request_log_connection(struct request_log *l);
void request_log_clear(struct request_log *l);
/* {"requests":n,"connections":n,"tokens":n,"counts":[{site,route,client,status,count}],
 *  "recent":[{time,site,host,method,path,route,client,status,micros}]} */
void request_log_write(const struct request_log *l, struct json_writer *w);

#endif
