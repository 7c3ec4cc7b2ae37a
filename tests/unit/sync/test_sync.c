/* SPDX-License-Identifier: Apache-2.0
 *
 * The running role against a small API server and vault (world.h), on a clock that the tests move.
 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/datetime.h"
#include "sync/names.h"
#include "sync/sync.h"
#include "world.h"

#define TENANT "11111111-1111-1111-1111-111111111111"

static struct world w;
static struct sync *role;
static struct metrics *metrics;
static size_t written_calls;
static char written_last[64];
static size_t settled_calls;

static void on_written(void *arg, struct str ns, struct str name, struct str uid,
                       struct str version, const struct kvs *data)
{
    assert_true(uid.n && version.n);
    assert_non_null(data);
    written_calls++;
    AUTO(buf_done) struct buf b = BUF_INIT(sizeof(written_last) - 1);
    buf_addf(&b, "%.*s/%.*s", STR_ARG(ns), STR_ARG(name));
    memcpy(written_last, b.p, b.n + 1);
    assert_true(sync_in_flight(role, ns, name));
}

static void on_settled(void *arg, struct str ns, struct str name)
{
    settled_calls++;
}

/* Some pass is under way. */
static bool busy(void)
{
    static const char *const KINDS[] = {"externalsecret", "secretstore", "clustersecretstore"};
    struct metric *active = metrics_find(metrics, "controller_runtime_active_workers");
    for (size_t i = 0; i < COUNT_OF(KINDS); i++) {
        if (metric_value(active, LABELS(str_c(KINDS[i]))) > 0) {
            return true;
        }
    }
    return false;
}

static void start(struct sync_options options)
{
    w.busy = busy;
    options.allow_http = true;
    metrics = metrics_new();
    role = sync_new(&(struct sync_config){
        .loop = w.loop,
        .client = w.client,
        .events = w.events,
        .metrics = metrics,
        .options = options,
        .hooks = {.secret_written = on_written, .settled = on_settled},
    });
    sync_start(role);
    world_settle(&w);
}

static void stop(void)
{
    sync_free(role);
    role = NULL;
    w.busy = NULL;
    metrics_free(metrics);
}

static int setup(void **state)
{
    ns_t now;
    assert_true(rfc3339_parse(STR("2025-07-30T12:00:00Z"), &now));
    clock_fake_start(1000 * NS_S, now);
    world_init(&w);
    written_calls = 0;
    settled_calls = 0;
    return 0;
}

static int teardown(void **state)
{
    if (role) {
        stop();
    }
    world_done(&w);
    clock_fake_stop();
    return 0;
}

/* ---- manifests ---- */

static const char *text(const char *fmt, ...) PRINTF(1, 2);
static const char *text(const char *fmt, ...)
{
    AUTO(buf_done) struct buf b = BUF_INIT(1 << 16);
    va_list args;
    va_start(args, fmt);
    buf_addv(&b, fmt, args);
    va_end(args);
    return arena_str(&w.arena, buf_str(&b)).p;
}

/* `more` goes into spec.provider.azurekv. */
static const char *azurekv(const char *more)
{
    return text("{'azurekv':{'vaultUrl':'%s','tenantId':'" TENANT "','useAzureSDK':true,"
                "'customCloudConfig':{'activeDirectoryEndpoint':'%s'}%s}}",
                w.vault_url, w.vault_url, more);
}

#define CREDENTIALS                                                                                \
    ",'authSecretRef':{'clientId':{'name':'cred','key':'id'},'clientSecret':{'name':'cred','key':" \
    "'secret'}}"

static void apply_credentials(const char *ns)
{
    world_apply(&w, "secrets",
                text("{'metadata':{'namespace':'%s','name':'cred'},'data':{'id':"
                     "'MjIyMjIyMjItMjIyMi0yMjIyLTIyMjItMjIyMjIyMjIyMjIy','secret':'cGFzc3dvcmQ='}}",
                     ns));
}

static void apply_store(const char *ns, const char *name, const char *provider)
{
    world_apply(&w, "secretstores",
                text("{'metadata':{'namespace':'%s','name':'%s'},'spec':{'provider':%s}}", ns, name,
                     provider));
}

/* Namespace a with the store "s" and its credentials; values user and password. */
static void apply_basics(void)
{
    apply_credentials("a");
    apply_store("a", "s", azurekv(CREDENTIALS));
    world_put(&w, "user", "admin");
    world_put(&w, "password", "s3cret");
}

#define DATA                                                                                       \
    "'data':[{'secretKey':'username','remoteRef':{'key':'user'}},{'secretKey':'password',"         \
    "'remoteRef':{'key':'password'}}]"

static void apply_es(const char *name, const char *spec)
{
    world_apply(&w, "externalsecrets",
                text("{'apiVersion':'external-secrets.io/v1','kind':'ExternalSecret','metadata':{"
                     "'namespace':'a','name':'%s'},'spec':{'secretStoreRef':{'name':'s'}%s%s}}",
                     name, *spec ? "," : "", spec));
}

static struct str ready(const char *name)
{
    return world_ready(&w, "externalsecrets", "a", name);
}

#define SYNCED          "True SecretSynced: secret synced"
#define FAILED(message) "False SecretSyncedError: " message
#define PROVIDER_FAILED FAILED("could not get secret data from provider")

static void assert_secret(const char *name, const char *key, const char *value)
{
    struct str got = world_secret(&w, "a", name, key);
    if (!value) {
        assert_null(got.p);
        return;
    }
    if (!got.p) {
        fail_msg("Secret %s has no key %s", name, key);
    }
    assert_str(got, value);
}

static struct str status_of(const char *name, const char *path)
{
    return json_find_str(json_get(world_get(&w, "externalsecrets", "a", name), "status"), path);
}

static void assert_event(const char *reason, const char *part)
{
    world_settle(&w);
    if (!world_event(&w, reason, part)) {
        fail_msg("no event %s with \"%s\"", reason, part);
    }
}

/* ---- the usual way ---- */

static void first_sync(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    assert_str(world_ready(&w, "secretstores", "a", "s"), "True Valid: store validated");
    assert_str(json_find_str(world_get(&w, "secretstores", "a", "s"), "status.capabilities"),
               "ReadWrite");
    world_forget(&w);

    apply_es("db", "'refreshInterval':'1m'," DATA);
    world_settle(&w);
    assert_secret("db", "username", "admin");
    assert_secret("db", "password", "s3cret");
    assert_str(ready("db"), SYNCED);
    assert_str(status_of("db", "refreshTime"), "2025-07-30T12:00:00Z");
    assert_str(status_of("db", "binding.name"), "db");
    assert_true(str_starts(status_of("db", "syncedResourceVersion"), STR("1-")));
    assert_event("Created", "secret created");

    const struct json *secret = world_get(&w, "secrets", "a", "db");
    const struct json *es = world_get(&w, "externalsecrets", "a", "db");
    assert_str(json_str(json_get(json_find(secret, "metadata.labels"), LABEL_MANAGED)), "true");
    assert_true(
        str_eq(json_find_str(json_at(json_find(secret, "metadata.ownerReferences"), 0), "uid"),
               json_find_str(es, "metadata.uid")));
    assert_str(json_str(json_at(json_find(es, "metadata.finalizers"), 0)), ES_FINALIZER);
    assert_str(json_find_str(json_at(json_find(secret, "metadata.managedFields"), 0), "manager"),
               "externalsecrets.external-secrets.io/db");

    /* A finalizer, a Secret, a status, an Event. */
    assert_int_equal(w.log.n, 4);
    assert_int_equal(world_vault_count(&w, "POST"), 1);
    assert_int_equal(world_vault_count(&w, "GET"), 2);
    assert_int_equal(written_calls, 1);
    assert_string_equal(written_last, "a/db");
    assert_int_equal(settled_calls, 1);
    assert_false(sync_in_flight(role, STR("a"), STR("db")));
}

static void together_with_its_store(void **state)
{
    start((struct sync_options){0});
    apply_es("db", DATA);
    world_settle(&w);
    assert_str(ready("db"), PROVIDER_FAILED);
    apply_basics();
    world_settle(&w);
    assert_str(ready("db"), SYNCED);
}

/* Store and ExternalSecret in one file: nothing fails on the way. */
static void store_at_the_same_time(void **state)
{
    start((struct sync_options){0});
    apply_basics();
    apply_es("db", DATA);
    world_settle(&w);
    assert_str(ready("db"), SYNCED);
    assert_false(world_event(&w, "UpdateFailed", ""));
}

static void unchanged_refresh_moves_the_time_only(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", "'refreshInterval':'1m'," DATA);
    world_settle(&w);
    struct str version =
        json_find_str(world_get(&w, "secrets", "a", "db"), "metadata.resourceVersion");
    world_forget(&w);
    world_advance(&w, 65 * NS_S);
    assert_true(str_cmp(status_of("db", "refreshTime"), STR("2025-07-30T12:01:00Z")) >= 0);
    assert_int_equal(world_count(&w, "PATCH", "/externalsecrets/db/status"), 1);
    assert_int_equal(world_count(&w, "PUT", ""), 0);
    assert_int_equal(world_count(&w, "", "/secrets/cred"), 0);
    assert_int_equal(w.log.n, 1);
    assert_int_equal(world_vault_count(&w, "POST"), 0);
    assert_true(str_eq(
        json_find_str(world_get(&w, "secrets", "a", "db"), "metadata.resourceVersion"), version));
}

static void rotation(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", "'refreshInterval':'1m'," DATA);
    world_advance(&w, 2 * NS_S);
    world_put(&w, "password", "new");
    world_advance(&w, 30 * NS_S);
    assert_secret("db", "password", "s3cret");
    world_advance(&w, 35 * NS_S);
    assert_secret("db", "password", "new");
    assert_secret("db", "username", "admin");
    assert_event("Updated", "secret updated");
    assert_int_equal(written_calls, 2);
    assert_str(ready("db"), SYNCED);
}

static void force_sync(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", "'refreshInterval':'1h'," DATA);
    world_advance(&w, NS_S);
    world_put(&w, "password", "new");
    world_forget(&w);
    world_patch(&w, "externalsecrets", "a", "db",
                "{'metadata':{'annotations':{'force-sync':'1'}}}");
    assert_false(sync_in_flight(role, STR("a"), STR("db")));
    world_settle(&w);
    assert_secret("db", "password", "new");
    assert_int_equal(world_count(&w, "PUT", "/secrets/db"), 1);
    assert_int_equal(world_count(&w, "PATCH", "/status"), 1);
    /* Nothing else, but the Event. */
    assert_int_equal(w.log.n, 3);
}

/* A second program in its place has nothing to do. */
static void restart(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", "'refreshInterval':'1h'," DATA);
    world_settle(&w);
    stop();
    world_forget(&w);
    start((struct sync_options){0});
    assert_int_equal(world_count(&w, "PUT", ""), 0);
    assert_int_equal(world_count(&w, "PATCH", "externalsecrets"), 0);
    assert_int_equal(world_count(&w, "POST", "secrets"), 0);
    assert_int_equal(w.vault_log.n, 0);
    world_put(&w, "password", "new");
    world_advance(&w, 65 * NS_MIN);
    assert_secret("db", "password", "new");
}

/* What changed while nobody ran is brought over at the start. */
static void changed_while_away(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", "'refreshInterval':'1m'," DATA);
    world_settle(&w);
    stop();
    world_put(&w, "password", "new");
    world_delete(&w, "secrets", "a", "db");
    loop_advance(w.loop, 5 * NS_MIN);
    start((struct sync_options){0});
    assert_secret("db", "password", "new");
}

static void changed_spec(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", DATA);
    world_settle(&w);
    apply_es("db", "'data':[{'secretKey':'pw','remoteRef':{'key':'password'}}]");
    world_settle(&w);
    assert_secret("db", "pw", "s3cret");
    assert_secret("db", "username", NULL);
    assert_true(str_starts(status_of("db", "syncedResourceVersion"), STR("2-")));
}

static void drift(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", DATA);
    world_settle(&w);
    world_patch(&w, "secrets", "a", "db", "{'data':{'password':'eHh4'}}");
    world_settle(&w);
    assert_secret("db", "password", "s3cret");
    world_delete(&w, "secrets", "a", "db");
    world_settle(&w);
    assert_secret("db", "password", "s3cret");
    /* Labels of others do not matter. */
    world_forget(&w);
    world_patch(&w, "secrets", "a", "db", "{'metadata':{'labels':{'theirs':'1'}}}");
    world_settle(&w);
    assert_int_equal(w.log.n, 0);
}

static void renamed_target(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", DATA ",'target':{'name':'one'}");
    world_settle(&w);
    assert_secret("one", "password", "s3cret");
    apply_es("db", DATA ",'target':{'name':'two'}");
    world_settle(&w);
    assert_secret("two", "password", "s3cret");
    assert_null(world_get(&w, "secrets", "a", "one"));
    assert_event("Deleted", "secret deleted because it was orphaned");
    assert_str(status_of("db", "binding.name"), "two");
}

/* ---- the end of an ExternalSecret ---- */

static void deletion(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("keep", DATA);
    apply_es("drop", DATA ",'target':{'deletionPolicy':'Delete'}");
    world_settle(&w);
    world_delete(&w, "externalsecrets", "a", "keep");
    world_delete(&w, "externalsecrets", "a", "drop");
    world_settle(&w);
    assert_null(world_get(&w, "externalsecrets", "a", "keep"));
    assert_null(world_get(&w, "externalsecrets", "a", "drop"));
    assert_non_null(world_get(&w, "secrets", "a", "keep")); /* the garbage collector's */
    assert_null(world_get(&w, "secrets", "a", "drop"));
    assert_true(metric_value(metrics_find(metrics, "externalsecret_status_condition"),
                             LABELS(STR("drop"), STR("a"), STR("Deleted"), STR("False"))) == 1);
}

/* A finalizer must not hold up a namespace, whatever else is wrong. */
static void deletion_with_a_wrong_spec(void **state)
{
    start((struct sync_options){0});
    apply_es("db", "'refreshInterval':'soon'," DATA);
    world_settle(&w);
    assert_non_null(json_find(world_get(&w, "externalsecrets", "a", "db"), "metadata.finalizers"));
    world_delete(&w, "externalsecrets", "a", "db");
    world_settle(&w);
    assert_null(world_get(&w, "externalsecrets", "a", "db"));
}

/* ---- policies ---- */

static void merge_policy(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", "'refreshInterval':'1m'," DATA ",'target':{'creationPolicy':'Merge'}");
    world_settle(&w);
    assert_str(ready("db"), "True SecretMissing: secret will not be created due to "
                            "CreationPolicy=Merge");
    world_apply(&w, "secrets",
                "{'metadata':{'namespace':'a','name':'db'},'data':{'theirs':'eA==','username':"
                "'eA=='}}");
    world_advance(&w, 65 * NS_S);
    assert_str(ready("db"), SYNCED);
    assert_secret("db", "theirs", "x");
    assert_secret("db", "username", "admin");
    assert_null(json_find(world_get(&w, "secrets", "a", "db"), "metadata.ownerReferences"));
    /* Stable. */
    struct str version =
        json_find_str(world_get(&w, "secrets", "a", "db"), "metadata.resourceVersion");
    world_patch(&w, "externalsecrets", "a", "db", "{'metadata':{'labels':{'x':'1'}}}");
    world_settle(&w);
    struct json *secret = world_get(&w, "secrets", "a", "db");
    /* Its labels are those of the ExternalSecret, so the label came along; the keys stayed. */
    assert_secret("db", "theirs", "x");
    assert_false(str_eq(version, json_find_str(secret, "metadata.resourceVersion")));
    /* A key dropped from the spec goes, theirs stay. */
    apply_es("db", "'data':[{'secretKey':'password','remoteRef':{'key':'password'}}],'target':{"
                   "'creationPolicy':'Merge'}");
    world_settle(&w);
    assert_secret("db", "username", NULL);
    assert_secret("db", "theirs", "x");
}

static void create_or_merge(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", DATA ",'target':{'creationPolicy':'CreateOrMerge'}");
    world_settle(&w);
    assert_secret("db", "username", "admin");
    world_patch(&w, "secrets", "a", "db", "{'data':{'theirs':'eA=='}}");
    world_settle(&w);
    assert_secret("db", "theirs", "x");
    world_delete(&w, "secrets", "a", "db");
    world_settle(&w);
    assert_secret("db", "username", "admin");
    assert_secret("db", "theirs", NULL);
}

static void orphan_policy(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", "'refreshInterval':'1m'," DATA ",'target':{'creationPolicy':'Orphan'}");
    world_settle(&w);
    assert_null(json_find(world_get(&w, "secrets", "a", "db"), "metadata.ownerReferences"));
    world_delete(&w, "secrets", "a", "db");
    world_settle(&w);
    assert_null(world_get(&w, "secrets", "a", "db")); /* only at the next refresh */
}

static void none_policy(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", DATA ",'target':{'creationPolicy':'None'}");
    world_settle(&w);
    assert_str(ready("db"), SYNCED);
    assert_null(world_get(&w, "secrets", "a", "db"));
    assert_str(status_of("db", "binding.name"), "");
}

static void gone_from_the_vault(void **state)
{
    static const struct {
        const char *policy;
        const char *ready;
        bool there;
    } CASES[] = {
        {"Retain", PROVIDER_FAILED, true},
        {"Delete", "True SecretDeleted: secret deleted due to DeletionPolicy=Delete", false},
        {"Merge", SYNCED, true},
    };
    apply_basics();
    start((struct sync_options){0});
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        world_put(&w, "user", "admin");
        world_put(&w, "password", "s3cret");
        apply_es(CASES[i].policy,
                 text("'refreshInterval':'1m'," DATA ",'target':{'deletionPolicy':'%s'}",
                      CASES[i].policy));
        world_settle(&w);
        assert_str(ready(CASES[i].policy), SYNCED);
        /* One of two. */
        world_put(&w, "user", NULL);
        world_advance(&w, 65 * NS_S);
        bool retain = i == 0;
        assert_str(ready(CASES[i].policy), retain ? PROVIDER_FAILED : SYNCED);
        assert_secret(CASES[i].policy, "username", retain ? "admin" : NULL);
        assert_secret(CASES[i].policy, "password", "s3cret");
        /* Both. */
        world_put(&w, "password", NULL);
        world_advance(&w, 8 * NS_MIN);
        assert_str(ready(CASES[i].policy), CASES[i].ready);
        assert_int_equal(world_get(&w, "secrets", "a", CASES[i].policy) != NULL, CASES[i].there);
    }
    assert_event("UpdateFailed", "error processing spec.data[0] (key: user), err: Secret does not "
                                 "exist");
    assert_event("Deleted", "secret deleted due to DeletionPolicy=Delete");
    assert_event("MissingProviderSecret",
                 "secret does not exist at provider using spec.dataFrom[0] (key=user)");
    assert_secret("Merge", "password", NULL);
}

/* An empty find is no failure. */
static void nothing_found(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", "'dataFrom':[{'find':{'name':{'regexp':'^none$'}}}]");
    world_settle(&w);
    assert_str(ready("db"), "True SecretSynced: secret retained due to DeletionPolicy=Retain");
    assert_null(world_get(&w, "secrets", "a", "db"));
}

/* ---- many keys ---- */

static void data_from(void **state)
{
    apply_basics();
    world_put(&w, "doc", "{\"name\":\"great\",\"n\":5432}");
    world_put(&w, "db-one", "1");
    world_put(&w, "db-two", "2");
    world_tag(&w, "db-two", "env", "prod");
    start((struct sync_options){0});
    apply_es("db", "'refreshInterval':'1m','dataFrom':[{'extract':{'key':'doc'}},{'find':{'name':{"
                   "'regexp':'^db-'}},'rewrite':[{'regexp':{'source':'-','target':'_'}}]},{'find':{"
                   "'tags':{'env':'prod'}}}]");
    world_settle(&w);
    assert_str(ready("db"), SYNCED);
    assert_secret("db", "name", "great");
    assert_secret("db", "n", "5432");
    assert_secret("db", "db_one", "1");
    assert_secret("db", "db_two", "2");
    assert_secret("db", "db-two", "2");
    /* Unchanged: a list is enough. */
    world_forget(&w);
    world_advance(&w, 65 * NS_S);
    assert_int_equal(world_count(&w, "PUT", ""), 0);
    assert_true(world_vault_count(&w, "GET /secrets/") <= 1);
    /* A new match. */
    world_put(&w, "db-three", "3");
    world_advance(&w, 65 * NS_S);
    assert_secret("db", "db_three", "3");
}

static void templates(void **state)
{
    apply_basics();
    world_apply(
        &w, "configmaps",
        "{'metadata':{'namespace':'a','name':'cm'},'data':{'url':'db://{{ .username }}@h'}}");
    start((struct sync_options){0});
    apply_es("db",
             "'refreshInterval':'1m'," DATA
             ",'target':{'template':{'type':'my/type','metadata':{'annotations':{"
             "'reloader.stakater.com/match':'true'}},'templateFrom':[{'configMap':{'name':'cm',"
             "'items':[{'key':'url'}]}}],'data':{'pw':'{{ .password | upper }}'}}}");
    world_settle(&w);
    assert_str(ready("db"), SYNCED);
    assert_secret("db", "url", "db://admin@h");
    assert_secret("db", "pw", "S3CRET");
    assert_secret("db", "password", NULL);
    assert_str(
        json_str(json_get(json_find(world_get(&w, "secrets", "a", "db"), "metadata.annotations"),
                          "reloader.stakater.com/match")),
        "true");
    /* A changed ConfigMap is seen at the next refresh. */
    world_patch(&w, "configmaps", "a", "cm", "{'data':{'url':'v2://{{ .username }}'}}");
    world_advance(&w, 65 * NS_S);
    assert_secret("db", "url", "v2://admin");
}

/* ---- other people's Secrets ---- */

static void existing_secret_is_taken_over(void **state)
{
    apply_basics();
    world_apply(&w, "secrets",
                "{'metadata':{'namespace':'a','name':'db'},'data':{'theirs':'eA=='}}");
    start((struct sync_options){0});
    apply_es("db", DATA);
    world_settle(&w);
    assert_str(ready("db"), SYNCED);
    assert_secret("db", "theirs", NULL);
    assert_secret("db", "password", "s3cret");
}

static void foreign_owners(void **state)
{
    static const struct {
        const char *name;
        const char *owner;
        const char *ready;
        const char *event;
    } CASES[] = {
        {"one",
         "{'apiVersion':'external-secrets.io/v1','kind':'ExternalSecret','name':'other','uid':'o',"
         "'controller':true}",
         FAILED("target is owned by another ExternalSecret"),
         "secret is owned by another ExternalSecret: other"},
        {"two",
         "{'apiVersion':'apps/v1','kind':'Deployment','name':'web','uid':'o','controller':true}",
         FAILED("failed to take ownership of target secret"),
         "is already owned by another Deployment controller web"},
    };
    apply_basics();
    start((struct sync_options){0});
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        world_apply(&w, "secrets",
                    text("{'metadata':{'namespace':'a','name':'%s','ownerReferences':[%s]},'data':{"
                         "'theirs':'eA=='}}",
                         CASES[i].name, CASES[i].owner));
        apply_es(CASES[i].name, "'refreshInterval':'1h'," DATA);
        world_settle(&w);
        assert_str(ready(CASES[i].name), CASES[i].ready);
        assert_event("UpdateFailed", CASES[i].event);
        assert_secret(CASES[i].name, "theirs", "x");
    }
    /* Not tried again but at the interval; then it heals by itself. */
    world_forget(&w);
    world_advance(&w, 30 * NS_MIN);
    assert_int_equal(world_count(&w, "GET", "/secrets/one"), 0);
    world_delete(&w, "secrets", "a", "one");
    world_advance(&w, 40 * NS_MIN);
    assert_str(ready("one"), SYNCED);
}

static void immutable(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", DATA);
    world_settle(&w);
    world_patch(&w, "secrets", "a", "db", "{'immutable':true}");
    world_advance(&w, NS_S);
    world_put(&w, "password", "new");
    world_patch(&w, "externalsecrets", "a", "db", "{'metadata':{'annotations':{'f':'1'}}}");
    world_settle(&w);
    assert_str(ready("db"), FAILED("could not update secret, target is immutable"));
    assert_secret("db", "password", "s3cret");
    world_delete(&w, "secrets", "a", "db");
    world_settle(&w);
    assert_str(ready("db"), SYNCED);
    assert_secret("db", "password", "new");
}

/* Somebody writes between our reading and our writing. */
static void conflicts(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", DATA);
    world_settle(&w);
    world_advance(&w, NS_S);
    world_put(&w, "password", "new");
    WORLD_FAULT(&w, .method = "PUT", .part = "/secrets/db", .status = 409,
                .body = "{'kind':'Status','code':409,'reason':'Conflict','message':'modified'}",
                .times = 2);
    world_patch(&w, "externalsecrets", "a", "db", "{'metadata':{'annotations':{'f':'1'}}}");
    world_settle(&w);
    assert_secret("db", "password", "new");
    assert_str(ready("db"), SYNCED);
    assert_false(world_event(&w, "UpdateFailed", ""));
}

/* ---- bad input: what is said, that nothing spins, that it heals ---- */

/* Requests of ten minutes of failing, by ExternalSecret: a dozen tries and their Events. */
enum { FAILING_MAX = 60 };

static void assert_calm_and_heals(const char *name, void (*mend)(void))
{
    world_forget(&w);
    world_advance(&w, 10 * NS_MIN);
    size_t requests = w.log.n + w.vault_log.n;
    if (requests > FAILING_MAX) {
        fail_msg("%zu requests in ten minutes", requests);
    }
    mend();
    world_advance(&w, 8 * NS_MIN);
    assert_str(ready(name), SYNCED);
}

static void mend_nothing(void)
{
}

static void mend_values(void)
{
    world_put(&w, "user", "admin");
    world_put(&w, "password", "s3cret");
}

static void mend_faults(void)
{
    w.faults.n = 0;
}

static void bad_values(void **state)
{
    static const struct {
        const char *spec;
        const char *event;
    } CASES[] = {
        {"'data':[{'secretKey':'k','remoteRef':{'key':'gone'}}]",
         "error processing spec.data[0] (key: gone), err: Secret does not exist"},
        {"'data':[{'secretKey':'k','remoteRef':{'key':'off'}}]", "disabled"},
        {"'data':[{'secretKey':'k','remoteRef':{'key':'user','property':'x'}}]",
         "property x does not exist in key user"},
        {"'data':[{'secretKey':'k','remoteRef':{'key':'box/x'}}]",
         "unknown Azure Keyvault object Type for x"},
        {"'dataFrom':[{'extract':{'key':'user'}}]",
         "error processing spec.dataFrom[0].extract, err: error unmarshalling json data"},
        {"'dataFrom':[{'find':{'name':{'regexp':'('}}}]", "find.name.regexp: error parsing regexp"},
        {"'data':[{'secretKey':'k','remoteRef':{'key':'nul','nullBytePolicy':'Fail'}}]",
         "contains null bytes"},
        {"'data':[{'secretKey':'k','remoteRef':{'key':'user'},'sourceRef':{'storeRef':{'name':"
         "'other'}}}]",
         "could not get SecretStore \"other\", SecretStore.external-secrets.io \"other\" not "
         "found"},
        {"'data':[{'secretKey':'k','remoteRef':{'key':'user'},'sourceRef':{'storeRef':{'name':'"
         "other',"
         "'kind':'ClusterSecretStore'}}}]",
         "could not get ClusterSecretStore \"other\""},
    };
    apply_basics();
    world_put(&w, "off", "x");
    world_disable(&w, "off");
    world_put_bytes(&w, "nul", str_n("a\0b", 3));
    start((struct sync_options){0});
    apply_es("good", DATA);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        apply_es(text("bad%zu", i), CASES[i].spec);
    }
    world_settle(&w);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        assert_str(ready(text("bad%zu", i)), PROVIDER_FAILED);
        assert_event("UpdateFailed", CASES[i].event);
    }
    assert_str(ready("good"), SYNCED);
    world_forget(&w);
    world_advance(&w, 10 * NS_MIN);
    assert_true(w.log.n + w.vault_log.n < COUNT_OF(CASES) * FAILING_MAX);
    world_put(&w, "gone", "here");
    world_put(&w, "off", "on");
    world_advance(&w, 8 * NS_MIN);
    assert_str(ready("bad0"), SYNCED);
    assert_str(ready("bad1"), SYNCED);
}

static void refused_by_the_vault(void **state)
{
    static const struct {
        int status;
        const char *body;
        const char *event;
    } CASES[] = {
        {403,
         "{'error':{'code':'Forbidden','message':'Caller is not authorized','innererror':{'code':"
         "'ForbiddenByRbac'}}}",
         "Key Vault Secrets User"},
        {429, "{'error':{'code':'Throttled','message':'too many'}}", ""},
        {503, "<html>", ""},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        apply_basics();
        start((struct sync_options){0});
        WORLD_FAULT(&w, .method = "GET", .part = "/secrets/user", .status = CASES[i].status,
                    .body = CASES[i].body, .times = -1);
        apply_es("db", DATA);
        world_settle(&w);
        world_advance(&w, NS_MIN);
        assert_str(ready("db"), PROVIDER_FAILED);
        assert_event("UpdateFailed", CASES[i].event);
        world_advance(&w, 10 * NS_MIN);
        mend_faults();
        world_advance(&w, 8 * NS_MIN);
        assert_str(ready("db"), SYNCED);
        stop();
        teardown(state);
        setup(state);
    }
}

static void wrong_secret(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    WORLD_FAULT(&w, .method = "POST", .part = "/token", .status = 401,
                .body =
                    "{'error':'invalid_client','error_description':'AADSTS7000215: Invalid client "
                    "secret provided.'}",
                .times = -1);
    apply_es("db", DATA);
    world_settle(&w);
    assert_str(ready("db"), PROVIDER_FAILED);
    assert_event("UpdateFailed", "AADSTS7000215");
    assert_calm_and_heals("db", mend_faults);
}

static void vault_away(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    world_vault_stop(&w);
    apply_es("db", DATA);
    world_settle(&w);
    world_advance(&w, NS_MIN);
    assert_str(ready("db"), PROVIDER_FAILED);
    world_vault_start(&w);
    assert_calm_and_heals("db", mend_nothing);
}

static void kubernetes_refuses(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    WORLD_FAULT(&w, .method = "POST", .part = "/a/secrets", .status = 403,
                .body = "{'kind':'Status','code':403,'reason':'Forbidden','message':'secrets is "
                        "forbidden: User pawl cannot create resource secrets'}",
                .times = -1);
    apply_es("db", DATA);
    world_settle(&w);
    assert_str(ready("db"), FAILED("could not update secret"));
    assert_event("UpdateFailed", "cannot create resource secrets");
    assert_calm_and_heals("db", mend_faults);
}

static void template_fails(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", DATA ",'target':{'template':{'data':{'k':'{{ .nokey }}'}}}");
    apply_es("src",
             DATA ",'target':{'template':{'templateFrom':[{'configMap':{'name':'no','items':[{"
                  "'key':'k'}]}}]}}");
    world_settle(&w);
    assert_str(ready("db"), FAILED("could not update secret"));
    assert_event("UpdateFailed", "map has no entry for key \"nokey\"");
    assert_str(ready("src"), FAILED("could not update secret"));
    assert_event("UpdateFailed", "could not apply template: error fetching templateFrom data: "
                                 "configmaps \"no\" not found");
    apply_es("db", DATA);
    world_settle(&w);
    assert_str(ready("db"), SYNCED);
}

static void invalid_specs(void **state)
{
    static const struct {
        const char *spec;
        const char *ready;
    } CASES[] = {
        {"", "False SecretSyncedError: either data or dataFrom should be specified"},
        {"'refreshInterval':'soon'," DATA,
         "False SecretSyncedError: spec.refreshInterval: is not a duration such as 1h or 5m30s"},
        {DATA ",'target':{'creationPolicy':'Mine'}",
         "False SecretSyncedError: spec.target.creationPolicy: unknown value \"Mine\", must be "
         "Owner, "
         "Orphan, Merge, CreateOrMerge or None"},
        {DATA ",'target':{'manifest':{'apiVersion':'v1','kind':'ConfigMap'}}",
         "False SecretSyncedError: invalid generic target"},
    };
    apply_basics();
    start((struct sync_options){0});
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        apply_es(text("es%zu", i), CASES[i].spec);
    }
    world_settle(&w);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        assert_str(ready(text("es%zu", i)), CASES[i].ready);
    }
    world_forget(&w);
    world_advance(&w, 30 * NS_MIN);
    assert_int_equal(world_count(&w, "", "/externalsecrets"), 0);
    apply_es("es0", DATA);
    world_settle(&w);
    assert_str(ready("es0"), SYNCED);
}

static void odd_values(void **state)
{
    AUTO(buf_done) struct buf big = BUF_INIT(64 << 10);
    buf_add_repeat(&big, 'x', 25 << 10);
    apply_basics();
    world_put(&w, "big", big.p);
    world_put(&w, "lines", "a\nb\n");
    world_put(&w, "empty", "");
    world_put_bytes(&w, "nul", str_n("a\0b", 3));
    start((struct sync_options){0});
    apply_es("db",
             "'data':[{'secretKey':'big','remoteRef':{'key':'big'}},{'secretKey':'lines',"
             "'remoteRef':{'key':'lines'}},{'secretKey':'empty','remoteRef':{'key':'empty'}},{"
             "'secretKey':'nul','remoteRef':{'key':'nul'}}]");
    world_settle(&w);
    assert_str(ready("db"), SYNCED);
    assert_int_equal(world_secret(&w, "a", "db", "big").n, 25 << 10);
    assert_secret("db", "lines", "a\nb\n");
    assert_secret("db", "empty", "");
    assert_true(str_eq(world_secret(&w, "a", "db", "nul"), str_n("a\0b", 3)));
}

/* ---- stores ---- */

static void bad_stores(void **state)
{
    static const struct {
        const char *provider; /* NULL: made from azure */
        const char *azure;
        const char *ready;
        const char *event;
    } CASES[] = {
        {"{'aws':{}}", NULL,
         "False InvalidProviderConfig: unknown provider \"aws\": Pawl knows azurekv (Azure Key "
         "Vault)",
         "unknown provider"},
        {NULL,
         ",'authSecretRef':{'clientId':{'name':'no','key':'k'},'clientSecret':{'name':'no','key':"
         "'k'}}",
         "False InvalidProviderConfig: unable to create client",
         "cannot get Kubernetes secret \"no\" from namespace \"a\""},
        {NULL,
         ",'authSecretRef':{'clientId':{'name':'cred','key':'no'},'clientSecret':{'name':'cred',"
         "'key':'secret'}}",
         "False InvalidProviderConfig: unable to create client",
         "cannot find secret data for key: \"no\""},
        {NULL, "", "False InvalidProviderConfig: unable to create client",
         "missing secretRef in provider config"},
        {NULL, ",'authSecretRef':{'clientId':{'name':'cred','key':'id'}}",
         "False InvalidProviderConfig: unable to create client",
         "missing accessKeyID/secretAccessKey in store config"},
        {NULL, ",'authType':'WorkloadIdentity','serviceAccountRef':{'name':'nosa'}",
         "False InvalidProviderConfig: unable to create client",
         "serviceaccounts \"nosa\" not found"},
        {NULL, ",'authType':'WorkloadIdentity','serviceAccountRef':{'name':'sa','namespace':'b'}",
         "False InvalidProviderConfig: unable to validate store", "invalid ServiceAccountRef"},
    };
    apply_credentials("a");
    start((struct sync_options){0});
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        apply_store("a", text("s%zu", i),
                    CASES[i].provider ? CASES[i].provider : azurekv(CASES[i].azure));
    }
    world_settle(&w);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        assert_str(world_ready(&w, "secretstores", "a", text("s%zu", i)), CASES[i].ready);
        assert_event("InvalidProviderConfig", CASES[i].event);
        assert_null(
            json_find(world_get(&w, "secretstores", "a", text("s%zu", i)), "status.capabilities"));
    }
    world_forget(&w);
    world_advance(&w, 10 * NS_MIN);
    assert_true(w.log.n < COUNT_OF(CASES) * FAILING_MAX);
}

static void store_heals(void **state)
{
    start((struct sync_options){0});
    apply_store("a", "s", azurekv(CREDENTIALS));
    mend_values();
    apply_es("db", DATA);
    world_settle(&w);
    assert_str(ready("db"), PROVIDER_FAILED);
    assert_event("UpdateFailed", "SecretStore \"s\" is not ready");
    apply_credentials("a");
    world_advance(&w, 8 * NS_MIN);
    assert_str(world_ready(&w, "secretstores", "a", "s"), "True Valid: store validated");
    assert_str(ready("db"), SYNCED);
}

static void workload_identity(void **state)
{
    world_apply(&w, "serviceaccounts",
                "{'metadata':{'namespace':'a','name':'sa','annotations':{"
                "'azure.workload.identity/client-id':'22222222-2222-2222-2222-222222222222'}}}");
    mend_values();
    start((struct sync_options){0});
    apply_store("a", "s",
                azurekv(",'authType':'WorkloadIdentity','serviceAccountRef':{'name':'sa'}"));
    apply_es("db", DATA);
    world_settle(&w);
    assert_str(ready("db"), SYNCED);
    assert_int_equal(world_count(&w, "POST", "/serviceaccounts/sa/token"), 1);
}

static void store_intervals(void **state)
{
    apply_basics();
    start((struct sync_options){.store_interval = NS_MIN});
    world_apply(&w, "secretstores",
                text("{'metadata':{'namespace':'a','name':'slow'},'spec':{'refreshInterval':'1h',"
                     "'provider':%s}}",
                     azurekv(CREDENTIALS)));
    world_settle(&w);
    world_forget(&w);
    world_advance(&w, 5 * NS_MIN + 30 * NS_S);
    size_t reads = world_count(&w, "GET", "/secrets/cred");
    assert_in_range(reads, 4, 6);
}

static void cluster_store(void **state)
{
    static const char *const NAMES[] = {"free", "list", "labels", "denied"};
    static const char *const CONDITIONS[] = {
        "", ",'conditions':[{'namespaces':['b','a']}]",
        ",'conditions':[{'namespaceSelector':{'matchLabels':{'team':'x'}}}]",
        ",'conditions':[{'namespaceRegexes':['^b']}]"};
    world_apply(&w, "namespaces", "{'metadata':{'name':'a','labels':{'team':'x'}}}");
    apply_credentials("a");
    mend_values();
    start((struct sync_options){0});
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        world_apply(&w, "clustersecretstores",
                    text("{'metadata':{'name':'%s'},'spec':{'provider':%s%s}}", NAMES[i],
                         azurekv(CREDENTIALS), CONDITIONS[i]));
        apply_es(NAMES[i], DATA);
        world_patch(&w, "externalsecrets", "a", NAMES[i],
                    text("{'spec':{'secretStoreRef':{'name':'%s','kind':'ClusterSecretStore'}}}",
                         NAMES[i]));
    }
    world_settle(&w);
    assert_str(world_ready(&w, "clustersecretstores", "", "free"), "True Valid: store validated");
    for (size_t i = 0; i < 3; i++) {
        assert_str(ready(NAMES[i]), SYNCED);
    }
    assert_str(ready("denied"), PROVIDER_FAILED);
    assert_event("UpdateFailed",
                 "using cluster store \"denied\" is not allowed from namespace \"a\": "
                 "denied by spec.condition");
}

/* What is another controller's is left alone, without a word. */
static void other_classes(void **state)
{
    apply_basics();
    start((struct sync_options){.no_cluster_stores = true});
    world_apply(&w, "secretstores",
                text("{'metadata':{'namespace':'a','name':'theirs'},'spec':{'controller':'other',"
                     "'provider':%s}}",
                     azurekv(CREDENTIALS)));
    apply_es("db", DATA);
    world_patch(&w, "externalsecrets", "a", "db", "{'spec':{'secretStoreRef':{'name':'theirs'}}}");
    apply_es("cluster", DATA);
    world_patch(&w, "externalsecrets", "a", "cluster",
                "{'spec':{'secretStoreRef':{'kind':'ClusterSecretStore'}}}");
    world_settle(&w);
    world_advance(&w, 10 * NS_MIN);
    assert_str(world_ready(&w, "secretstores", "a", "theirs"), "");
    assert_str(ready("db"), "");
    assert_str(ready("cluster"), "");
    assert_null(world_get(&w, "secrets", "a", "db"));
}

/* ---- the whole ---- */

static void readiness(void **state)
{
    AUTO(buf_done) struct buf why = BUF_INIT(4096);
    WORLD_FAULT(&w, .method = "GET", .part = "/externalsecrets", .status = 403,
                .body = "{'kind':'Status','code':403,'reason':'Forbidden','message':"
                        "'externalsecrets is forbidden'}",
                .times = -1);
    start((struct sync_options){0});
    assert_false(sync_ready(role, &why));
    assert_non_null(strstr(why.p, "externalsecrets: "));
    assert_non_null(strstr(why.p, "is forbidden"));
    mend_faults();
    world_advance(&w, 2 * NS_MIN);
    buf_clear(&why);
    assert_true(sync_ready(role, &why));
    assert_int_equal(why.n, 0);
}

static void note_stopped(void *arg)
{
    *(bool *)arg = true;
}

static void stopping(void **state)
{
    bool stopped = false;
    apply_basics();
    start((struct sync_options){0});
    w.vault_delay = NS_S;
    apply_es("db", DATA);
    world_settle(&w);
    assert_true(sync_in_flight(role, STR("a"), STR("db")));
    sync_stop(role, note_stopped, &stopped);
    assert_true(stopped); /* reading leaves nothing half done */
    world_advance(&w, NS_MIN);
    assert_null(world_get(&w, "secrets", "a", "db"));
}

static void one_namespace(void **state)
{
    struct str only = STR("b");
    apply_basics();
    start((struct sync_options){.namespaces = &only, .n_namespaces = 1, .no_cluster_stores = true});
    apply_es("db", DATA);
    world_settle(&w);
    assert_str(ready("db"), "");
    assert_int_equal(world_count(&w, "GET", "/namespaces/a/"), 0);
}

static void count_row(void *arg, const struct sync_row *row)
{
    size_t *n = arg;
    n[0]++;
    if (str_eq_c(row->name, "bad")) {
        assert_str(row->ready, "False");
        assert_true(str_find(row->last_error, STR("Secret does not exist")) >= 0);
        n[1]++;
    }
    if (str_eq_c(row->name, "db")) {
        assert_str(row->ready, "True");
        assert_str(row->target, "db");
        assert_str(row->store, "s");
        assert_true(row->refreshed > 0 && row->next > row->refreshed);
        n[1]++;
    }
}

static void rows(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", DATA);
    apply_es("bad", "'data':[{'secretKey':'k','remoteRef':{'key':'gone'}}]");
    world_settle(&w);
    size_t n[2] = {0};
    sync_each_row(role, count_row, n);
    assert_int_equal(n[0], 3);
    assert_int_equal(n[1], 2);
}

static void windows_hold_back(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", "'refreshInterval':'1m','syncWindows':{'kind':'deny','windows':[{'schedule':"
                   "'0 12 * * *','duration':'10m'}]}," DATA);
    world_settle(&w);
    assert_str(ready("db"), SYNCED);
    world_put(&w, "password", "new");
    world_forget(&w);
    world_advance(&w, 9 * NS_MIN);
    assert_secret("db", "password", "s3cret");
    assert_int_equal(world_count(&w, "", "/db"), 0);
    world_advance(&w, 3 * NS_MIN);
    assert_secret("db", "password", "new");
}

static void counters(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    apply_es("db", DATA);
    apply_es("bad", "'data':[{'secretKey':'k','remoteRef':{'key':'gone'}}]");
    world_settle(&w);
    assert_true(metric_value(metrics_find(metrics, "externalsecret_sync_calls_error"),
                             LABELS(STR("bad"), STR("a"))) >= 1);
    assert_true(metric_value(metrics_find(metrics, "externalsecret_status_condition"),
                             LABELS(STR("db"), STR("a"), STR("Ready"), STR("True"))) == 1);
    assert_true(metric_value(metrics_find(metrics, "externalsecret_status_condition"),
                             LABELS(STR("bad"), STR("a"), STR("Ready"), STR("True"))) == 0);
    assert_true(metric_value(metrics_find(metrics, "externalsecret_provider_api_calls_count"),
                             LABELS(STR("Azure/KeyVault"), STR("GetSecret"), STR("success"))) == 2);
    assert_true(metric_value(metrics_find(metrics, "secretstore_status_condition"),
                             LABELS(STR("s"), STR("a"), STR("Ready"), STR("True"))) == 1);
}

/* A user's change that arrives between our read and our status write is not lost. */
static void change_during_a_pass(void **state)
{
    apply_basics();
    start((struct sync_options){0});
    w.vault_delay = NS_S;
    apply_es("db", DATA);
    world_settle(&w);
    apply_es("db", "'data':[{'secretKey':'pw','remoteRef':{'key':'password'}}]");
    w.vault_delay = 0;
    world_advance(&w, 2 * NS_S);
    assert_secret("db", "pw", "s3cret");
    assert_secret("db", "username", NULL);
    assert_true(str_starts(status_of("db", "syncedResourceVersion"), STR("2-")));
}

static bool all_synced(void *arg)
{
    size_t n = *(size_t *)arg;
    loop_advance(w.loop, NS_MS);
    return written_calls == n && world_count(&w, "PATCH", "/status") >= n;
}

static bool all_refreshed(void *arg)
{
    return world_count(&w, "PATCH", "/status") == *(size_t *)arg;
}

static void many(void **state)
{
    size_t n = 300;
    apply_basics();
    start((struct sync_options){0});
    for (size_t i = 0; i < n; i++) {
        apply_es(text("es-%zu", i), "'refreshInterval':'1m'," DATA);
    }
    world_forget(&w);
    world_until(&w, all_synced, &n);
    world_settle(&w);
    assert_true(w.log.n <= 4 * n);
    assert_true(world_vault_count(&w, "POST") <= 1);
    /* Two values that all share. */
    assert_true(world_vault_count(&w, "GET") < 20);
    /* The next refresh: one write each, and the vault is asked once for all. */
    world_forget(&w);
    world_advance(&w, 70 * NS_S);
    world_until(&w, all_refreshed, &n);
    world_settle(&w);
    assert_int_equal(w.log.n, n);
    assert_true(w.vault_log.n < 20);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* With an argument only the tests whose names match it (with wildcards). */
int main(int argc, char **argv)
{
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    const struct CMUnitTest tests[] = {
        T(first_sync),
        T(together_with_its_store),
        T(store_at_the_same_time),
        T(unchanged_refresh_moves_the_time_only),
        T(rotation),
        T(force_sync),
        T(restart),
        T(changed_while_away),
        T(changed_spec),
        T(drift),
        T(renamed_target),
        T(deletion),
        T(deletion_with_a_wrong_spec),
        T(merge_policy),
        T(create_or_merge),
        T(orphan_policy),
        T(none_policy),
        T(gone_from_the_vault),
        T(nothing_found),
        T(data_from),
        T(templates),
        T(existing_secret_is_taken_over),
        T(foreign_owners),
        T(immutable),
        T(conflicts),
        T(bad_values),
        T(refused_by_the_vault),
        T(wrong_secret),
        T(vault_away),
        T(kubernetes_refuses),
        T(template_fails),
        T(invalid_specs),
        T(odd_values),
        T(bad_stores),
        T(store_heals),
        T(workload_identity),
        T(store_intervals),
        T(cluster_store),
        T(other_classes),
        T(readiness),
        T(stopping),
        T(one_namespace),
        T(rows),
        T(windows_hold_back),
        T(counters),
        T(change_during_a_pass),
        T(many),
    };
    return RUN(tests);
}
