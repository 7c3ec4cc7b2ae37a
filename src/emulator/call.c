/* SPDX-License-Identifier: Apache-2.0 */
#include "emulator/call.h"

#include "base/clock.h"
#include "emulator/core.h"

enum { MAX_SEGMENT = 4096 };

const char *site_name(enum site site)
{
    static const char *const names[] = {
        [SITE_UNKNOWN] = "unknown", [SITE_LOGIN] = "login", [SITE_ARM] = "arm",
        [SITE_GRAPH] = "graph",     [SITE_VAULT] = "vault", [SITE_MSI] = "msi",
        [SITE_ADMIN] = "admin",
    };
    return names[site];
}

struct call *call_new(struct emulator *emu, enum listener listener,
                      const struct call_transport *transport, void *arg)
{
    struct call *c = xcalloc(1, sizeof(*c));
    c->emu = emu;
    c->arena = ARENA_INIT(ARENA_WIPE);
    c->out = BUF_INIT_WIPE(CALL_MAX_ANSWER);
    c->listener = listener;
    c->transport = transport;
    c->transport_arg = arg;
    c->started = clock_mono();
    c->route = "none";
    c->next = emu->calls;
    if (c->next) {
        c->next->prev = c;
    }
    emu->calls = c;
    return c;
}

static void call_free(struct call *c)
{
    if (c->next) {
        c->next->prev = c->prev;
    }
    if (c->prev) {
        c->prev->next = c->next;
    } else {
        c->emu->calls = c->next;
    }
    buf_done(&c->out);
    arena_done(&c->arena);
    wipe_free(c);
}

/* "name:port" apart; an IPv6 literal keeps its brackets. */
static void set_host(struct call *c, struct str host)
{
    c->host = lower(&c->arena, host);
    ptrdiff_t colon = str_rfind_byte(c->host, ':');
    ptrdiff_t bracket = str_rfind_byte(c->host, ']');
    bool has_port = colon > bracket;
    c->hostname = has_port ? str_head(c->host, (size_t)colon) : c->host;
    c->port = has_port ? str_from(c->host, (size_t)colon) : STR_EMPTY;
}

void call_set_hostname(struct call *c, struct str name)
{
    c->hostname = lower(&c->arena, name);
    c->host = arena_printf(&c->arena, "%.*s%.*s", STR_ARG(c->hostname), STR_ARG(c->port));
}

/* With a bad escape it stays as it came, and no route will fit. */
static struct str decode_segment(struct arena *a, struct str part)
{
    AUTO(buf_done) struct buf text = BUF_INIT(MAX_SEGMENT);
    bool ok = url_decode(&text, part, URL_SEGMENT, NULL) == 0 && buf_ok(&text);
    return ok ? arena_str(a, buf_str(&text)) : part;
}

void call_set_target(struct call *c, struct str method, struct str host, struct str target,
                     struct str body)
{
    c->method = method;
    url_split_target(target, &c->path, &c->query_text);
    c->body = body;
    set_host(c, host);
    (void)url_params_parse(&c->arena, c->query_text, URL_FORM, &c->query, NULL);
    for (struct str rest = c->path, part; str_split(&rest, '/', &part);) {
        if (part.n == 0) {
            continue;
        }
        if (c->n_segments == CALL_MAX_SEGMENTS) {
            c->path_too_long = true;
            break;
        }
        c->segment[c->n_segments++] = decode_segment(&c->arena, part);
    }
}

void call_finish(struct call *c)
{
    emulator_note_answer(c);
    c->transport->answer(c->transport_arg, c);
    call_free(c);
}

struct str call_get_header(const struct call *c, const char *name)
{
    return c->transport->header(c->transport_arg, name);
}

struct str call_bearer(const struct call *c)
{
    struct str value = call_get_header(c, "Authorization");
    struct str scheme = STR("Bearer ");
    if (value.n <= scheme.n || !str_ieq(str_head(value, scheme.n), scheme)) {
        return STR_EMPTY;
    }
    return str_trim(str_from(value, scheme.n));
}

struct str call_base(struct call *c)
{
    const char *scheme = c->listener == LISTENER_MAIN ? "https" : "http";
    return arena_printf(&c->arena, "%s://%.*s", scheme, STR_ARG(c->host));
}

void call_set_header(struct call *c, const char *name, struct str value)
{
    must(c->n_headers < CALL_MAX_HEADERS);
    c->headers[c->n_headers++] =
        (struct call_header){.name = name, .value = arena_str(&c->arena, value)};
}

struct json_writer call_json(struct call *c, int status)
{
    c->status = status;
    c->content_type = "application/json; charset=utf-8";
    buf_clear(&c->out);
    return json_writer(&c->out);
}

void call_text(struct call *c, int status, const char *content_type, struct str body)
{
    c->status = status;
    c->content_type = content_type;
    buf_clear(&c->out);
    buf_add_str(&c->out, body);
}

void call_error_inner(struct call *c, int status, const char *code, const char *inner,
                      struct str message)
{
    struct json_writer w = call_json(c, status);
    json_w_object(&w);
    json_w_key(&w, "error");
    json_w_object(&w);
    json_w_strings(&w, "code", code, NULL);
    json_w_key(&w, "message");
    json_w_str(&w, message);
    if (inner) {
        json_w_key(&w, "innererror");
        json_w_object(&w);
        json_w_strings(&w, "code", inner, NULL);
        json_w_end(&w);
    }
    json_w_end(&w);
    json_w_end(&w);
}

void call_error(struct call *c, int status, const char *code, struct str message)
{
    call_error_inner(c, status, code, NULL, message);
}

bool call_path_fits(struct call *c, const char *pattern)
{
    size_t at = 0, args = 0;
    struct str rest = str_c(pattern + 1), part;
    while (rest.n > 0 && str_split(&rest, '/', &part)) {
        if (at == c->n_segments) {
            return false;
        }
        struct str segment = c->segment[at++];
        if (!str_eq(part, STR("{}"))) {
            if (!str_ieq(part, segment)) {
                return false;
            }
        } else if (args < CALL_MAX_ARGS) {
            c->arg[args++] = segment;
        }
    }
    return at == c->n_segments && !c->path_too_long;
}

bool call_route(struct call *c, const struct route *routes, size_t n, bool *method_wrong)
{
    *method_wrong = false;
    for (size_t i = 0; i < n; i++) {
        if (!call_path_fits(c, routes[i].pattern)) {
            continue;
        }
        if (!str_eq_c(c->method, routes[i].method)) {
            *method_wrong = true;
            continue;
        }
        c->route = routes[i].name;
        routes[i].handle(c);
        return true;
    }
    return false;
}
