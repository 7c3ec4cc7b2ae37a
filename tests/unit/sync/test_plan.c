/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan is filled in from a table of answers (a vault) and put together.
 */
#include "fixture.h"

#include "sync/plan.h"

/* Names and values of the vault; a value of NULL is a failure, a name that is not here a 404. */
struct answer {
    const char *name;
    const char *value;
    const char *tags;
};
static const struct answer VAULT[] = {
    {"user", "admin", NULL},
    {"password", "s3cret", "{'owner':'ops'}"},
    {"doc", "{'name':'great-name','surname':'great-surname','inner':{'k':'v'}}", NULL},
    {"base64", "aGVsbG8=", NULL},
    {"broken", NULL, NULL},
    {"a/b", "slash", NULL},
};

static struct str quoted(const char *text)
{
    char *copy = arena_dup(&arena, str_c(text));
    for (char *p = copy; *p; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    return str_c(copy);
}

static void answer_item(struct plan_item *item)
{
    if (item->state != PLAN_PENDING) {
        return;
    }
    item->state = PLAN_MISSING;
    for (size_t i = 0; i < COUNT_OF(VAULT); i++) {
        if (!str_eq_c(item->name, VAULT[i].name)) {
            continue;
        }
        item->state = VAULT[i].value ? PLAN_FOUND : PLAN_FAILED;
        if (VAULT[i].value) {
            item->value = quoted(VAULT[i].value);
        } else {
            err_set(&item->err, ERR_DENIED, "403 Forbidden");
        }
        if (VAULT[i].tags) {
            item->tags = map(VAULT[i].tags);
        }
    }
}

static int no_rewrite(struct kvs *values, const struct rewrite *rewrites, size_t n,
                      struct err **err)
{
    return 0;
}

static int fill(struct plan *p, const char *text, struct plan_result *r, struct err **err)
{
    plan_make(p, &arena, spec(text));
    for (size_t i = 0; i < p->finds.n; i++) {
        plan_add_match(p, i, STR("user"));
        plan_add_match(p, i, STR("a/b"));
        plan_add_match(p, i, STR("vanished"));
        p->finds.v[i].state = PLAN_FOUND;
    }
    assert_true(p->items.n == 0 || !plan_is_complete(p) || p->items.v[0].err);
    for (size_t i = 0; i < p->items.n; i++) {
        answer_item(&p->items.v[i]);
    }
    assert_true(plan_is_complete(p));
    return plan_values(p, no_rewrite, r, err);
}

static void values(void **state)
{
    static const struct {
        const char *spec;
        const char *want;
    } CASES[] = {
        {"{'data':[{'secretKey':'u','remoteRef':{'key':'user'}},{'secretKey':'p','remoteRef':{'key'"
         ":"
         "'secret/password'}}]}",
         "{'u':'admin','p':'s3cret'}"},
        {"{'data':[{'secretKey':'n','remoteRef':{'key':'doc','property':'name'}}]}",
         "{'n':'great-name'}"},
        {"{'dataFrom':[{'extract':{'key':'doc','property':'inner'}}]}", "{'k':'v'}"},
        {"{'dataFrom':[{'extract':{'key':'doc','property':'inner'}}],'data':[{'secretKey':'k',"
         "'remoteRef':{'key':'user'}}]}",
         "{'k':'admin'}"}, /* data wins */
        {"{'data':[{'secretKey':'d','remoteRef':{'key':'base64','decodingStrategy':'Base64'}},{"
         "'secretKey':'e','remoteRef':{'key':'base64'}}]}",
         "{'d':'hello','e':'aGVsbG8='}"},
        {"{'data':[{'secretKey':'t','remoteRef':{'key':'password','metadataPolicy':'Fetch',"
         "'property':'owner'}}]}",
         "{'t':'ops'}"},
        {"{'dataFrom':[{'extract':{'key':'secret/password','metadataPolicy':'Fetch'}}]}",
         "{'password_owner':'ops'}"},
        {"{'dataFrom':[{'find':{}}]}", "{'user':'admin','a_b':'slash'}"},
        {"{'dataFrom':[{'find':{'conversionStrategy':'Unicode'}}]}",
         "{'user':'admin','a_U002f_b':'slash'}"},
        {"{'dataFrom':[{'sourceRef':{'storeRef':{'name':'s'}}}]}", "{}"},
        /* Two entries of one key: the last wins. */
        {"{'data':[{'secretKey':'k','remoteRef':{'key':'user'}},{'secretKey':'k','remoteRef':{'key'"
         ":"
         "'password'}}]}",
         "{'k':'s3cret'}"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct plan p;
        struct plan_result r;
        AUTO(err_freep) struct err *err = NULL;
        assert_ok(fill(&p, CASES[i].spec, &r, &err), err);
        assert_map(&r.values, CASES[i].want);
        plan_result_done(&r);
        plan_done(&p);
    }
}

static void failures(void **state)
{
    static const struct {
        const char *spec;
        enum err_kind kind;
        const char *text;
    } CASES[] = {
        {"{'data':[{'secretKey':'u','remoteRef':{'key':'user'}},{'secretKey':'x','remoteRef':{'key'"
         ":"
         "'gone'}}]}",
         ERR_NOT_FOUND, "error processing spec.data[1] (key: gone), err: Secret does not exist"},
        {"{'data':[{'secretKey':'x','remoteRef':{'key':'broken'}}]}", ERR_DENIED,
         "error processing spec.data[0] (key: broken), err: 403 Forbidden"},
        {"{'data':[{'secretKey':'x','remoteRef':{'key':'box/a'}}]}", ERR_INVALID,
         "error processing spec.data[0] (key: box/a), err: unknown Azure Keyvault object Type for "
         "a"},
        {"{'data':[{'secretKey':'x','remoteRef':{'key':'doc','property':'Age'}}]}", ERR_NOT_FOUND,
         "err: property Age does not exist in key doc"},
        {"{'dataFrom':[{'extract':{'key':'user'}}]}", ERR_PARSE,
         "error processing spec.dataFrom[0].extract, err: error unmarshalling json data: invalid "
         "character 'a' looking for beginning of value"},
        {"{'dataFrom':[{'extract':{'key':'cert/user'}}]}", ERR_INVALID,
         "cannot get use dataFrom to get certificate secret"},
        {"{'dataFrom':[{'extract':{'key':'key/user'}}]}", ERR_INVALID,
         "cannot get use dataFrom to get key secret"},
        {"{'dataFrom':[{'find':{},'rewrite':[{'transform':{'template':'x'}}]}]}", ERR_INVALID,
         "error processing spec.dataFrom[0].find, err: invalid secret keys"},
        {"{'dataFrom':[{'sourceRef':{'generatorRef':{'kind':'UUID','name':'g'}}}]}", ERR_INVALID,
         "error processing spec.dataFrom[0].sourceRef.generatorRef, err: generator kind UUID"},
        /* The first entry in the order of the spec, whatever failed first. */
        {"{'dataFrom':[{'extract':{'key':'gone'}}],'data':[{'secretKey':'x','remoteRef':{'key':"
         "'broken'}}]}",
         ERR_NOT_FOUND, "spec.dataFrom[0].extract"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct plan p;
        struct plan_result r;
        AUTO(err_freep) struct err *err = NULL;
        assert_err(fill(&p, CASES[i].spec, &r, &err), err, CASES[i].kind, CASES[i].text);
        plan_result_done(&r);
        plan_done(&p);
    }
}

static void missing_is_left_out(void **state)
{
    static const char *const POLICIES[] = {"Delete", "Merge"};
    for (size_t i = 0; i < COUNT_OF(POLICIES); i++) {
        struct plan p;
        struct plan_result r;
        AUTO(err_freep) struct err *err = NULL;
        AUTO(buf_done) struct buf b = BUF_INIT(4096);
        buf_addf(
            &b,
            "{'target':{'deletionPolicy':'%s'},'dataFrom':[{'extract':{'key':'lost'}}],'data':[{"
            "'secretKey':'u','remoteRef':{'key':'user'}},{'secretKey':'x','remoteRef':{'key':"
            "'gone'}}]}",
            POLICIES[i]);
        assert_ok(fill(&p, b.p, &r, &err), err);
        assert_map(&r.values, "{'u':'admin'}");
        assert_int_equal(r.missing.n, 2);
        assert_false(r.missing.v[0].is_data);
        assert_true(r.missing.v[1].is_data);
        assert_int_equal(r.missing.v[1].index, 1);
        assert_str(r.missing.v[1].key, "gone");
        plan_result_done(&r);
        plan_done(&p);
    }
}

/* A missing property is an error whatever the policy. */
static void missing_property_is_no_missing_secret(void **state)
{
    struct plan p;
    struct plan_result r;
    AUTO(err_freep) struct err *err = NULL;
    assert_err(fill(&p,
                    "{'target':{'deletionPolicy':'Delete'},'data':[{'secretKey':'x','remoteRef':{"
                    "'key':'doc','property':'Age'}}]}",
                    &r, &err),
               err, ERR_NOT_FOUND, "property Age");
    plan_result_done(&r);
    plan_done(&p);
}

static void equal_reads_are_one(void **state)
{
    struct plan p;
    plan_make(
        &p, &arena,
        spec("{'secretStoreRef':{'name':'s'},'data':["
             "{'secretKey':'a','remoteRef':{'key':'doc','property':'name'}},"
             "{'secretKey':'b','remoteRef':{'key':'secret/doc','property':'surname'}},"
             "{'secretKey':'c','remoteRef':{'key':'doc','version':'1'}},"
             "{'secretKey':'d','remoteRef':{'key':'doc'},'sourceRef':{'storeRef':{'name':'t'}}},"
             "{'secretKey':'e','remoteRef':{'key':'doc'},'sourceRef':{'storeRef':{'name':'s'}}},"
             "{'secretKey':'f','remoteRef':{'key':'doc'},'sourceRef':{'storeRef':{'name':'s',"
             "'kind':'ClusterSecretStore'}}}]}"));
    assert_int_equal(p.items.n, 4);
    assert_int_equal(p.stores.n, 3);
    plan_done(&p);
}

static void failed_store(void **state)
{
    struct plan p;
    struct plan_result r;
    struct err *down = NULL;
    AUTO(err_freep) struct err *err = NULL;
    plan_make(
        &p, &arena,
        spec("{'secretStoreRef':{'name':'s'},'data':[{'secretKey':'a','remoteRef':{'key':'user'"
             "},'sourceRef':{'storeRef':{'name':'t'}}},{'secretKey':'b','remoteRef':{'key':"
             "'user'}}],'dataFrom':[{'find':{}}]}"));
    err_set(&down, ERR_NOT_FOUND, "could not get SecretStore \"s\"");
    plan_fail_store(&p, 0, down);
    for (size_t i = 0; i < p.items.n; i++) {
        answer_item(&p.items.v[i]);
    }
    assert_true(plan_is_complete(&p));
    assert_err(plan_values(&p, no_rewrite, &r, &err), err, ERR_NOT_FOUND,
               "error processing spec.dataFrom[0].find, err: error getting all secrets: could not "
               "get SecretStore \"s\"");
    plan_result_done(&r);
    plan_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values),
        TEST(failures),
        TEST(missing_is_left_out),
        TEST(missing_property_is_no_missing_secret),
        TEST(equal_reads_are_one),
        TEST(failed_store),
    };
    return RUN(tests);
}
