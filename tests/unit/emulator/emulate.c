/* SPDX-License-Identifier: Apache-2.0 */
#include "emulate.h"

#include "base/clock.h"
#include "emulator/seed.h"

static const char standard_seed[] =
    "tenants:\n"
    "  - {id: " TENANT ", name: test, domain: test.example}\n"
    "apps:\n"
    "  - name: admin\n"
    "    clientId: " ADMIN_ID "\n"
    "    secrets: [{value: '" SECRET "'}]\n"
    "  - name: user\n"
    "    clientId: " USER_ID "\n"
    "    secrets: [{value: '" SECRET "'}]\n"
    "vaults:\n"
    "  - name: kv1\n"
    "roleAssignments:\n"
    "  - {principal: admin, role: Key Vault Administrator, scope: kv1}\n"
    "  - {principal: user, role: Key Vault Secrets User, scope: kv1}\n";

void emulate_seed(struct emulate *m, const char *seed)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    struct seed_result result = {0};
    assert_ok(
        seed_apply(m->e->store, &a, str_c(seed), "seed.yaml", emulator_now(m->e), &result, &err),
        err);
}

void emulate_init(struct emulate *m, const char *seed)
{
    emulate_init_on(m, seed, NULL);
}

void emulate_init_on(struct emulate *m, const char *seed, struct loop *l)
{
    AUTO(err_freep) struct err *err = NULL;
    const struct emulator_config config = emulator_config_default();
    *m = (struct emulate){.loop = l, .answer.arena = ARENA_INIT(ARENA_PLAIN)};
    if (!clock_is_fake()) {
        clock_fake_start(NS_S, 1800000000 * NS_S);
    }
    m->e = emulator_new(l, &config, &err);
    assert_non_null(m->e);
    emulate_seed(m, seed ? seed : standard_seed);
}

void emulate_done(struct emulate *m)
{
    emulator_free(m->e);
    arena_done(&m->answer.arena);
    free(m->token);
}

/* ---- the transport ---- */

static struct str get_header(void *transport, const char *name)
{
    struct emulate *m = transport;
    struct str wanted = str_c(name);
    if (m->token && str_ieq(wanted, STR("Authorization"))) {
        return arena_printf(&m->answer.arena, "Bearer %s", m->token);
    }
    for (size_t i = 0; i < m->n_headers; i++) {
        struct str line = m->headers[i];
        if (line.n > wanted.n + 2 && str_ieq(str_head(line, wanted.n), wanted) &&
            line.p[wanted.n] == ':') {
            return str_from(line, wanted.n + 2);
        }
    }
    return STR_EMPTY;
}

static void take_answer(void *transport, struct call *c)
{
    struct emulate *m = transport;
    struct answer *a = &m->answer;
    a->count++;
    a->status = c->status;
    a->body = arena_str(&a->arena, buf_str(&c->out));
    a->json = json_parse(&a->arena, a->body, JSON_PLAIN, NULL);
    a->n_headers = c->n_headers;
    for (size_t i = 0; i < c->n_headers; i++) {
        a->headers[i] = (struct call_header){.name = c->headers[i].name,
                                             .value = arena_str(&a->arena, c->headers[i].value)};
    }
}

static void send_to(struct emulate *m, enum listener listener, const char *method, const char *host,
                    const char *target, const char *body)
{
    static const struct call_transport transport = {.header = get_header, .answer = take_answer};
    arena_reset(&m->answer.arena);
    m->answer.count = 0;
    struct call *c = call_new(m->e, listener, &transport, m);
    c->peer = STR("127.0.0.1");
    call_set_target(c, str_c(method), str_c(host), str_c(target), str_c(body));
    emulator_dispatch(c);
    for (int i = 0; i < 2000 && m->loop && m->answer.count == 0; i++) {
        loop_once(m->loop, 10 * NS_MS);
    }
    assert_int_equal(m->answer.count, 1);
}

void ask_host(struct emulate *m, const char *method, const char *host, const char *target,
              const char *body)
{
    enum listener listener = LISTENER_MAIN;
    if (strcmp(host, "msi") == 0) {
        listener = LISTENER_MSI;
    } else if (strcmp(host, "admin") == 0) {
        listener = LISTENER_ADMIN;
    }
    send_to(m, listener, method, host, target, body);
}

int ask(struct emulate *m, const char *method, const char *target, const char *body)
{
    bool has_query = strchr(target, '?') != NULL;
    AUTO(freep)
    char *full = xasprintf("%s%capi-version=7.4", target, has_query ? '&' : '?');
    ask_host(m, method, VAULT, full, body);
    return m->answer.status;
}

int ask_token(struct emulate *m, const char *path, const char *form)
{
    ask_host(m, "POST", "login.microsoftonline.com", path, form);
    return m->answer.status;
}

void login(struct emulate *m, const char *client_id)
{
    free(TAKE(m->token));
    AUTO(freep)
    char *form = xasprintf("grant_type=client_credentials&client_id=%s&client_secret=" SECRET
                           "&scope=https%%3A%%2F%%2Fvault.azure.net%%2F.default",
                           client_id);
    assert_int_equal(ask_token(m, "/" TENANT "/oauth2/v2.0/token", form), 200);
    m->token = str_dup(said(m, "access_token"));
}

struct str said(struct emulate *m, const char *path)
{
    return json_find_str(m->answer.json, path);
}

int64_t said_int(struct emulate *m, const char *path)
{
    return json_int(json_find(m->answer.json, path), -1);
}

struct str header(struct emulate *m, const char *name)
{
    for (size_t i = 0; i < m->answer.n_headers; i++) {
        if (str_ieq(str_c(m->answer.headers[i].name), str_c(name))) {
            return m->answer.headers[i].value;
        }
    }
    return STR_EMPTY;
}

void pass(struct emulate *m, int64_t seconds)
{
    clock_fake_advance(seconds * NS_S);
}
