/* SPDX-License-Identifier: Apache-2.0
 *
 * The door of a vault. The order of the checks is part of the protocol: every SDK sends its first
 * request without a token and without its body and expects the challenge, so nothing may be refused
 * before that.
 */
#define LOGGER "emulator"
#include "emulator/vault.h"

#include "base/log.h"

const struct object_kind *object_kind(enum object_type type)
{
    static const struct object_kind *const kinds[OBJECT_TYPES] = {
        [OBJECT_SECRET] = &kind_secret,
        [OBJECT_KEY] = &kind_key,
        [OBJECT_CERTIFICATE] = &kind_certificate,
    };
    return kinds[type];
}

#define S    (1u << OBJECT_SECRET)
#define K    (1u << OBJECT_KEY)
#define C    (1u << OBJECT_CERTIFICATE)
#define EACH (S | K | C)

/* The first segment of a pattern is "live" or "bin" and stands for that segment of each type in
 * types; {n} is the name, {v} the version. */
static const struct vault_route {
    const char *method;
    const char *pattern;
    uint32_t types;
    enum access access;
    vault_op op;
    const char *name[OBJECT_TYPES]; /* for the request log */
} routes[] = {
    {"GET", "live", EACH, ACCESS_LIST, op_list, {"secret list", "key list", "certificate list"}},
    {"POST",
     "live/restore",
     EACH,
     ACCESS_RESTORE,
     op_restore,
     {"secret restore", "key restore", "certificate restore"}},
    {"GET", "live/{n}", EACH, ACCESS_GET, op_get, {"secret get", "key get", "certificate get"}},
    {"PUT", "live/{n}", S, ACCESS_SET, op_set_secret, {"secret set"}},
    {"PUT", "live/{n}", K, ACCESS_IMPORT, op_import_key, {NULL, "key import"}},
    {"PATCH",
     "live/{n}",
     EACH,
     ACCESS_UPDATE,
     op_update,
     {"secret update", "key update", "certificate update"}},
    {"DELETE",
     "live/{n}",
     EACH,
     ACCESS_DELETE,
     op_delete,
     {"secret delete", "key delete", "certificate delete"}},
    {"GET",
     "live/{n}/versions",
     EACH,
     ACCESS_LIST,
     op_versions,
     {"secret versions", "key versions", "certificate versions"}},
    {"POST",
     "live/{n}/backup",
     EACH,
     ACCESS_BACKUP,
     op_backup,
     {"secret backup", "key backup", "certificate backup"}},
    {"POST", "live/{n}/create", K, ACCESS_CREATE, op_create_key, {NULL, "key create"}},
    {"POST",
     "live/{n}/create",
     C,
     ACCESS_CREATE,
     op_create_certificate,
     {NULL, NULL, "certificate create"}},
    {"POST",
     "live/{n}/import",
     C,
     ACCESS_IMPORT,
     op_import_certificate,
     {NULL, NULL, "certificate import"}},
    {"GET",
     "live/{n}/policy",
     C,
     ACCESS_GET,
     op_certificate_policy,
     {NULL, NULL, "certificate policy"}},
    {"GET",
     "live/{n}/pending",
     C,
     ACCESS_GET,
     op_certificate_operation,
     {NULL, NULL, "certificate operation"}},
    {"GET",
     "live/{n}/{v}",
     EACH,
     ACCESS_GET,
     op_get,
     {"secret get version", "key get version", "certificate get version"}},
    {"PATCH",
     "live/{n}/{v}",
     EACH,
     ACCESS_UPDATE,
     op_update,
     {"secret update", "key update", "certificate update"}},
    {"GET",
     "bin",
     EACH,
     ACCESS_LIST,
     op_list_deleted,
     {"deleted secret list", "deleted key list", "deleted certificate list"}},
    {"GET",
     "bin/{n}",
     EACH,
     ACCESS_GET,
     op_get_deleted,
     {"deleted secret get", "deleted key get", "deleted certificate get"}},
    {"POST",
     "bin/{n}/recover",
     EACH,
     ACCESS_RECOVER,
     op_recover,
     {"secret recover", "key recover", "certificate recover"}},
    {"DELETE",
     "bin/{n}",
     EACH,
     ACCESS_PURGE,
     op_purge,
     {"secret purge", "key purge", "certificate purge"}},
};

#undef S
#undef K
#undef C

/* Which type and side the first segment names. */
static const struct object_kind *kind_of_path(const struct call *c, bool *bin)
{
    for (size_t i = 0; i < OBJECT_TYPES && c->n_segments > 0; i++) {
        const struct object_kind *kind = object_kind((enum object_type)i);
        *bin = str_ieq(c->segment[0], str_c(kind->bin));
        if (*bin || str_ieq(c->segment[0], str_c(kind->live))) {
            return kind;
        }
    }
    return NULL;
}

static bool segment_fits(struct vault_call *v, struct str part, struct str segment, bool bin)
{
    if (str_eq(part, STR("{n}"))) {
        v->name = segment;
        return true;
    }
    if (str_eq(part, STR("{v}"))) {
        v->version = segment;
        return true;
    }
    if (str_eq(part, STR("live")) || str_eq(part, STR("bin"))) {
        return str_eq_c(part, bin ? "bin" : "live");
    }
    return str_ieq(part, segment);
}

static bool route_fits(struct vault_call *v, const struct vault_route *r, bool bin)
{
    size_t at = 0;
    v->name = v->version = STR_EMPTY;
    for (struct str rest = str_c(r->pattern), part; str_split(&rest, '/', &part); at++) {
        if (at == v->c->n_segments || !segment_fits(v, part, v->c->segment[at], bin)) {
            return false;
        }
    }
    return at == v->c->n_segments && !v->c->path_too_long;
}

/* The route of the call, or NULL after answering. */
static const struct vault_route *find_route(struct vault_call *v)
{
    bool bin = false, method_wrong = false;
    v->kind = kind_of_path(v->c, &bin);
    for (size_t i = 0; v->kind && i < COUNT_OF(routes); i++) {
        const struct vault_route *r = &routes[i];
        if (!(r->types & (1u << v->kind->type)) || !route_fits(v, r, bin)) {
            continue;
        }
        if (str_eq_c(v->c->method, r->method)) {
            v->c->route = r->name[v->kind->type];
            return r;
        }
        method_wrong = true;
    }
    if (method_wrong) {
        vault_error(
            v->c, VERR_METHOD, NULL,
            arena_printf(v->a, "The %.*s method is not allowed here.", STR_ARG(v->c->method)));
    } else {
        call_error(v->c, 404, "NotFound", STR("The emulator knows no such resource."));
    }
    return NULL;
}

static bool digits(struct str s, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (i >= s.n || s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
    }
    return true;
}

/* 7.0 to 7.9, 2016-10-01 and whatever dates may follow, each perhaps with "-preview" and more. */
static bool api_version_known(struct str version)
{
    ptrdiff_t dash = str_find(version, STR("-preview"));
    struct str v = dash < 0 ? version : str_head(version, (size_t)dash);
    if (v.n == 3) {
        return str_starts(v, STR("7.")) && digits(v, 2, 3);
    }
    return v.n == 10 && digits(v, 0, 4) && v.p[4] == '-' && digits(v, 5, 7) && v.p[7] == '-' &&
           digits(v, 8, 10);
}

static bool check_api_version(struct vault_call *v)
{
    v->api_version = url_params_str(&v->c->query, "api-version");
    if (api_version_known(v->api_version)) {
        return true;
    }
    fail_bad_parameter(v, v->api_version.n == 0
                              ? STR("api-version must be specified")
                              : STR("The specified version is not recognized. Consider using the "
                                    "latest supported version."));
    return false;
}

bool vault_name_valid(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '-')) {
            return false;
        }
    }
    return name.n >= 1 && name.n <= 127;
}

static bool check_name(struct vault_call *v)
{
    if (v->name.n == 0 || vault_name_valid(v->name)) {
        return true;
    }
    fail_bad_parameter(
        v, arena_printf(v->a, "The request URI contains an invalid name: %.*s", STR_ARG(v->name)));
    return false;
}

static bool read_body(struct vault_call *v)
{
    struct str text = str_trim(v->c->body);
    if (text.n == 0) {
        v->body = json_new_object(v->a);
        return true;
    }
    v->body = json_parse(v->a, text, JSON_PLAIN, NULL);
    if (json_is(v->body, JSON_OBJECT)) {
        return true;
    }
    fail_bad_parameter(v, STR("The request body is not a valid JSON object."));
    return false;
}

/* Ends the transaction and the call. A failure of the database takes the answer's place. */
static void vault_end(struct vault_call *v)
{
    AUTO(err_freep) struct err *err = NULL;
    if (v->undo) {
        store_rollback(v->s);
    } else if (store_commit(v->s, &err) != 0) {
        LOG_ERROR("a request failed", F("route", v->c->route), F("error", err));
        vault_error(v->c, VERR_INTERNAL, NULL,
                    STR("An internal error occurred while processing the request."));
    }
    vault_headers(v->c);
    call_finish(v->c);
}

static void serve(struct vault_call *v)
{
    if (!vault_authenticate(v)) {
        return;
    }
    const struct vault_route *r = find_route(v);
    if (r && check_api_version(v) && check_name(v) && read_body(v) &&
        vault_authorize(v, r->access)) {
        r->op(v);
    }
}

void vault_handle(struct call *c)
{
    struct vault_call *v = arena_new(&c->arena, struct vault_call);
    *v = (struct vault_call){.c = c, .a = &c->arena, .s = c->emu->store};
    v->now = emulator_now(c->emu);
    v->base = call_base(c);
    store_begin(v->s);
    if (directory_vault(v->s, v->a, c->vault_name, &v->vault)) {
        serve(v);
    } else {
        /* In Azure such a name does not resolve. */
        call_error(c, 404, "VaultNotFound",
                   arena_printf(v->a,
                                "The emulator has no vault \"%.*s\": add it to the seed. In Azure "
                                "this would be a DNS error.",
                                STR_ARG(c->vault_name)));
    }
    if (!v->later) {
        vault_end(v);
        return;
    }
    AUTO(err_freep) struct err *err = NULL;
    if (store_commit(v->s, &err) != 0) {
        LOG_ERROR("a request failed", F("route", c->route), F("error", err));
    }
}

/* Worker threads see only this; a vault_call is the loop's. */
struct work {
    struct vault_call *v;
    void (*fn)(void *job);
};

static void run_work(void *arg)
{
    struct work *work = arg;
    work->fn(work->v->job);
}

static void work_done(void *arg)
{
    struct work *work = arg;
    struct vault_call *v = work->v;
    v->c->emu->working--;
    store_begin(v->s);
    v->rest(v);
    vault_end(v);
}

void vault_work(struct vault_call *v, void *job, void (*work)(void *job), vault_op rest)
{
    v->job = job;
    v->rest = rest;
    if (!v->c->emu->loop) {
        work(job);
        rest(v);
        return;
    }
    struct work *w = arena_new(v->a, struct work);
    *w = (struct work){.v = v, .fn = work};
    v->later = true;
    v->c->emu->working++;
    loop_work(v->c->emu->loop, run_work, work_done, w);
}
