/* SPDX-License-Identifier: Apache-2.0 */
#include "emulate.h"

#include "base/map.h"

static struct emulate m;

static int setup(void **state)
{
    emulate_init(&m, NULL);
    login(&m, ADMIN_ID);
    return 0;
}

static int teardown(void **state)
{
    emulate_done(&m);
    return 0;
}

/* ---- the door ---- */

static void test_challenge_comes_before_everything(void **state)
{
    static const struct {
        const char *method, *target, *body;
    } cases[] = {
        {"GET", "/secrets/db-pass?api-version=7.4", ""},
        {"PUT", "/secrets/db-pass?api-version=7.4", ""}, /* the probe of every SDK: no body */
        {"PUT", "/secrets/bad_name!?api-version=nonsense", "{"},
        {"GET", "/nowhere", ""},
    };
    free(TAKE(m.token));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ask_host(&m, cases[i].method, VAULT, cases[i].target, cases[i].body);
        assert_int_equal(m.answer.status, 401);
        assert_str(header(&m, "WWW-Authenticate"),
                   "Bearer authorization=\"https://login.microsoftonline.com/" TENANT
                   "\", resource=\"https://vault.azure.net\"");
        assert_str(said(&m, "error.code"), "Unauthorized");
        assert_str(said(&m, "error.message"),
                   "AKV10000: Request is missing a Bearer or PoP token.");
    }
    ask_host(&m, "GET", VAULT ":8443", "/secrets", "");
    assert_str(header(&m, "WWW-Authenticate"),
               "Bearer authorization=\"https://login.microsoftonline.com:8443/" TENANT
               "\", resource=\"https://vault.azure.net:8443\"");
}

static void test_api_version(void **state)
{
    static const struct {
        const char *query;
        int status;
    } cases[] = {
        {"?api-version=7.0", 200},
        {"?api-version=7.6-preview.2", 200},
        {"?api-version=2016-10-01", 200},
        {"?api%2Dversion=2025-07-01", 200},
        {"?api-version=2026-07-01-preview", 200},
        {"", 400},
        {"?api-version=", 400},
        {"?api-version=8", 400},
        {"?api-version=7.x", 400},
        {"?api-version=2025-7-1", 400},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(freep) char *target = xasprintf("/secrets%s", cases[i].query);
        ask_host(&m, "GET", VAULT, target, "");
        assert_int_equal(m.answer.status, cases[i].status);
        if (cases[i].status == 400) {
            assert_str(said(&m, "error.code"), "BadParameter");
        }
    }
}

static void test_paths_are_read_liberally(void **state)
{
    static const char *const targets[] = {
        "/secrets/db-pass", "/secrets/db-pass/",   "//secrets/db-pass",
        "/SECRETS/DB-PASS", "/secrets//db-pass//", "/secrets/db%2Dpass",
    };
    assert_int_equal(ask(&m, "PUT", "/secrets/DB-Pass", "{\"value\":\"x\"}"), 200);
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        assert_int_equal(ask(&m, "GET", targets[i], ""), 200);
        assert_str(str_head(said(&m, "id"), strlen("https://" VAULT "/secrets/DB-Pass/")),
                   "https://" VAULT "/secrets/DB-Pass/");
    }
}

static void test_unknown_vault_and_method(void **state)
{
    ask_host(&m, "GET", "nobody.vault.azure.net", "/secrets?api-version=7.4", "");
    assert_int_equal(m.answer.status, 404);
    assert_str(said(&m, "error.code"), "VaultNotFound");
    assert_int_equal(ask(&m, "POST", "/secrets/x", ""), 405);
    assert_int_equal(ask(&m, "GET", "/secrets/x/y/z", ""), 404);
    assert_int_equal(ask(&m, "GET", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n", ""), 404);
}

static void test_headers_of_an_answer(void **state)
{
    m.headers[0] = STR("x-ms-client-request-id: 5a0e1d5c-0000-4000-8000-000000000000");
    m.headers[1] = STR("x-ms-return-client-request-id: true");
    m.n_headers = 2;
    assert_int_equal(ask(&m, "GET", "/secrets", ""), 200);
    assert_str(header(&m, "x-ms-client-request-id"), "5a0e1d5c-0000-4000-8000-000000000000");
    assert_int_equal(header(&m, "x-ms-request-id").n, 36);
    assert_str(header(&m, "Cache-Control"), "no-cache");
    assert_int_equal(header(&m, "ETag").n, 0);
}

/* ---- secrets ---- */

static void test_set_and_get(void **state)
{
    assert_int_equal(
        ask(&m, "PUT", "/secrets/db-pass",
            "{\"value\":\"hunter2\",\"contentType\":\"text/plain\",\"tags\":{\"owner\":"
            "\"billing\"},\"attributes\":{\"enabled\":true,\"nbf\":1772323200,"
            "\"exp\":4102444800},\"unknown\":[1]}"),
        200);
    AUTO(freep) char *id = str_dup(said(&m, "id"));
    assert_int_equal(strlen(id), strlen("https://" VAULT "/secrets/db-pass/") + 32);
    static const char *const targets[] = {"/secrets/db-pass", NULL};
    AUTO(freep) char *versioned = xstrdup(id + strlen("https://" VAULT));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ask(&m, "GET", i ? versioned : targets[0], ""), 200);
        assert_str(said(&m, "value"), "hunter2");
        assert_str(said(&m, "contentType"), "text/plain");
        assert_str(said(&m, "tags.owner"), "billing");
        assert_str(said(&m, "id"), id);
        assert_int_equal(said_int(&m, "attributes.nbf"), 1772323200);
        assert_int_equal(said_int(&m, "attributes.exp"), 4102444800);
        assert_str(said(&m, "attributes.recoveryLevel"), "Recoverable+Purgeable");
        assert_int_equal(said_int(&m, "attributes.recoverableDays"), 90);
    }
}

static void test_absent_members_are_left_out(void **state)
{
    ask(&m, "PUT", "/secrets/bare", "{\"value\":\"\"}");
    assert_int_equal(m.answer.status, 200);
    assert_str(said(&m, "value"), "");
    static const char *const absent[] = {"contentType",    "tags", "attributes.nbf",
                                         "attributes.exp", "kid",  "managed"};
    for (size_t i = 0; i < COUNT_OF(absent); i++) {
        assert_null(json_find(m.answer.json, absent[i]));
    }
    assert_true(json_bool(json_find(m.answer.json, "attributes.enabled"), false));
}

static void test_a_put_takes_nothing_over(void **state)
{
    ask(&m, "PUT", "/secrets/s",
        "{\"value\":\"1\",\"contentType\":\"a\",\"tags\":{\"k\":\"v\"},\"attributes\":{\"exp\":5}"
        "}");
    AUTO(freep) char *first = str_dup(said(&m, "id"));
    pass(&m, 10);
    ask(&m, "PUT", "/secrets/s", "{\"value\":\"1\"}");
    assert_false(str_eq_c(said(&m, "id"), first)); /* a new version for an equal value too */
    assert_null(json_find(m.answer.json, "contentType"));
    assert_null(json_find(m.answer.json, "tags"));
    assert_null(json_find(m.answer.json, "attributes.exp"));
    ask(&m, "GET", first + strlen("https://" VAULT), "");
    assert_str(said(&m, "contentType"), "a"); /* the old one is as it was */
}

static void test_update_changes_what_is_there(void **state)
{
    ask(&m, "PUT", "/secrets/s",
        "{\"value\":\"1\",\"contentType\":\"a\",\"tags\":{\"k\":\"v\"},\"attributes\":{\"exp\":5}"
        "}");
    int64_t created = said_int(&m, "attributes.created");
    AUTO(freep) char *id = str_dup(said(&m, "id"));
    pass(&m, 100);
    assert_int_equal(
        ask(&m, "PATCH", id + strlen("https://" VAULT), "{\"attributes\":{\"nbf\":7}}"), 200);
    assert_null(json_find(m.answer.json, "value"));
    assert_int_equal(said_int(&m, "attributes.nbf"), 7);
    assert_int_equal(said_int(&m, "attributes.exp"), 5);
    assert_int_equal(said_int(&m, "attributes.created"), created);
    assert_int_equal(said_int(&m, "attributes.updated"), created + 100);
    assert_str(said(&m, "tags.k"), "v");
    ask(&m, "PATCH", "/secrets/s",
        "{\"tags\":{\"other\":\"x\"},\"contentType\":\"b\",\"value\":\"9\"}");
    assert_null(json_find(m.answer.json, "tags.k")); /* tags are replaced whole */
    ask(&m, "GET", "/secrets/s", "");
    assert_str(said(&m, "tags.other"), "x");
    assert_str(said(&m, "contentType"), "b");
    assert_str(said(&m, "value"), "1"); /* and the value cannot change */
    assert_str(said(&m, "id"), id);
}

static void test_latest_is_the_last_created(void **state)
{
    ask(&m, "PUT", "/secrets/s", "{\"value\":\"old\"}");
    AUTO(freep) char *old = str_dup(str_from(said(&m, "id"), strlen("https://" VAULT)));
    ask(&m, "PUT", "/secrets/s", "{\"value\":\"new\"}"); /* within the same second */
    pass(&m, 50);
    ask(&m, "PATCH", old, "{\"tags\":{\"a\":\"b\"}}");
    ask(&m, "GET", "/secrets/s", "");
    assert_str(said(&m, "value"), "new");
    ask(&m, "GET", "/secrets", "");
    assert_int_equal(json_len(json_get(m.answer.json, "value")), 1);
    assert_null(json_get(json_at(json_get(m.answer.json, "value"), 0), "tags"));
}

static void test_disabled_blocks_reading_only(void **state)
{
    ask(&m, "PUT", "/secrets/s", "{\"value\":\"1\"}");
    assert_int_equal(ask(&m, "PATCH", "/secrets/s", "{\"attributes\":{\"enabled\":false}}"), 200);
    assert_int_equal(ask(&m, "GET", "/secrets/s", ""), 403);
    assert_str(said(&m, "error.code"), "Forbidden");
    assert_str(said(&m, "error.innererror.code"), "SecretDisabled");
    assert_str(said(&m, "error.message"), "Operation get is not allowed on a disabled secret.");
    assert_int_equal(ask(&m, "GET", "/secrets", ""), 200);
    assert_int_equal(json_len(json_get(m.answer.json, "value")), 1);
    assert_int_equal(ask(&m, "PATCH", "/secrets/s", "{\"attributes\":{\"enabled\":true}}"), 200);
    assert_int_equal(ask(&m, "GET", "/secrets/s", ""), 200);
}

static void test_times_are_only_advice(void **state)
{
    ask(&m, "PUT", "/secrets/s", "{\"value\":\"1\",\"attributes\":{\"nbf\":4102444800,\"exp\":1}}");
    assert_int_equal(ask(&m, "GET", "/secrets/s", ""), 200);
    ask(&m, "PUT", "/secrets/s", "{\"value\":\"1\",\"attributes\":{\"exp\":-192522496}}");
    assert_int_equal(said_int(&m, "attributes.exp"), -192522496);
}

static void test_limits(void **state)
{
    AUTO(buf_done) struct buf b = BUF_INIT(100000);
    static const struct {
        size_t size;
        int status;
    } sizes[] = {{25600, 200}, {25601, 400}};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        buf_clear(&b);
        buf_add_c(&b, "{\"value\":\"");
        buf_add_repeat(&b, 'v', sizes[i].size);
        buf_add_c(&b, "\"}");
        assert_int_equal(ask(&m, "PUT", "/secrets/big", b.p), sizes[i].status);
    }
    assert_str(said(&m, "error.message"), "Property has invalid value\r\n");
    for (int n = 15; n <= 16; n++) {
        buf_clear(&b);
        buf_add_c(&b, "{\"value\":\"1\",\"tags\":{");
        for (int i = 0; i < n; i++) {
            buf_addf(&b, "%s\"t%d\":\"\"", i ? "," : "", i);
        }
        buf_add_c(&b, "}}");
        assert_int_equal(ask(&m, "PUT", "/secrets/tags", b.p), n == 15 ? 200 : 400);
    }
}

static void test_bad_requests(void **state)
{
    static const struct {
        const char *target, *body, *message;
    } cases[] = {
        {"/secrets/my_secret", "{\"value\":\"1\"}",
         "The request URI contains an invalid name: my_secret"},
        {"/secrets/s", "{\"value\":1}", "Property has invalid value\r\n"},
        {"/secrets/s", "{}", "Property has invalid value\r\n"},
        {"/secrets/s", "", "Property has invalid value\r\n"},
        {"/secrets/s", "[1]", "The request body is not a valid JSON object."},
        {"/secrets/s", "{", "The request body is not a valid JSON object."},
        {"/secrets/s", "{\"value\":\"1\",\"tags\":{\"a\":1}}", "Property has invalid value\r\n"},
        {"/secrets/s", "{\"value\":\"1\",\"attributes\":{\"exp\":\"x\"}}",
         "Property has invalid value\r\n"},
        {"/secrets/s", "{\"value\":\"1\",\"attributes\":7}", "Property has invalid value\r\n"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(ask(&m, "PUT", cases[i].target, cases[i].body), 400);
        assert_str(said(&m, "error.code"), "BadParameter");
        assert_str(said(&m, "error.message"), cases[i].message);
    }
    AUTO(buf_done) struct buf name = BUF_INIT(300);
    buf_add_c(&name, "/secrets/");
    buf_add_repeat(&name, 'n', 127);
    assert_int_equal(ask(&m, "PUT", name.p, "{\"value\":\"1\"}"), 200);
    buf_add_byte(&name, 'n');
    assert_int_equal(ask(&m, "PUT", name.p, "{\"value\":\"1\"}"), 400);
}

static void test_not_found(void **state)
{
    assert_int_equal(ask(&m, "GET", "/secrets/nope", ""), 404);
    assert_str(said(&m, "error.code"), "SecretNotFound");
    assert_str(said(&m, "error.message"),
               "A secret with (name/id) nope was not found in this key vault. If you recently "
               "deleted this secret you may be able to recover it using the correct recovery "
               "command. For help resolving this issue, please see "
               "https://go.microsoft.com/fwlink/?linkid=2125182");
    ask(&m, "PUT", "/secrets/s", "{\"value\":\"1\"}");
    assert_int_equal(ask(&m, "GET", "/secrets/s/00000000000000000000000000000000", ""), 404);
    assert_true(str_find(said(&m, "error.message"),
                         STR("(name/id) s/00000000000000000000000000000000 ")) > 0);
    assert_int_equal(ask(&m, "GET", "/keys/s", ""), 404);
    assert_str(said(&m, "error.code"), "KeyNotFound");
}

/* ---- lists ---- */

/* Follows nextLink to the end; returns how many items there were, *pages how many pages. */
static size_t follow(const char *target, size_t *pages, struct map *ids)
{
    AUTO(freep) char *next =
        xasprintf("%s%capi-version=7.4", target, strchr(target, '?') ? '&' : '?');
    size_t n = 0;
    for (*pages = 0; next; (*pages)++) {
        assert_true(*pages < 100);
        ask_host(&m, "GET", VAULT, next, "");
        assert_int_equal(m.answer.status, 200);
        const struct json *value = json_get(m.answer.json, "value");
        for (size_t i = 0; i < json_len(value); i++) {
            map_set(ids, json_find_str(json_at(value, i), "id"), ids);
            assert_null(json_get(json_at(value, i), "value"));
            n++;
        }
        free(TAKE(next));
        struct str link = said(&m, "nextLink");
        if (link.n > 0) {
            assert_true(str_starts(link, STR("https://" VAULT ":443/")));
            next = str_dup(str_from(link, strlen("https://" VAULT ":443")));
        } else {
            assert_true(json_is(json_get(m.answer.json, "nextLink"), JSON_NULL));
        }
    }
    return n;
}

static void make_secrets(int n)
{
    for (int i = 0; i < n; i++) {
        AUTO(freep) char *target = xasprintf("/secrets/name-%03d", (i * 7) % n);
        assert_int_equal(ask(&m, "PUT", target, "{\"value\":\"1\",\"contentType\":\"t\"}"), 200);
    }
}

static void test_list_in_pages(void **state)
{
    static const struct {
        const char *target;
        size_t pages;
    } cases[] = {{"/secrets", 3},
                 {"/secrets?maxresults=25", 3},
                 {"/secrets?maxresults=60", 0},
                 {"/secrets?maxresults=10", 6},
                 {"/secrets?maxresults=0", 0}};
    make_secrets(60);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct map ids = MAP_INIT;
        size_t pages = 0;
        if (cases[i].pages == 0) {
            assert_int_equal(ask(&m, "GET", cases[i].target, ""), 400);
            continue;
        }
        assert_int_equal(follow(cases[i].target, &pages, &ids), 60);
        assert_int_equal(ids.n, 60);
        assert_int_equal(pages, cases[i].pages);
        assert_true(map_has(&ids, STR("https://" VAULT "/secrets/name-042"))); /* no version */
        map_done(&ids);
    }
    assert_int_equal(ask(&m, "GET", "/secrets?%24skiptoken=nonsense", ""), 400);
}

static void test_order_is_by_name_without_case(void **state)
{
    static const char *const names[] = {"/secrets/b", "/secrets/A", "/secrets/C"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        ask(&m, "PUT", names[i], "{\"value\":\"1\"}");
    }
    ask(&m, "GET", "/secrets", "");
    static const char *const sorted[] = {"/A", "/b", "/C"};
    for (size_t i = 0; i < COUNT_OF(sorted); i++) {
        struct str id = json_find_str(json_at(json_get(m.answer.json, "value"), i), "id");
        assert_str(str_from(id, id.n - 2), sorted[i]);
    }
}

static void test_versions(void **state)
{
    struct map ids = MAP_INIT;
    size_t pages = 0;
    for (int i = 0; i < 30; i++) {
        ask(&m, "PUT", "/secrets/s", "{\"value\":\"1\"}");
    }
    AUTO(freep) char *last = str_dup(said(&m, "id"));
    assert_int_equal(follow("/secrets/s/versions", &pages, &ids), 30);
    assert_int_equal(ids.n, 30);
    assert_int_equal(pages, 2);
    assert_true(map_has(&ids, str_c(last)));
    map_done(&ids);
    assert_int_equal(ask(&m, "GET", "/secrets/none/versions", ""), 404);
}

/* ---- the bin ---- */

static void test_delete_recover_purge(void **state)
{
    ask(&m, "PUT", "/secrets/s", "{\"value\":\"1\"}");
    ask(&m, "PUT", "/secrets/s", "{\"value\":\"2\",\"attributes\":{\"exp\":5}}");
    int64_t updated = said_int(&m, "attributes.updated");
    pass(&m, 10);
    assert_int_equal(ask(&m, "DELETE", "/secrets/S", ""), 200);
    assert_null(json_get(m.answer.json, "value"));
    assert_str(said(&m, "recoveryId"), "https://" VAULT "/deletedsecrets/s");
    assert_int_equal(said_int(&m, "scheduledPurgeDate"), said_int(&m, "deletedDate") + 90 * 86400);
    assert_int_equal(ask(&m, "GET", "/secrets/s", ""), 404);
    assert_int_equal(ask(&m, "PUT", "/secrets/s", "{\"value\":\"3\"}"), 409);
    assert_str(said(&m, "error.innererror.code"), "ObjectIsDeletedButRecoverable");
    assert_int_equal(ask(&m, "GET", "/deletedsecrets/s", ""), 200);
    assert_null(json_get(m.answer.json, "value"));
    assert_int_equal(ask(&m, "GET", "/deletedsecrets", ""), 200);
    assert_int_equal(json_len(json_get(m.answer.json, "value")), 1);
    assert_int_equal(ask(&m, "POST", "/deletedsecrets/s/recover", ""), 200);
    assert_int_equal(ask(&m, "GET", "/secrets/s", ""), 200);
    assert_str(said(&m, "value"), "2");
    assert_int_equal(said_int(&m, "attributes.updated"), updated);
    ask(&m, "GET", "/secrets/s/versions", "");
    assert_int_equal(json_len(json_get(m.answer.json, "value")), 2);
    ask(&m, "DELETE", "/secrets/s", "");
    assert_int_equal(ask(&m, "DELETE", "/deletedsecrets/s", ""), 204);
    assert_int_equal(m.answer.body.n, 0);
    assert_int_equal(ask(&m, "GET", "/deletedsecrets/s", ""), 404);
    assert_str(said(&m, "error.message"), "Deleted Secret not found: s");
    assert_int_equal(ask(&m, "PUT", "/secrets/s", "{\"value\":\"4\"}"), 200);
}

static void test_the_bin_is_emptied_by_time(void **state)
{
    ask(&m, "PUT", "/secrets/s", "{\"value\":\"1\"}");
    ask(&m, "DELETE", "/secrets/s", "");
    pass(&m, 90 * 86400 - 1);
    login(&m, ADMIN_ID);
    assert_int_equal(ask(&m, "GET", "/deletedsecrets/s", ""), 200);
    pass(&m, 1);
    assert_int_equal(ask(&m, "GET", "/deletedsecrets/s", ""), 404);
    assert_int_equal(ask(&m, "PUT", "/secrets/s", "{\"value\":\"1\"}"), 200);
}

static void test_states_in_between(void **state)
{
    m.e->config.settle = 10 * NS_S;
    ask(&m, "PUT", "/secrets/s", "{\"value\":\"1\"}");
    ask(&m, "DELETE", "/secrets/s", "");
    assert_int_equal(ask(&m, "GET", "/secrets/s", ""), 404);
    assert_int_equal(ask(&m, "GET", "/deletedsecrets/s", ""), 404);
    assert_int_equal(ask(&m, "PUT", "/secrets/s", "{\"value\":\"2\"}"), 409);
    assert_str(said(&m, "error.innererror.code"), "ObjectIsBeingDeleted");
    pass(&m, 10);
    assert_int_equal(ask(&m, "PUT", "/secrets/s", "{\"value\":\"2\"}"), 409);
    assert_str(said(&m, "error.innererror.code"), "ObjectIsDeletedButRecoverable");
    assert_int_equal(ask(&m, "POST", "/deletedsecrets/s/recover", ""), 200);
    assert_int_equal(ask(&m, "GET", "/secrets/s", ""), 404);
    assert_int_equal(ask(&m, "PUT", "/secrets/s", "{\"value\":\"2\"}"), 409);
    assert_str(said(&m, "error.innererror.code"), "ObjectIsBeingRecovered");
    pass(&m, 10);
    assert_int_equal(ask(&m, "GET", "/secrets/s", ""), 200);
    ask(&m, "DELETE", "/secrets/s", "");
    pass(&m, 10);
    assert_int_equal(ask(&m, "DELETE", "/deletedsecrets/s", ""), 204);
    assert_int_equal(ask(&m, "PUT", "/secrets/s", "{\"value\":\"2\"}"), 409);
    pass(&m, 10);
    assert_int_equal(ask(&m, "PUT", "/secrets/s", "{\"value\":\"2\"}"), 200);
}

static void test_deleted_and_disabled(void **state)
{
    ask(&m, "PUT", "/secrets/s", "{\"value\":\"1\",\"attributes\":{\"enabled\":false}}");
    ask(&m, "DELETE", "/secrets/s", "");
    assert_int_equal(ask(&m, "GET", "/deletedsecrets/s", ""), 403);
    assert_str(said(&m, "error.innererror.code"), "SecretDisabled");
}

static void test_purge_protection_and_days(void **state)
{
    emulate_seed(&m, "tenants: [{id: " TENANT "}]\n"
                     "apps: [{name: admin, clientId: " ADMIN_ID "}]\n"
                     "vaults: [{name: kv1, softDeleteDays: 7, purgeProtection: true}]\n"
                     "roleAssignments: [{principal: admin, role: Key Vault Administrator, scope: "
                     "/}]\n");
    ask(&m, "PUT", "/secrets/s", "{\"value\":\"1\"}");
    assert_str(said(&m, "attributes.recoveryLevel"), "CustomizedRecoverable");
    assert_int_equal(said_int(&m, "attributes.recoverableDays"), 7);
    ask(&m, "DELETE", "/secrets/s", "");
    assert_int_equal(ask(&m, "DELETE", "/deletedsecrets/s", ""), 403);
    assert_null(json_find(m.answer.json, "error.innererror"));
    pass(&m, 7 * 86400);
    emulate_seed(&m,
                 "tenants: [{id: " TENANT "}]\n"
                 "apps: [{name: admin, clientId: " ADMIN_ID ", secrets: [{value: '" SECRET "'}]}]\n"
                 "vaults: [{name: kv1}]\n"
                 "roleAssignments: [{principal: admin, role: Key Vault Administrator, scope: "
                 "/}]\n");
    login(&m, ADMIN_ID);
    assert_int_equal(ask(&m, "GET", "/deletedsecrets/s", ""), 404);
}

/* ---- backup ---- */

static void test_backup_and_restore(void **state)
{
    ask(&m, "PUT", "/secrets/s", "{\"value\":\"1\",\"tags\":{\"a\":\"b\"}}");
    ask(&m, "PUT", "/secrets/s", "{\"value\":\"2\",\"contentType\":\"t\"}");
    AUTO(freep) char *id = str_dup(said(&m, "id"));
    int64_t created = said_int(&m, "attributes.created");
    assert_int_equal(ask(&m, "POST", "/secrets/s/backup", ""), 200);
    AUTO(freep) char *body = xasprintf("{\"value\":\"%.*s\"}", STR_ARG(said(&m, "value")));
    assert_int_equal(ask(&m, "POST", "/secrets/restore", body), 409);
    ask(&m, "DELETE", "/secrets/s", "");
    assert_int_equal(ask(&m, "POST", "/secrets/restore", body), 409);
    assert_str(said(&m, "error.innererror.code"), "ObjectIsDeletedButRecoverable");
    ask(&m, "DELETE", "/deletedsecrets/s", "");
    pass(&m, 100);
    assert_int_equal(ask(&m, "POST", "/secrets/restore", body), 200);
    assert_null(json_get(m.answer.json, "value"));
    assert_str(said(&m, "id"), id);
    assert_int_equal(said_int(&m, "attributes.created"), created);
    assert_int_equal(ask(&m, "GET", "/secrets/s", ""), 200);
    assert_str(said(&m, "value"), "2");
    ask(&m, "GET", "/secrets/s/versions", "");
    assert_int_equal(json_len(json_get(m.answer.json, "value")), 2);
    /* A blob that was changed, is of another type, or comes from elsewhere. */
    ask(&m, "DELETE", "/secrets/s", "");
    ask(&m, "DELETE", "/deletedsecrets/s", "");
    assert_int_equal(ask(&m, "POST", "/keys/restore", body), 400);
    body[40] = body[40] == 'A' ? 'B' : 'A';
    assert_int_equal(ask(&m, "POST", "/secrets/restore", body), 400);
    assert_int_equal(ask(&m, "POST", "/secrets/restore", "{\"value\":\"aGVsbG8\"}"), 400);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_challenge_comes_before_everything),
        TEST(test_api_version),
        TEST(test_paths_are_read_liberally),
        TEST(test_unknown_vault_and_method),
        TEST(test_headers_of_an_answer),
        TEST(test_set_and_get),
        TEST(test_absent_members_are_left_out),
        TEST(test_a_put_takes_nothing_over),
        TEST(test_update_changes_what_is_there),
        TEST(test_latest_is_the_last_created),
        TEST(test_disabled_blocks_reading_only),
        TEST(test_times_are_only_advice),
        TEST(test_limits),
        TEST(test_bad_requests),
        TEST(test_not_found),
        TEST(test_list_in_pages),
        TEST(test_order_is_by_name_without_case),
        TEST(test_versions),
        TEST(test_delete_recover_purge),
        TEST(test_the_bin_is_emptied_by_time),
        TEST(test_states_in_between),
        TEST(test_deleted_and_disabled),
        TEST(test_purge_protection_and_days),
        TEST(test_backup_and_restore),
    };
    return RUN(tests);
}
