/* SPDX-License-Identifier: Apache-2.0 */
#include "reload/pause.h"

#include "base/datetime.h"
#include "base/gotext.h"

enum { BODY_MAX = 64 * 1024 };

struct pause pause_of(const struct workload *w, ns_t now)
{
    ns_t since;
    ns_t period = 0;
    struct pause p = {.due = now};
    if (!w->paused_at.p) {
        p.state = w->paused ? PAUSE_USER : PAUSE_NONE;
        return p;
    }
    if (!w->paused) {
        p.state = PAUSE_STALE;
        return p;
    }
    p.state = PAUSE_OURS;
    if (rfc3339_parse(w->paused_at, &since) &&
        go_parse_duration(str_trim(w->pause_period), &period)) {
        /* A mark from the future (another clock) does not make the pause longer. */
        if (__builtin_add_overflow(MIN(since, now), MAX(period, 0), &p.due)) {
            p.due = now;
        }
    }
    return p;
}

int pause_wanted(const struct workload *w, ns_t *period, struct err **err)
{
    *period = 0;
    if (w->kind != WORKLOAD_DEPLOYMENT || !w->pause_period.p) {
        return 0;
    }
    if (!go_parse_duration(w->pause_period, period)) {
        return err_set(err, ERR_INVALID,
                       "the pause period \"%.*s\" is no duration (write for example 90s or 1h30m); "
                       "moved without a pause",
                       STR_ARG(w->pause_period));
    }
    *period = MAX(*period, 0);
    return 0;
}

static void write_path(struct json_writer *w, const char *op, const char *prefix, const char *key)
{
    AUTO(buf_done) struct buf path = BUF_INIT(BODY_MAX);
    buf_add_c(&path, prefix);
    for (const char *c = key; *c; c++) {
        if (*c == '~') {
            buf_add_c(&path, "~0");
        } else if (*c == '/') {
            buf_add_c(&path, "~1");
        } else {
            buf_add_byte(&path, *c);
        }
    }
    json_w_object(w);
    json_w_strings(w, "op", op, NULL);
    json_w_key(w, "path");
    json_w_str(w, buf_str(&path));
}

static void write_paused(struct json_writer *w, const char *op, bool value)
{
    write_path(w, op, "/spec/paused", "");
    json_w_key(w, "value");
    json_w_bool(w, value);
    json_w_end(w);
}

void pause_patch_end(const struct workload *w, const char *paused_at_key, struct patch *out)
{
    static const char annotations[] = "/metadata/annotations/";
    out->type = KUBE_PATCH_JSON;
    out->body = BUF_INIT(BODY_MAX);
    struct json_writer j = json_writer(&out->body);
    json_w_array(&j);
    write_path(&j, "test", "/metadata/uid", "");
    json_w_key(&j, "value");
    json_w_str(&j, w->uid);
    json_w_end(&j);
    write_path(&j, "test", annotations, paused_at_key);
    json_w_key(&j, "value");
    json_w_str(&j, w->paused_at);
    json_w_end(&j);
    if (w->paused) {
        write_paused(&j, "test", true);
        write_paused(&j, "replace", false);
    }
    write_path(&j, "remove", annotations, paused_at_key);
    json_w_end(&j);
    json_w_end(&j);
}
