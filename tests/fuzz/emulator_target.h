/* SPDX-License-Identifier: Apache-2.0
 *
 * emulator_target: an emulator in memory for fuzz targets, made once, and emptied of what a former
 * input has left, so that an input does the same each time.
 */
#ifndef PAWL_FUZZ_EMULATOR_TARGET_H
#define PAWL_FUZZ_EMULATOR_TARGET_H

#include "base/clock.h"
#include "emulator/core.h"
#include "emulator/emulator.h"
#include "emulator/faults.h"
#include "emulator/request_log.h"
#include "emulator/seed.h"
#include "emulator/token.h"

#define TENANT "11111111-2222-4333-8444-555555555555"
#define CLIENT "aaaaaaaa-0000-4000-8000-000000000001"

UNUSED static void target_seed(struct emulator *e, struct str text)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct seed_result result;
    must(seed_apply(e->store, &a, text, "seed", emulator_now(e), &result, NULL) == 0);
}

UNUSED static struct emulator *target_new(void)
{
    const struct emulator_config config = emulator_config_default();
    clock_fake_start(NS_S, 1800000000 * NS_S);
    struct emulator *e = emulator_new(NULL, &config, NULL);
    must(e);
    return e;
}

UNUSED static void target_reset(struct emulator *e)
{
    store_begin(e->store);
    sql_run(store_sql(e->store, "DELETE FROM object"));
    must(store_commit(e->store, NULL) == 0);
    faults_clear(e->faults);
    request_log_clear(e->log);
    e->clock_offset = 0;
    e->config.settle = e->config.latency = 0;
    e->config.token_lifetime = NS_H;
}

/* ---- a call without a network ---- */

struct target_call {
    struct str headers; /* lines */
    struct str token;   /* what "Bearer @" stands for */
    struct arena *a;
    int answers;
    int status;
};

UNUSED static struct str target_header(void *transport, const char *name)
{
    struct target_call *t = transport;
    for (struct str rest = t->headers, line; str_split(&rest, '\n', &line);) {
        ptrdiff_t colon = str_find_byte(line, ':');
        if (colon < 0 || !str_ieq(str_head(line, (size_t)colon), str_c(name))) {
            continue;
        }
        struct str value = str_trim(str_from(line, (size_t)colon + 1));
        if (str_eq(value, STR("Bearer @"))) {
            return arena_printf(t->a, "Bearer %.*s", STR_ARG(t->token));
        }
        return value;
    }
    return STR_EMPTY;
}

/* Whatever came: exactly one answer, and JSON where it says so. */
UNUSED static void target_answer(void *transport, struct call *c)
{
    struct target_call *t = transport;
    t->answers++;
    t->status = c->status;
    if (c->content_type && str_starts(str_c(c->content_type), STR("application/json"))) {
        must(json_parse(t->a, buf_str(&c->out), JSON_PLAIN, NULL));
    }
}

UNUSED static int target_send(struct emulator *e, struct target_call *t, enum listener listener,
                              struct str method, struct str host, struct str target,
                              struct str body)
{
    static const struct call_transport transport = {.header = target_header,
                                                    .answer = target_answer};
    struct call *c = call_new(e, listener, &transport, t);
    t->answers = 0;
    c->peer = STR("192.0.2.1");
    call_set_target(c, method, host, target, body);
    emulator_dispatch(c);
    must(t->answers == 1);
    return t->status;
}

#endif
