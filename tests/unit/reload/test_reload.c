/* SPDX-License-Identifier: Apache-2.0
 *
 * The role as a whole: what becomes of workloads when sources change, whatever happens in between.
 */
#include "harness.h"

#define DEPLOYMENT RES_DEPLOYMENTS

/* ---- the ordinary case ---- */

static void a_change_moves_what_uses_it(void **state)
{
    struct harness *h = *state;
    static const enum resource_id kinds[] = {RES_DEPLOYMENTS, RES_DAEMONSETS, RES_STATEFULSETS};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        put_workload(h, kinds[i], "web", AUTO_ON);
        put_workload(h, kinds[i], "other", "");
    }
    harness_start(h);
    assert_true(reload_ready(h->reload, NULL));
    put_secret(h, "db", "two", "");
    harness_rest(h);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        assert_moved_for(h, kinds[i], "web", "two");
        assert_not_moved(h, kinds[i], "other");
    }
    put_configmap(h, "settings", "three", "");
    harness_rest(h);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        assert_string_equal(variable_value(h, kinds[i], "web", "STAKATER_SETTINGS_CONFIGMAP"),
                            fingerprint("three"));
    }
}

static void one_patch_a_move(void **state)
{
    struct harness *h = *state;
    put_workload(h, DEPLOYMENT, "web", AUTO_ON);
    harness_start(h);
    int64_t before = generation(h, DEPLOYMENT, "web");
    fake_forget_log(&h->api);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_int_equal(generation(h, DEPLOYMENT, "web"), before + 1);
    assert_int_equal(fake_count(&h->api, "PATCH", "/deployments/web"), 1);
    assert_int_equal(fake_count(&h->api, "GET", "/secrets/db"), 1);
    assert_int_equal(fake_count(&h->api, "POST", "/events"), 1);
    assert_int_equal(fake_count(&h->api, NULL, ""), 3);
}

static void an_event_tells(void **state)
{
    struct harness *h = *state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    struct str name = fake_only_name(&h->api, &a, RES_EVENTS, NS);
    const struct json *event = fake_get(&h->api, &a, RES_EVENTS, NS, arena_dup(&a, name));
    assert_str(json_find_str(event, "reason"), "Reloaded");
    assert_str(json_find_str(event, "type"), "Normal");
    assert_str(json_find_str(event, "source.component"), "reloader-secrets");
    assert_str(json_find_str(event, "involvedObject.kind"), "StatefulSet");
    assert_str(json_find_str(event, "message"),
               "Changes detected in 'db' of type 'SECRET' in namespace 'shop', Updated 'base' of "
               "type 'StatefulSet' in namespace 'shop'");
}

static void the_annotations_strategy(void **state)
{
    struct harness *h = *state;
    h->options.strategy = RELOAD_ANNOTATIONS;
    put_workload(h, DEPLOYMENT, "web", AUTO_ON);
    harness_start(h);
    assert_string_equal(
        annotation_value(h, DEPLOYMENT, "web", "reloader.stakater.com/last-reloaded-from"), "");
    put_secret(h, "db", "two", "");
    harness_rest(h);
    const char *last =
        annotation_value(h, DEPLOYMENT, "web", "reloader.stakater.com/last-reloaded-from");
    assert_non_null(strstr(last, "\"name\":\"db\""));
    assert_non_null(strstr(last, fingerprint("two")));
    assert_not_moved(h, DEPLOYMENT, "web");
}

/* A source that nobody uses costs nothing at all. */
static void unused_sources_cost_no_request(void **state)
{
    struct harness *h = *state;
    put_workload(h, DEPLOYMENT, "web", "");
    put_secret(h, "unused", "one", "");
    harness_start(h);
    fake_forget_log(&h->api);
    for (int i = 0; i < 20; i++) {
        char value[20];
        snprintf(value, sizeof(value), "v%d", i);
        put_secret(h, "unused", value, "");
        put_secret(h, "db", value, "");
    }
    harness_rest(h);
    assert_int_equal(fake_count(&h->api, NULL, ""), 0);
}

/* ---- many at once ---- */

enum { CROWD = 40 };

static void put_crowd_of_workloads(struct harness *h)
{
    for (int i = 0; i < CROWD; i++) {
        char name[20];
        char list[100];
        snprintf(name, sizeof(name), "w%d", i);
        snprintf(list, sizeof(list), "'secret.reloader.stakater.com/reload':'s%d'", i);
        put_workload(h, DEPLOYMENT, name, list);
    }
}

static void assert_crowd_moved(struct harness *h, const char *value)
{
    for (int i = 0; i < CROWD; i++) {
        char name[20];
        char variable[40];
        snprintf(name, sizeof(name), "w%d", i);
        snprintf(variable, sizeof(variable), "STAKATER_S%d_SECRET", i);
        assert_string_equal(variable_value(h, DEPLOYMENT, name, variable), fingerprint(value));
    }
}

static void start_crowd(struct harness *h)
{
    put_secrets(h, CROWD, "one");
    put_crowd_of_workloads(h);
    harness_start(h);
    fake_forget_log(&h->api);
}

static void many_changes_are_one_list(void **state)
{
    struct harness *h = *state;
    start_crowd(h);
    put_secrets(h, CROWD, "two");
    harness_rest(h);
    assert_crowd_moved(h, "two");
    assert_in_range(fake_count(&h->api, "GET", "/secrets/"), 1, 10);
    assert_in_range(fake_count(&h->api, "GET", "/secrets?"), 1, 3);
    assert_int_equal(fake_count(&h->api, "PATCH", "/deployments/"), CROWD);
}

static void a_list_of_many_that_fails(void **state)
{
    struct harness *h = *state;
    start_crowd(h);
    put_secrets(h, CROWD, "two");
    harness_run(h, 20 * NS_MS);
    fake_fault(&h->api, (struct fake_fault){"GET", "/secrets", 503, 1});
    harness_rest(h);
    assert_crowd_moved(h, "two");
    assert_int_equal(fake_count(&h->api, "GET", "/secrets?"), 1);
    assert_int_equal(fake_count(&h->api, "PATCH", "/deployments/"), CROWD);
}

static void changed_again_while_many_are_listed(void **state)
{
    struct harness *h = *state;
    start_crowd(h);
    put_secrets(h, CROWD, "two");
    harness_run(h, 20 * NS_MS);
    put_secrets(h, CROWD, "three");
    harness_rest(h);
    assert_crowd_moved(h, "three");
}

/* Four of forty: a list would bring ten times what is asked for. */
static void few_of_many_are_read(void **state)
{
    struct harness *h = *state;
    start_crowd(h);
    put_secrets(h, 4, "two");
    harness_rest(h);
    assert_int_equal(fake_count(&h->api, "GET", "/secrets/"), 4);
    assert_int_equal(fake_count(&h->api, "GET", "/secrets?"), 0);
}

static void labels_are_no_content(void **state)
{
    struct harness *h = *state;
    put_workload(h, DEPLOYMENT, "web", AUTO_ON);
    harness_start(h);
    size_t writes = workload_writes(h);
    put_secret(h, "db", "one", "'some':'label'");
    harness_rest(h);
    assert_int_equal(workload_writes(h), writes);
    assert_not_moved(h, DEPLOYMENT, "web");
}

/* ---- the ledger ---- */

static void a_baseline_moves_nothing(void **state)
{
    struct harness *h = *state;
    put_workload(h, DEPLOYMENT, "web", AUTO_ON);
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    assert_non_null(
        strstr(annotation_value(h, DEPLOYMENT, "web", "pawl.dev/applied"), "\"secret/db\":"));
    assert_not_moved(h, DEPLOYMENT, "web");
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 1);
    assert_int_equal(workload_writes(h), 2);
}

static void ten_restarts_write_nothing(void **state)
{
    struct harness *h = *state;
    put_workload(h, DEPLOYMENT, "web", AUTO_ON);
    put_workload(h, RES_DAEMONSETS, "agent", "'secret.reloader.stakater.com/reload':'d.'");
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    fake_forget_log(&h->api);
    for (int i = 0; i < 10; i++) {
        harness_restart(h);
    }
    assert_int_equal(workload_writes(h), 0);
    assert_int_equal(fake_count(&h->api, "POST", "/secrets"), 0);
}

static void a_change_while_down_is_found_once(void **state)
{
    struct harness *h = *state;
    put_workload(h, DEPLOYMENT, "web", AUTO_ON);
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    harness_kill(h);
    put_secret(h, "db", "two", "");
    harness_start(h);
    assert_moved_for(h, DEPLOYMENT, "web", "two");
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
    harness_restart(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
}

static void an_unknown_key_restarts_nothing(void **state)
{
    struct harness *h = *state;
    h->options.strategy = RELOAD_ANNOTATIONS;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    harness_kill(h);
    fake_remove(&h->api, RES_SECRETS, "pawl", "pawl-ledger");
    put_secret(h, "db", "two", "");
    harness_start(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 1);
}

static void a_key_in_a_configmap(void **state)
{
    struct harness *h = *state;
    h->api.deny_secrets = true;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    assert_int_equal(fake_count_objects(&h->api, RES_CONFIGMAPS, "pawl"), 1);
    harness_kill(h);
    put_secret(h, "db", "two", "");
    harness_start(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
    /* Wider rights later: the key moves, the records stay good. */
    h->api.deny_secrets = false;
    fake_forget_log(&h->api);
    harness_restart(h);
    assert_int_equal(fake_count_objects(&h->api, RES_SECRETS, "pawl"), 1);
    assert_int_equal(workload_writes(h), 0);
}

#define WITH_VARIABLE(value)                                                                       \
    "'containers':[{'name':'app','image':'i','env':[{'name':'STAKATER_DB_SECRET','value':'" value  \
    "'}],'envFrom':[{'secretRef':{'name':'db'}}]}]"

static void put_taken_over(struct harness *h, const char *hash)
{
    AUTO(buf_done) struct buf pod = BUF_INIT(4096);
    buf_addf(&pod, WITH_VARIABLE("%s"), hash);
    put_pod(h, RES_STATEFULSETS, "base", AUTO_ON, "", "", pod.p);
}

static void taking_over_restarts_nothing(void **state)
{
    struct harness *h = *state;
    put_taken_over(h, fingerprint("one"));
    harness_start(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 1);
    assert_moved_for(h, RES_STATEFULSETS, "base", "one");
}

static void a_change_that_reloader_missed_is_found(void **state)
{
    struct harness *h = *state;
    put_taken_over(h, fingerprint("zero"));
    harness_start(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
    assert_moved_for(h, RES_STATEFULSETS, "base", "one");
}

/* Reloader left its JSON; the ledger is new. */
static void taking_over_from_annotations(void **state)
{
    struct harness *h = *state;
    h->options.strategy = RELOAD_ANNOTATIONS;
    AUTO(buf_done) struct buf last = BUF_INIT(4096);
    buf_addf(&last,
             "'reloader.stakater.com/last-reloaded-from':'{\\'type\\':\\'SECRET\\',\\'name\\':"
             "\\'db\\',\\'hash\\':\\'%s\\'}'",
             fingerprint("zero"));
    put_pod(h, RES_STATEFULSETS, "base", AUTO_ON, "", last.p, POD_USES_BOTH);
    harness_start(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
}

static void without_a_ledger_only_events_count(void **state)
{
    struct harness *h = *state;
    h->options.ledger = false;
    put_taken_over(h, fingerprint("zero"));
    harness_start(h);
    assert_int_equal(workload_writes(h), 0);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two");
    assert_string_equal(annotation_value(h, RES_STATEFULSETS, "base", "pawl.dev/applied"), "");
    harness_kill(h);
    put_secret(h, "db", "three", "");
    harness_start(h);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two");
}

/* ---- rules that change ---- */

static void new_annotations_move_nothing(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    harness_run(h, 10 * NS_MIN); /* an old workload by now */
    put_workload(h, RES_STATEFULSETS, "base", "");
    harness_rest(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_rest(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 1);
    put_secret(h, "db", "three", "");
    harness_rest(h);
    assert_moved_for(h, RES_STATEFULSETS, "base", "three");
}

static void match_counts_with_the_next_change(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_STATEFULSETS, "base", "'reloader.stakater.com/search':'true'");
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    put_secret(h, "db", "two", "'reloader.stakater.com/match':'true'");
    harness_rest(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 1);
    put_secret(h, "db", "three", "'reloader.stakater.com/match':'true'");
    harness_rest(h);
    assert_moved_for(h, RES_STATEFULSETS, "base", "three");
    /* The mark and the change in one write. */
    put_secret(h, "db", "four", "'reloader.stakater.com/ignore':'true'");
    harness_rest(h);
    assert_moved_for(h, RES_STATEFULSETS, "base", "three");
    put_secret(h, "db", "five", "'reloader.stakater.com/match':'true'");
    harness_rest(h);
    assert_moved_for(h, RES_STATEFULSETS, "base", "five");
}

static void a_new_reference_is_no_change(void **state)
{
    struct harness *h = *state;
    put_pod(h, RES_STATEFULSETS, "base", AUTO_ON, "", "", "'containers':[{'name':'app'}]");
    harness_start(h);
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_rest(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2); /* the user's own */
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two");
}

/* ---- sources that come and go ---- */

static void made_again_with_other_content(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    fake_remove(&h->api, RES_SECRETS, NS, "db");
    harness_rest(h);
    put_secret(h, "db", "one", "");
    harness_rest(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 1);
    fake_remove(&h->api, RES_SECRETS, NS, "db");
    harness_rest(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two");
}

static void the_first_secret_of_a_fresh_workload(void **state)
{
    struct harness *h = *state;
    harness_start(h);
    fake_remove(&h->api, RES_SECRETS, NS, "db");
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_rest(h);
    put_secret(h, "db", "one", "");
    harness_rest(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 1);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two");
}

static void reload_on_create(void **state)
{
    struct harness *h = *state;
    h->options.on_create = true;
    fake_remove(&h->api, RES_SECRETS, NS, "db");
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    put_workload(h, RES_DAEMONSETS, "agent", "'secret.reloader.stakater.com/reload':'x.*'");
    harness_start(h);
    put_secret(h, "db", "one", "");
    put_secret(h, "xyz", "one", "");
    harness_rest(h);
    assert_moved_for(h, RES_STATEFULSETS, "base", "one");
    assert_string_equal(variable_value(h, RES_DAEMONSETS, "agent", "STAKATER_XYZ_SECRET"),
                        fingerprint("one"));
    harness_restart(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
}

static void created_while_down(void **state)
{
    struct harness *h = *state;
    h->options.on_create = true;
    fake_remove(&h->api, RES_SECRETS, NS, "db");
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    harness_kill(h);
    put_secret(h, "db", "one", "");
    harness_start(h);
    assert_moved_for(h, RES_STATEFULSETS, "base", "one");
}

static void reload_on_delete(void **state)
{
    struct harness *h = *state;
    h->options.on_delete = true;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
    fake_remove(&h->api, RES_SECRETS, NS, "db");
    harness_rest(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 3);
    assert_not_moved(h, RES_STATEFULSETS, "base"); /* its variable is gone */
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 3);
    harness_kill(h);
    fake_remove(&h->api, RES_SECRETS, NS, "db");
    harness_start(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 4);
    harness_restart(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 4);
}

/* The lists of a start come in any order. */
static void workloads_that_are_seen_before_what_their_patterns_match(void **state)
{
    struct harness *h = *state;
    put_pod(h, RES_DAEMONSETS, "listed", "'secret.reloader.stakater.com/reload':'d.*'", "", "",
            "'containers':[{'name':'x'}]");
    fake_fault(&h->api, (struct fake_fault){.part = "/v1/secrets", .status = 503, .times = 1});
    harness_start(h);
    harness_rest(h);
    assert_true(reload_ready(h->reload, NULL));
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_moved_for(h, RES_DAEMONSETS, "listed", "two");
    /* And what changed while nobody looked. */
    harness_kill(h);
    put_secret(h, "db", "three", "");
    fake_fault(&h->api, (struct fake_fault){.part = "/v1/secrets", .status = 503, .times = 1});
    harness_start(h);
    harness_rest(h);
    assert_moved_for(h, RES_DAEMONSETS, "listed", "three");
}

static void new_matches_of_a_pattern(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_STATEFULSETS, "base", "'secret.reloader.stakater.com/reload':'x.*'");
    harness_start(h);
    put_secret(h, "xyz", "one", "");
    harness_rest(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 1);
    put_secret(h, "xyz", "two", "");
    harness_rest(h);
    assert_string_equal(variable_value(h, RES_STATEFULSETS, "base", "STAKATER_XYZ_SECRET"),
                        fingerprint("two"));
}

/* ---- many changes ---- */

static void quick_changes_end_with_the_last(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    char value[20];
    for (int i = 0; i < 50; i++) {
        snprintf(value, sizeof(value), "v%d", i);
        put_secret(h, "db", value, "");
        harness_run(h, i % 3 * NS_MS);
    }
    harness_rest(h);
    assert_moved_for(h, RES_STATEFULSETS, "base", "v49");
    int64_t moves = generation(h, RES_STATEFULSETS, "base");
    harness_restart(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), moves);
}

static void one_restart_for_syncs_in_flight(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_STATEFULSETS, "base", "'secret.reloader.stakater.com/reload':'db,other'");
    put_secret(h, "other", "one", "");
    harness_start(h);
    h->in_flight = "other";
    put_secret(h, "db", "two", "");
    harness_run(h, 500 * NS_MS);
    assert_not_moved(h, RES_STATEFULSETS, "base");
    put_secret(h, "other", "two", "");
    harness_run(h, NS_MS);
    h->in_flight = NULL;
    reload_settled(h->reload, STR(NS), STR("other"));
    harness_run(h, 100 * NS_MS);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two");
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
    /* A sync that never ends holds nothing up for longer than 5 s. */
    h->in_flight = "other";
    put_secret(h, "db", "three", "");
    harness_run(h, 4 * NS_S);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two");
    harness_run(h, 2 * NS_S);
    assert_moved_for(h, RES_STATEFULSETS, "base", "three");
}

static void a_settle_period(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON ",'pawl.dev/settle':'60s'");
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_run(h, 50 * NS_S);
    put_secret(h, "db", "three", "");
    harness_run(h, 50 * NS_S);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 1);
    harness_run(h, 15 * NS_S);
    assert_moved_for(h, RES_STATEFULSETS, "base", "three");
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
    /* Changes that never stop are applied after ten periods. */
    for (int i = 0; i < 40; i++) {
        char value[20];
        snprintf(value, sizeof(value), "v%d", i);
        put_secret(h, "db", value, "");
        harness_run(h, 20 * NS_S);
    }
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 3);
}

static void the_sync_role_hands_over(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    fake_forget_log(&h->api);
    char version[32];
    snprintf(version, sizeof(version), "%llu", (unsigned long long)h->api.version + 1);
    struct digest_entry data = {STR("key"), STR("two")};
    reload_secret_written(h->reload, STR(NS), STR("db"), str_c(version), &data, 1);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two");
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
    assert_int_equal(fake_count(&h->api, "GET", "/secrets/db"), 0);
}

/* ---- what people set up ---- */

static void leftovers_go_with_the_next_move(void **state)
{
    struct harness *h = *state;
    AUTO(buf_done) struct buf pod = BUF_INIT(4096);
    buf_addf(&pod,
             "'containers':[{'name':'app','image':'i','env':[{'name':'STAKATER_OLD_SECRET','value':"
             "'%s'},{'name':'STAKATER_MINE_SECRET','value':'mine'}],'envFrom':[{'secretRef':"
             "{'name':'db'}}]}]",
             fingerprint("x"));
    put_pod(h, RES_STATEFULSETS, "base", AUTO_ON, "", "", pod.p);
    harness_start(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 1);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_string_equal(variable_value(h, RES_STATEFULSETS, "base", "STAKATER_OLD_SECRET"), "");
    assert_string_equal(variable_value(h, RES_STATEFULSETS, "base", "STAKATER_MINE_SECRET"),
                        "mine");
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
}

static void leftovers_can_be_kept(void **state)
{
    struct harness *h = *state;
    h->options.keep_leftovers = true;
    AUTO(buf_done) struct buf pod = BUF_INIT(4096);
    buf_addf(&pod,
             "'containers':[{'name':'app','image':'i','env':[{'name':'STAKATER_OLD_SECRET','value':"
             "'%s'}],'envFrom':[{'secretRef':{'name':'db'}}]}]",
             fingerprint("x"));
    put_pod(h, RES_STATEFULSETS, "base", AUTO_ON, "", "", pod.p);
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_string_equal(variable_value(h, RES_STATEFULSETS, "base", "STAKATER_OLD_SECRET"),
                        fingerprint("x"));
}

static void ignored_namespaces(void **state)
{
    struct harness *h = *state;
    static const char *const ignored[] = {NS};
    h->options.ignored_namespaces = (struct reload_list){ignored, 1};
    put_workload(h, DEPLOYMENT, "web", AUTO_ON);
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_int_equal(workload_writes(h), 0);
    assert_int_equal(fake_count(&h->api, "GET", "/secrets/db"), 0);
}

static void one_namespace_only(void **state)
{
    struct harness *h = *state;
    static const char *const names[] = {NS};
    h->options.namespaces = (struct reload_list){names, 1};
    put_workload(h, DEPLOYMENT, "web", AUTO_ON);
    harness_start(h);
    assert_int_equal(fake_count(&h->api, "GET", "/api/v1/secrets"), 0);
    assert_true(fake_count(&h->api, "GET", "/api/v1/namespaces/" NS "/secrets?") > 0);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_moved_for(h, DEPLOYMENT, "web", "two");
}

static void selected_namespaces(void **state)
{
    struct harness *h = *state;
    static const char *const selector[] = {"env=test"};
    h->options.namespace_selector = (struct reload_list){selector, 1};
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    put_secret(h, "db", "two", "");
    harness_rest(h);
    assert_int_equal(workload_writes(h), 0);
    fake_put(&h->api, RES_NAMESPACES, "{'metadata':{'name':'" NS "'}}");
    harness_rest(h);
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 1);
    put_secret(h, "db", "three", "");
    harness_rest(h);
    assert_moved_for(h, RES_STATEFULSETS, "base", "three");
}

static void a_stop_waits_for_what_is_under_way(void **state)
{
    struct harness *h = *state;
    put_workload(h, RES_STATEFULSETS, "base", AUTO_ON);
    harness_start(h);
    fake_fault(&h->api, (struct fake_fault){"PATCH", "base", 503, 1});
    put_secret(h, "db", "two", "");
    for (int i = 0; i < 100 && fake_count(&h->api, "PATCH", "base") < 2; i++) {
        loop_once(h->loop, NS_MS);
    }
    reload_stop(h->reload, NULL, NULL);
    harness_rest(h);
    assert_true(reload_ready(h->reload, NULL));
    reload_start(h->reload);
    harness_rest(h);
    assert_moved_for(h, RES_STATEFULSETS, "base", "two");
    assert_int_equal(generation(h, RES_STATEFULSETS, "base"), 2);
}

int main(void)
{
    http_global_init();
    const struct CMUnitTest tests[] = {
        HARNESS_TEST(a_change_moves_what_uses_it),
        HARNESS_TEST(one_patch_a_move),
        HARNESS_TEST(an_event_tells),
        HARNESS_TEST(the_annotations_strategy),
        HARNESS_TEST(unused_sources_cost_no_request),
        HARNESS_TEST(many_changes_are_one_list),
        HARNESS_TEST(a_list_of_many_that_fails),
        HARNESS_TEST(changed_again_while_many_are_listed),
        HARNESS_TEST(few_of_many_are_read),
        HARNESS_TEST(labels_are_no_content),
        HARNESS_TEST(a_baseline_moves_nothing),
        HARNESS_TEST(ten_restarts_write_nothing),
        HARNESS_TEST(a_change_while_down_is_found_once),
        HARNESS_TEST(an_unknown_key_restarts_nothing),
        HARNESS_TEST(a_key_in_a_configmap),
        HARNESS_TEST(taking_over_restarts_nothing),
        HARNESS_TEST(a_change_that_reloader_missed_is_found),
        HARNESS_TEST(taking_over_from_annotations),
        HARNESS_TEST(without_a_ledger_only_events_count),
        HARNESS_TEST(new_annotations_move_nothing),
        HARNESS_TEST(match_counts_with_the_next_change),
        HARNESS_TEST(a_new_reference_is_no_change),
        HARNESS_TEST(made_again_with_other_content),
        HARNESS_TEST(the_first_secret_of_a_fresh_workload),
        HARNESS_TEST(reload_on_create),
        HARNESS_TEST(created_while_down),
        HARNESS_TEST(reload_on_delete),
        HARNESS_TEST(new_matches_of_a_pattern),
        HARNESS_TEST(workloads_that_are_seen_before_what_their_patterns_match),
        HARNESS_TEST(quick_changes_end_with_the_last),
        HARNESS_TEST(one_restart_for_syncs_in_flight),
        HARNESS_TEST(a_settle_period),
        HARNESS_TEST(the_sync_role_hands_over),
        HARNESS_TEST(leftovers_go_with_the_next_move),
        HARNESS_TEST(leftovers_can_be_kept),
        HARNESS_TEST(ignored_namespaces),
        HARNESS_TEST(one_namespace_only),
        HARNESS_TEST(selected_namespaces),
        HARNESS_TEST(a_stop_waits_for_what_is_under_way),
    };
    int result = RUN(tests);
    http_global_done();
    return result;
}
