/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests to the emulator, one after the other, from the request line to the answer:
 *     METHOD HOST TARGET
 *     Header: value            ("Authorization: Bearer @" is a good token)
 *
 *     body
 *     ====                     (then the next request)
 * The hosts "msi" and "admin" are its other listeners.
 */
#include "emulator_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char seed[] =
    "tenants: [{id: " TENANT ", domain: t.example}]\n"
    "apps: [{name: a, clientId: " CLIENT ", secrets: [{value: s}]}]\n"
    "identities: [{name: i}]\n"
    "vaults: [{name: kv1, secrets: [{name: s, value: v, tags: {a: b}}]}, {name: kv2, mode: "
    "policy}]\n"
    "roleAssignments: [{principal: a, role: Key Vault Administrator, scope: /}]\n";

static struct emulator *e;

static struct str good_token(struct arena *a, const char *audience)
{
    struct principal p;
    store_begin(e->store);
    must(directory_client(e->store, a, STR(TENANT), STR(CLIENT), &p));
    store_rollback(e->store);
    const struct token_request r = {.principal = &p,
                                    .audience = str_c(audience),
                                    .now = emulator_now(e),
                                    .expires = emulator_now(e) + 3600,
                                    .strength = "1"};
    return token_mint(e->keys, a, &r);
}

/* The part before the separator, which is removed. */
static struct str take(struct str *rest, struct str separator)
{
    ptrdiff_t at = str_find(*rest, separator);
    struct str part = at < 0 ? *rest : str_head(*rest, (size_t)at);
    *rest = at < 0 ? STR_EMPTY : str_from(*rest, (size_t)at + separator.n);
    return part;
}

static void one_request(struct arena *a, struct str text, struct str token)
{
    struct str line = take(&text, STR("\n")), method = STR_EMPTY, host = STR_EMPTY;
    (void)str_split(&line, ' ', &method);
    (void)str_split(&line, ' ', &host);
    struct target_call t = {.a = a, .token = token};
    t.headers = take(&text, STR("\n\n"));
    enum listener listener = LISTENER_MAIN;
    if (str_eq(host, STR("msi"))) {
        listener = LISTENER_MSI;
    } else if (str_eq(host, STR("admin"))) {
        listener = LISTENER_ADMIN;
    }
    target_send(e, &t, listener, method, host, line.p ? line : STR_EMPTY, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct str rest = str_n(data, size);
    if (size > 64 * 1024) {
        return 0;
    }
    if (!e) {
        e = target_new();
    }
    target_reset(e);
    target_seed(e, str_c(seed));
    struct str token = good_token(&a, "https://vault.azure.net");
    for (int i = 0; i < 8 && rest.n > 0; i++) {
        one_request(&a, take(&rest, STR("\n====\n")), token);
    }
    return 0;
}
