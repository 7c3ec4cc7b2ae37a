/* SPDX-License-Identifier: Apache-2.0 */
#include "emulator/admin.h"

#include "base/clock.h"
#include "base/datetime.h"
#include "base/gotext.h"
#include "base/num.h"
#include "emulator/certificates.h"
#include "emulator/faults.h"
#include "emulator/request_log.h"
#include "emulator/seed.h"

#define MAX_SHIFT (20 * 365 * 24 * NS_H)

static void done(struct call *c)
{
    struct json_writer w = call_json(c, 200);
    json_w_object(&w);
    json_w_end(&w);
    call_finish(c);
}

static void refuse(struct call *c, const struct err *err)
{
    call_error(c, 400, "BadRequest", str_c(err_msg(err)));
    call_finish(c);
}

static struct json *body(struct call *c, struct err **err)
{
    return json_parse(&c->arena, c->body, JSON_PLAIN, err);
}

/* ---- health and authority ---- */

static void healthz(struct call *c)
{
    call_text(c, 200, "text/plain; charset=utf-8", STR("ok\n"));
    call_finish(c);
}

static void ca_certificate(struct call *c)
{
    struct str pem = c->emu->certificates ? certificates_ca(c->emu->certificates) : STR_EMPTY;
    call_text(c, 200, "application/x-pem-file", pem);
    call_finish(c);
}

/* ---- requests ---- */

static void get_requests(struct call *c)
{
    struct json_writer w = call_json(c, 200);
    request_log_write(c->emu->log, &w);
    call_finish(c);
}

static void clear_requests(struct call *c)
{
    request_log_clear(c->emu->log);
    done(c);
}

/* ---- faults ---- */

static void get_faults(struct call *c)
{
    struct json_writer w = call_json(c, 200);
    faults_write(c->emu->faults, &w);
    call_finish(c);
}

/* One rule, or an array of rules. */
static void add_faults(struct call *c)
{
    AUTO(err_freep) struct err *err = NULL;
    const struct json *rules = body(c, &err);
    bool ok =
        rules && (json_is(rules, JSON_ARRAY) ? faults_add_all(c->emu->faults, rules, &err) == 0
                                             : faults_add(c->emu->faults, rules, &err) > 0);
    if (ok) {
        get_faults(c);
    } else {
        refuse(c, err);
    }
}

static void clear_faults(struct call *c)
{
    faults_clear(c->emu->faults);
    done(c);
}

static void remove_fault(struct call *c)
{
    int64_t id;
    if (num_parse_i64(c->arg[0], &id) && faults_remove(c->emu->faults, id)) {
        done(c);
        return;
    }
    call_error(c, 404, "NotFound", STR("There is no such fault."));
    call_finish(c);
}

/* ---- clock ---- */

static void get_clock(struct call *c)
{
    char now[RFC3339_SIZE];
    AUTO(buf_done) struct buf offset = BUF_INIT(64);
    go_duration(&offset, c->emu->clock_offset);
    rfc3339_format(clock_real() + c->emu->clock_offset, now);
    struct json_writer w = call_json(c, 200);
    json_w_object(&w);
    json_w_strings(&w, "now", now, "offset", offset.p, NULL);
    json_w_end(&w);
    call_finish(c);
}

/* {"offset":"1h"} from the machine's clock, {"advance":"1h"} from where it is, {"now":"2027-..."}.
 */
static void set_clock(struct call *c)
{
    AUTO(err_freep) struct err *err = NULL;
    const struct json *j = body(c, &err);
    ns_t t = 0, offset = 0;
    bool ok = true;
    if (json_get(j, "now")) {
        ok = rfc3339_parse(json_find_str(j, "now"), &t);
        offset = t - clock_real();
    } else if (json_get(j, "advance")) {
        ok = go_parse_duration(json_find_str(j, "advance"), &t);
        offset = ok && t <= MAX_SHIFT && t >= -MAX_SHIFT ? c->emu->clock_offset + t : INT64_MAX;
    } else {
        ok = go_parse_duration(json_find_str(j, "offset"), &offset);
    }
    if (!ok || offset > MAX_SHIFT || offset < -MAX_SHIFT) {
        if (!err) {
            err_set(&err, ERR_INVALID,
                    "give one of {\"offset\":\"24h\"}, {\"advance\":\"24h\"}, "
                    "{\"now\":\"2027-01-31T00:00:00Z\"}, at most 20 years away");
        }
        refuse(c, err);
        return;
    }
    c->emu->clock_offset = offset;
    get_clock(c);
}

static void reset_clock(struct call *c)
{
    c->emu->clock_offset = 0;
    get_clock(c);
}

/* ---- settings ---- */

static const struct {
    const char *name;
    size_t offset;
} settings[] = {
    {"latency", offsetof(struct emulator_config, latency)},
    {"settle", offsetof(struct emulator_config, settle)},
    {"tokenLifetime", offsetof(struct emulator_config, token_lifetime)},
};

static ns_t *setting(struct call *c, size_t i)
{
    return (ns_t *)(void *)((char *)&c->emu->config + settings[i].offset);
}

static void get_settings(struct call *c)
{
    struct json_writer w = call_json(c, 200);
    json_w_object(&w);
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        AUTO(buf_done) struct buf text = BUF_INIT(64);
        go_duration(&text, *setting(c, i));
        json_w_strings(&w, settings[i].name, text.p, NULL);
    }
    json_w_end(&w);
    call_finish(c);
}

static void set_settings(struct call *c)
{
    AUTO(err_freep) struct err *err = NULL;
    const struct json *j = body(c, &err);
    for (size_t i = 0; i < COUNT_OF(settings) && j; i++) {
        ns_t value;
        if (!json_get(j, settings[i].name)) {
            continue;
        }
        if (!go_parse_duration(json_find_str(j, settings[i].name), &value) || value < 0 ||
            value > 24 * NS_H) {
            err_set(&err, ERR_INVALID, "%s must be a duration up to 24h", settings[i].name);
            break;
        }
        *setting(c, i) = value;
    }
    if (err) {
        refuse(c, err);
    } else {
        get_settings(c);
    }
}

/* ---- seed ---- */

static void apply_seed(struct call *c)
{
    AUTO(err_freep) struct err *err = NULL;
    struct seed_result result = {0};
    if (seed_apply(c->emu->store, &c->arena, c->body, "seed", emulator_now(c->emu), &result,
                   &err) != 0 ||
        (result.faults && faults_add_all(c->emu->faults, result.faults, &err) != 0)) {
        refuse(c, err);
        return;
    }
    done(c);
}

static const struct route routes[] = {
    {"GET", "/healthz", "health", healthz},
    {"GET", "/ca.crt", "ca", ca_certificate},
    {"GET", "/requests", "requests", get_requests},
    {"DELETE", "/requests", "requests", clear_requests},
    {"GET", "/faults", "faults", get_faults},
    {"POST", "/faults", "faults", add_faults},
    {"DELETE", "/faults", "faults", clear_faults},
    {"DELETE", "/faults/{}", "faults", remove_fault},
    {"GET", "/clock", "clock", get_clock},
    {"PUT", "/clock", "clock", set_clock},
    {"DELETE", "/clock", "clock", reset_clock},
    {"GET", "/settings", "settings", get_settings},
    {"PUT", "/settings", "settings", set_settings},
    {"POST", "/seed", "seed", apply_seed},
};

void admin_handle(struct call *c)
{
    bool method_wrong;
    if (call_route(c, routes, COUNT_OF(routes), &method_wrong)) {
        return;
    }
    AUTO(buf_done) struct buf text = BUF_INIT(4096);
    buf_add_c(&text, "The admin API has:");
    for (size_t i = 0; i < COUNT_OF(routes); i++) {
        buf_addf(&text, " %s %s;", routes[i].method, routes[i].pattern);
    }
    call_error(c, method_wrong ? 405 : 404, "NotFound", buf_str(&text));
    call_finish(c);
}
