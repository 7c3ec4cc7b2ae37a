/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads, checks and lists against the peer. What counts is what the callers get and how many
 * requests the vault saw.
 */
#include "azure/vault_client.h"
#include "azure/vault_reader.h"
#include "base/clock.h"

#include "peer.h"

#define CANARY "canary-v4lue"

static struct peer peer;
static struct azure_tokens *tokens;
static struct azure_credential *credential;
static struct vault_pool *pool;
static struct vault_reader *reader;
static unsigned saved;

/* ---- callers ---- */

struct read {
    struct vault_wait *wait;
    int done;
    char value[64];
    char version[64];
    struct vault_stamp stamp;
    ns_t as_of;
    struct err *err;
};

static void on_read(void *arg, const struct vault_value *v, const struct err *err)
{
    struct read *r = arg;
    assert_int_equal(v == NULL, err != NULL);
    r->wait = NULL;
    r->done++;
    err_free(r->err);
    r->err = err_copy(err);
    if (v) {
        (void)snprintf(r->value, sizeof(r->value), "%.*s", STR_ARG(v->value));
        (void)snprintf(r->version, sizeof(r->version), "%.*s", STR_ARG(v->version));
        r->stamp = v->stamp;
        r->as_of = v->as_of;
    }
}

static void begin_read(struct read *r, struct vault_entry *e, ns_t as_of)
{
    err_free(r->err);
    *r = (struct read){0};
    r->wait = vault_read_entry(e, as_of, on_read, r);
    assert_int_equal(r->done, 0);
}

static void read_now(struct read *r, struct vault_entry *e)
{
    begin_read(r, e, clock_mono());
    await(&peer, r->done);
}

struct check {
    struct vault_wait *wait;
    int done;
    size_t n;
    enum vault_found found[3000];
    unsigned diff[3000];
    ns_t as_of;
    struct err *err; /* of the last failed one */
};

static void on_check(void *arg, const struct vault_finding *findings, size_t n, ns_t as_of)
{
    struct check *c = arg;
    c->wait = NULL;
    c->done++;
    c->n = n;
    c->as_of = as_of;
    for (size_t i = 0; i < n; i++) {
        c->found[i] = findings[i].found;
        c->diff[i] = findings[i].diff;
        if (findings[i].found == VAULT_FAILED) {
            err_free(c->err);
            c->err = err_copy(findings[i].err);
        }
    }
}

/* Objects together with what their user has of them. */
struct user {
    size_t n;
    struct vault_asked asked[3000];
};

static void begin_check(struct check *c, const struct user *u, ns_t as_of)
{
    err_free(c->err);
    memset(c, 0, sizeof(*c));
    c->wait = vault_check_entries(reader, u->asked, u->n, as_of, on_check, c);
    assert_int_equal(c->done, 0);
}

/* Lets time pass until it is done; a fifth of a second at most. */
static void finish_check(struct check *c)
{
    for (int i = 0; i < 2000 && !c->done; i++) {
        loop_advance(peer.loop, 10 * NS_MS);
    }
    assert_int_equal(c->done, 1);
}

static void check_now(struct check *c, const struct user *u)
{
    loop_advance(peer.loop, NS_MS); /* later than whatever is known */
    begin_check(c, u, clock_mono());
    finish_check(c);
}

static size_t count_found(const struct check *c, enum vault_found found)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        n += c->found[i] == found;
    }
    return n;
}

static struct vault_entry *entry_of(const char *name, const char *version)
{
    AUTO(err_freep) struct err *err = NULL;
    struct vault_entry *e =
        vault_entry_get(reader, VAULT_KIND_SECRET, str_c(name), str_c(version), &err);
    assert_non_null(e);
    return e;
}

static char *secret_name(size_t i)
{
    static char name[32];
    (void)snprintf(name, sizeof(name), "s%04zu", i);
    return name;
}

/* M secrets in the vault, of which the user has read the first n. The changes are old by then. */
static void user_init(struct user *u, size_t n, size_t m)
{
    u->n = n;
    for (size_t i = 0; i < m; i++) {
        peer_set(&peer, secret_name(i), "one");
    }
    loop_advance(peer.loop, NS_MIN);
    static struct read reads[3000];
    memset(reads, 0, sizeof(reads));
    for (size_t i = 0; i < n; i++) {
        u->asked[i].entry = entry_of(secret_name(i), "");
        begin_read(&reads[i], u->asked[i].entry, clock_mono());
    }
    for (size_t i = 0; i < n; i++) {
        await(&peer, reads[i].done);
        assert_null(reads[i].err);
        u->asked[i].stamp = reads[i].stamp;
    }
    loop_advance(peer.loop, NS_MIN);
    peer_clear_log(&peer);
    peer.object_gets = peer.pages = 0;
}

static void user_done(struct user *u)
{
    for (size_t i = 0; i < u->n; i++) {
        vault_entry_unref(u->asked[i].entry);
    }
}

/* Reads what has changed and keeps the new stamps. */
static void user_refresh(struct user *u, const struct check *c)
{
    for (size_t i = 0; i < u->n; i++) {
        if (c->found[i] == VAULT_CHANGED) {
            struct read r = {0};
            begin_read(&r, u->asked[i].entry, c->as_of);
            await(&peer, r.done);
            assert_null(r.err);
            u->asked[i].stamp = r.stamp;
        }
    }
}

/* ---- fixture ---- */

static void on_saved(void *arg, const char *how)
{
    saved++;
}

static void new_pool(struct vault_pool_config config)
{
    config.loop = peer.loop;
    config.tokens = tokens;
    config.allow_http = true;
    config.hooks.saved = on_saved;
    pool = vault_pool_new(&config);
    AUTO(err_freep) struct err *err = NULL;
    reader = vault_pool_reader(pool, str_c(peer.vault_url), credential, NULL, STR_EMPTY, &err);
    assert_non_null(reader);
}

static void end_pool(void)
{
    vault_reader_unref(reader);
    vault_pool_free(pool);
}

static int setup(void **state)
{
    peer_init(&peer);
    saved = 0;
    tokens = azure_tokens_new(&(struct azure_tokens_config){.loop = peer.loop});
    struct azure_application app = {str_c(peer.authority), STR("t1"), STR("c1")};
    credential = azure_credential_secret(&app, STR("secret-of-the-app"), NULL);
    new_pool((struct vault_pool_config){0});
    return 0;
}

static int teardown(void **state)
{
    end_pool();
    azure_credential_unref(credential);
    azure_tokens_free(tokens);
    peer_done(&peer);
    return 0;
}

static struct user user;
static struct check check;

/* ---- pool ---- */

static void test_readers_are_shared_by_identity(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    struct azure_application app = {str_c(peer.authority), STR("t1"), STR("c1")};
    struct azure_credential *equal = azure_credential_secret(&app, STR("secret-of-the-app"), NULL);
    struct azure_credential *other = azure_credential_secret(&app, STR("another"), NULL);
    AUTO(freep) char *url = xasprintf("%s/", peer.vault_url);
    struct vault_reader *same = vault_pool_reader(pool, str_c(url), equal, NULL, STR_EMPTY, &err);
    assert_ptr_equal(same, reader);
    struct vault_reader *apart = vault_pool_reader(pool, str_c(url), other, NULL, STR_EMPTY, &err);
    assert_ptr_not_equal(apart, reader);
    assert_null(vault_pool_reader(pool, STR("kv1"), equal, NULL, STR_EMPTY, &err));
    assert_err(-1, err, ERR_INVALID, "vaultUrl");
    AUTO(freep) char *host = xasprintf("kv1.vault.localhost:%u", peer.port);
    assert_str(vault_reader_host(reader), host);
    vault_reader_unref(same);
    vault_reader_unref(apart);
    loop_advance(peer.loop, 3 * NS_MIN); /* the unused one goes */
    azure_credential_unref(equal);
    azure_credential_unref(other);
}

static void test_refused_names(void **state)
{
    static const char *const names[] = {"", ".", ".."};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        AUTO(err_freep) struct err *err = NULL;
        assert_null(vault_entry_get(reader, VAULT_KIND_SECRET, str_c(names[i]), STR_EMPTY, &err));
        assert_err(-1, err, ERR_INVALID, "is no name");
    }
    AUTO(err_freep) struct err *err = NULL;
    assert_null(vault_entry_get(reader, VAULT_KIND_SECRET, STR("x"), STR(".."), &err));
    assert_err(-1, err, ERR_INVALID, "is no version");
}

/* ---- reading ---- */

static void test_read(void **state)
{
    peer_set(&peer, "DB", CANARY);
    struct vault_entry *e = entry_of("db", "");
    struct vault_entry *same = entry_of("Db", "");
    assert_ptr_equal(e, same); /* names have no case */
    struct read r = {0};
    read_now(&r, e);
    assert_string_equal(r.value, CANARY);
    assert_string_equal(r.version, peer_find(&peer, "secrets", "db")->version);
    assert_true(r.stamp.known && r.as_of == clock_mono());
    vault_entry_unref(same);
    vault_entry_unref(e);
}

static void test_equal_reads_are_one_request(void **state)
{
    peer_set(&peer, "db", "x");
    peer.latency = 20 * NS_MS;
    struct vault_entry *e = entry_of("db", "");
    static struct read r[100];
    memset(r, 0, sizeof(r));
    for (size_t i = 0; i < 100; i++) {
        begin_read(&r[i], e, clock_mono());
    }
    loop_advance(peer.loop, NS_S);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(r[i].done, 1);
        assert_string_equal(r[i].value, "x");
    }
    assert_int_equal(peer.object_gets, 1);
    assert_int_equal(saved, 99);

    /* The value stays at hand for those who can do with it. */
    begin_read(&r[0], e, r[1].as_of);
    loop_advance(peer.loop, 0);
    assert_int_equal(r[0].done, 1);
    assert_int_equal(peer.object_gets, 1);
    begin_read(&r[0], e, clock_mono());
    loop_advance(peer.loop, NS_S);
    assert_int_equal(peer.object_gets, 2);
    loop_advance(peer.loop, 2 * NS_S);
    begin_read(&r[0], e, 0); /* nothing is at hand any more */
    loop_advance(peer.loop, NS_S);
    assert_int_equal(peer.object_gets, 3);
    vault_entry_unref(e);
}

/* Whoever knows of a change must not get what was read before it. */
static void test_fresh_reads_do_not_join_older_ones(void **state)
{
    peer_set(&peer, "db", "old");
    peer.latency = 20 * NS_MS;
    struct vault_entry *e = entry_of("db", "");
    struct read warm = {0};
    begin_read(&warm, e, 0); /* gets the token */
    loop_advance(peer.loop, NS_S);
    struct read a = {0};
    struct read b = {0};
    struct read c = {0};
    begin_read(&a, e, clock_mono());
    loop_advance(peer.loop, 30 * NS_MS); /* sent at 0, answered at 20 */
    assert_string_equal(a.value, "old");
    begin_read(&a, e, clock_mono());
    loop_advance(peer.loop, 10 * NS_MS);
    peer_set(&peer, "db", "new"); /* the peer answers at the end, with "new" */
    begin_read(&b, e, clock_mono());
    begin_read(&c, e, clock_mono());
    unsigned before = peer.object_gets;
    loop_advance(peer.loop, NS_S);
    assert_string_equal(b.value, "new");
    assert_string_equal(c.value, "new");
    assert_true(b.as_of > a.as_of && c.as_of == b.as_of);
    assert_int_equal(peer.object_gets, before + 2); /* a's, and one for b and c */
    vault_entry_unref(e);
}

static void test_read_errors(void **state)
{
    peer_set(&peer, "off", "x");
    peer_find(&peer, "secrets", "off")->disabled = true;
    struct vault_entry *missing = entry_of("missing", "");
    struct vault_entry *off = entry_of("off", "");
    struct read r = {0};
    read_now(&r, missing);
    assert_int_equal(r.err->kind, ERR_NOT_FOUND);
    assert_string_equal(r.err->msg, "Secret does not exist");
    read_now(&r, off);
    assert_err(-1, r.err, ERR_DENIED, "disabled");
    err_free(r.err);
    /* An error is not kept. */
    peer_set(&peer, "missing", "here");
    r.err = NULL;
    begin_read(&r, missing, 0);
    await(&peer, r.done);
    assert_string_equal(r.value, "here");
    vault_entry_unref(missing);
    vault_entry_unref(off);
}

static void test_cancelled_reads(void **state)
{
    peer_set(&peer, "db", "x");
    peer.latency = NS_S;
    struct vault_entry *e = entry_of("db", "");
    struct read a = {0};
    struct read b = {0};
    begin_read(&a, e, 0);
    begin_read(&b, e, 0);
    loop_advance(peer.loop, 1500 * NS_MS); /* token there, GET under way */
    vault_wait_cancel(a.wait);
    loop_advance(peer.loop, 5 * NS_S);
    assert_true(a.done == 0 && b.done == 1);
    begin_read(&a, e, clock_mono());
    loop_advance(peer.loop, 100 * NS_MS);
    vault_wait_cancel(a.wait); /* the last one: the request ends */
    assert_int_equal(vault_reader_stats(reader).in_flight, 0);
    begin_read(&a, e, clock_mono());
    loop_advance(peer.loop, 5 * NS_S);
    assert_int_equal(a.done, 1);
    begin_read(&a, e, a.as_of);
    vault_wait_cancel(a.wait); /* ready, not yet called */
    begin_read(&a, e, clock_mono());
    vault_entry_unref(e); /* the wait keeps it */
    loop_advance(peer.loop, 5 * NS_S);
    assert_int_equal(a.done, 1);
    assert_int_equal(vault_reader_stats(reader).entries, 0);
}

/* ---- checks ---- */

static void test_check_of_few_gets(void **state)
{
    user_init(&user, 2, 100);
    check_now(&check, &user);
    assert_int_equal(count_found(&check, VAULT_SAME), 2);
    assert_int_equal(peer.object_gets, 2);
    assert_int_equal(peer.pages, 0);
    user_done(&user);
}

static void test_check_of_many_lists(void **state)
{
    user_init(&user, 100, 100);
    check_now(&check, &user);
    assert_int_equal(count_found(&check, VAULT_SAME), 100);
    assert_int_equal(peer.pages, 4);
    assert_int_equal(peer.object_gets, 0);
    /* What has changed costs a GET each, which serves the read that follows. */
    peer_set(&peer, secret_name(7), "two");
    peer_set(&peer, secret_name(50), "two");
    loop_advance(peer.loop, NS_MIN);
    check_now(&check, &user);
    assert_int_equal(count_found(&check, VAULT_CHANGED), 2);
    assert_true(check.found[7] == VAULT_CHANGED && check.found[50] == VAULT_CHANGED);
    assert_true(check.diff[7] & VAULT_DIFF_VALUE);
    assert_int_equal(peer.object_gets, 2);
    user_refresh(&user, &check);
    assert_int_equal(peer.object_gets, 2);
    assert_int_equal(peer.pages, 8);
    check_now(&check, &user);
    assert_int_equal(count_found(&check, VAULT_SAME), 100);
    assert_int_equal(peer.object_gets, 2);
    user_done(&user);
}

static void test_few_of_a_large_vault_get(void **state)
{
    user_init(&user, 10, 2000);
    check_now(&check, &user); /* tries a list up to where it stops paying */
    assert_int_equal(count_found(&check, VAULT_SAME), 10);
    assert_in_range(peer.pages, 1, 4);
    assert_in_range(peer.object_gets, 0, 10);
    unsigned pages = peer.pages;
    for (int i = 0; i < 10; i++) {
        loop_advance(peer.loop, NS_MIN);
        check_now(&check, &user);
        assert_int_equal(count_found(&check, VAULT_SAME), 10);
    }
    assert_int_equal(peer.pages, pages); /* and remembers that it does not */
    loop_advance(peer.loop, NS_H);
    check_now(&check, &user);
    assert_true(peer.pages > pages); /* looks again now and then */
    user_done(&user);
}

/* One list serves all who look within its time. */
static void test_looks_share_a_list(void **state)
{
    static struct user one[200];
    static struct check checks[200];
    user_init(&user, 200, 200);
    for (size_t i = 0; i < 200; i++) {
        one[i].n = 1;
        one[i].asked[0] = user.asked[i];
    }
    for (int round = 0; round < 3; round++) {
        peer.pages = peer.object_gets = 0;
        for (size_t i = 0; i < 200; i++) {
            begin_check(&checks[i], &one[i], clock_mono() - 6 * NS_S);
            loop_advance(peer.loop, 20 * NS_MS);
        }
        for (size_t i = 0; i < 200; i++) {
            finish_check(&checks[i]);
            assert_int_equal(checks[i].found[0], VAULT_SAME);
        }
        /* The first time nobody knows that so many come, and how many pages there are. */
        assert_true(peer.object_gets <= (round == 0 ? 40 : 0));
        assert_in_range(peer.pages, 8, round == 0 ? 16 : 8);
        loop_advance(peer.loop, NS_MIN);
    }
    user_done(&user);
}

static void test_two_changes_in_one_second(void **state)
{
    user_init(&user, 30, 30);
    peer_set(&peer, secret_name(3), "two");
    check_now(&check, &user);
    assert_int_equal(check.found[3], VAULT_CHANGED);
    user_refresh(&user, &check);
    /* A second one with the same times: no list can tell. */
    struct peer_object *o = peer_find(&peer, "secrets", secret_name(3));
    int64_t when = o->updated;
    o = peer_put(&peer, "secrets", secret_name(3), "three");
    o->created = o->updated = when;
    loop_advance(peer.loop, NS_MIN);
    peer.object_gets = 0;
    check_now(&check, &user);
    assert_int_equal(check.found[3], VAULT_CHANGED);
    assert_int_equal(count_found(&check, VAULT_CHANGED), 1);
    assert_int_equal(peer.object_gets, 1);
    user_refresh(&user, &check);
    loop_advance(peer.loop, NS_MIN);
    peer.object_gets = 0;
    check_now(&check, &user);
    assert_int_equal(count_found(&check, VAULT_SAME), 30);
    assert_int_equal(peer.object_gets, 0); /* old enough now */
    user_done(&user);
}

/* Restored from a backup: an older version with older times. */
static void test_times_that_go_back(void **state)
{
    user_init(&user, 30, 30);
    struct peer_object *o = peer_find(&peer, "secrets", secret_name(3));
    o->updated -= 1000;
    o->created -= 1000;
    free(o->value);
    o->value = xstrdup("zero");
    check_now(&check, &user);
    assert_int_equal(check.found[3], VAULT_CHANGED);
    user_done(&user);
}

static void test_attributes_only(void **state)
{
    user_init(&user, 30, 30);
    struct peer_object *o = peer_find(&peer, "secrets", secret_name(3));
    o->tags = "{\"a\":\"b\"}";
    o->updated += 60;
    loop_advance(peer.loop, 2 * NS_MIN);
    check_now(&check, &user);
    assert_int_equal(check.found[3], VAULT_CHANGED);
    assert_int_equal(check.diff[3], VAULT_DIFF_META | VAULT_DIFF_TIMES);
    assert_int_equal(count_found(&check, VAULT_SAME), 29);
    user_done(&user);
}

static void test_deleted_and_back(void **state)
{
    user_init(&user, 30, 30);
    peer_delete(&peer, "secrets", secret_name(3));
    check_now(&check, &user);
    assert_int_equal(check.found[3], VAULT_GONE);
    assert_int_equal(count_found(&check, VAULT_SAME), 29);
    assert_int_equal(peer_count(&peer, "GET /secrets/s0003"), 1); /* a list is not enough */
    user.asked[3].stamp = (struct vault_stamp){.known = true, .absent = true};
    loop_advance(peer.loop, NS_MIN);
    peer_clear_log(&peer);
    check_now(&check, &user);
    assert_int_equal(check.found[3], VAULT_SAME); /* still away: the list tells */
    assert_int_equal(peer_count(&peer, "GET /secrets/s0003"), 0);
    peer_set(&peer, secret_name(3), "back");
    check_now(&check, &user);
    assert_int_equal(check.found[3], VAULT_CHANGED);
    user_done(&user);
}

/* Two users of one object, one of whom has not seen the last change. */
static void test_each_user_has_its_own_stamp(void **state)
{
    user_init(&user, 30, 30);
    static struct user slow;
    slow.n = 1;
    slow.asked[0] = user.asked[3];
    peer_set(&peer, secret_name(3), "two");
    loop_advance(peer.loop, NS_MIN);
    check_now(&check, &user);
    user_refresh(&user, &check);
    loop_advance(peer.loop, NS_MIN);
    check_now(&check, &user);
    assert_int_equal(check.found[3], VAULT_SAME);
    unsigned before = peer.object_gets;
    begin_check(&check, &slow, clock_mono() - 6 * NS_S);
    finish_check(&check);
    assert_int_equal(check.found[0], VAULT_CHANGED);
    assert_int_equal(peer.object_gets, before); /* the facts were there */
    user_done(&user);
}

static void test_unknown_stamps(void **state)
{
    user_init(&user, 3, 3);
    user.asked[1].stamp = (struct vault_stamp){0};
    check_now(&check, &user);
    assert_int_equal(check.found[1], VAULT_CHANGED);
    assert_int_equal(check.diff[1], 15);
    assert_int_equal(count_found(&check, VAULT_SAME), 2);
    user_done(&user);
    user.n = 0;
    check_now(&check, &user);
    assert_int_equal(check.n, 0);
}

static void test_pinned_versions_are_looked_at_rarely(void **state)
{
    peer_set(&peer, "db", "one");
    AUTO(freep) char *version = xstrdup(peer_find(&peer, "secrets", "db")->version);
    loop_advance(peer.loop, NS_MIN);
    user.n = 1;
    user.asked[0].entry = entry_of("db", version);
    struct read r = {0};
    read_now(&r, user.asked[0].entry);
    user.asked[0].stamp = r.stamp;
    peer_set(&peer, "db", "two");
    for (int i = 0; i < 59; i++) {
        loop_advance(peer.loop, NS_MIN);
        check_now(&check, &user);
        assert_int_equal(check.found[0], VAULT_SAME);
    }
    assert_int_equal(peer.object_gets, 1);
    peer_delete(&peer, "secrets", "db");
    loop_advance(peer.loop, 2 * NS_MIN);
    check_now(&check, &user);
    assert_int_equal(check.found[0], VAULT_GONE);
    user_done(&user);
}

static void test_without_permission_to_list(void **state)
{
    user_init(&user, 40, 40);
    peer_fault(&peer, (struct peer_fault){.match = "GET /secrets?", .times = -1, .status = 403});
    for (int i = 0; i < 10; i++) {
        peer.object_gets = 0;
        check_now(&check, &user);
        assert_int_equal(count_found(&check, VAULT_SAME), 40);
        assert_int_equal(peer.object_gets, 40);
        loop_advance(peer.loop, NS_MIN);
    }
    assert_int_equal(peer_count(&peer, "GET /secrets;"), 1); /* not asked for each time */
    loop_advance(peer.loop, 10 * NS_MIN);
    check_now(&check, &user);
    assert_int_equal(peer_count(&peer, "GET /secrets;"), 2);
    user_done(&user);
}

/* A list that breaks off says nothing of what it has not seen. */
static void test_broken_lists(void **state)
{
    static const struct peer_fault faults[] = {
        {.status = 500},
        {.how = PEER_RESET},
        {.status = 200, .body = "{\"value\":7}"},
        {.status = 200,
         .body = "{\"value\":[],\"nextLink\":\"https://evil.example/secrets?$skiptoken=1\"}"},
    };
    user_init(&user, 100, 100);
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        struct peer_fault fault = faults[i];
        fault.match = "GET /secrets?api-version=7.4&$skiptoken=2";
        fault.times = -1;
        peer_fault(&peer, fault);
        begin_check(&check, &user, clock_mono());
        for (int s = 0; s < 120 && !check.done; s++) {
            loop_advance(peer.loop, NS_S);
        }
        assert_int_equal(check.done, 1);
        assert_int_equal(count_found(&check, VAULT_GONE), 0);
        assert_int_equal(count_found(&check, VAULT_CHANGED), 0);
        assert_int_equal(peer_count(&peer, "GET /evil"), 0);
        peer_forget_faults(&peer);
        loop_advance(peer.loop, 20 * NS_MIN);
        check_now(&check, &user);
        assert_int_equal(count_found(&check, VAULT_SAME), 100);
        loop_advance(peer.loop, 2 * NS_MIN);
    }
    user_done(&user);
}

static void test_empty_pages(void **state)
{
    user_init(&user, 100, 100);
    peer.empty_pages = true;
    check_now(&check, &user);
    assert_int_equal(count_found(&check, VAULT_SAME), 100);
    assert_int_equal(peer.pages, 8);
    assert_int_equal(peer.object_gets, 0);
    user_done(&user);
}

static void test_failed_gets(void **state)
{
    user_init(&user, 2, 2);
    peer_fault(&peer,
               (struct peer_fault){.match = "GET /secrets/s0001", .times = 1, .status = 403});
    check_now(&check, &user);
    assert_int_equal(check.found[0], VAULT_SAME);
    assert_int_equal(check.found[1], VAULT_FAILED);
    assert_err(-1, check.err, ERR_DENIED, "403");
    check_now(&check, &user);
    assert_int_equal(count_found(&check, VAULT_SAME), 2);
    user_done(&user);
}

static void test_disabled(void **state)
{
    user_init(&user, 30, 30);
    struct peer_object *o = peer_find(&peer, "secrets", secret_name(3));
    o->disabled = true;
    check_now(&check, &user);
    assert_int_equal(check.found[3], VAULT_FAILED);
    assert_err(-1, check.err, ERR_DENIED, "disabled");
    o->disabled = false;
    check_now(&check, &user);
    assert_int_equal(count_found(&check, VAULT_SAME), 30);
    user_done(&user);
}

static void test_cancelled_checks(void **state)
{
    static struct check other;
    user_init(&user, 100, 100);
    peer.latency = 20 * NS_MS;
    static const ns_t when[] = {0, 10 * NS_MS, 30 * NS_MS, 60 * NS_MS};
    for (size_t i = 0; i < COUNT_OF(when); i++) {
        begin_check(&check, &user, clock_mono());
        begin_check(&other, &user, clock_mono());
        loop_advance(peer.loop, when[i]);
        vault_wait_cancel(check.wait);
        finish_check(&other);
        assert_int_equal(count_found(&other, VAULT_SAME), 100);
        assert_int_equal(check.done, 0);
        loop_advance(peer.loop, NS_MIN);
    }
    begin_check(&check, &user, other.as_of); /* answered at once, cancelled before it is told */
    vault_wait_cancel(check.wait);
    begin_check(&check, &user, clock_mono());
    loop_advance(peer.loop, 30 * NS_MS);
    vault_wait_cancel(check.wait);
    loop_advance(peer.loop, NS_S);
    assert_int_equal(check.done, 0);
    user_done(&user);
}

/* ---- lists for those who look for objects ---- */

struct list {
    struct vault_wait *wait;
    int done;
    size_t n;
    char first[32];
    bool disabled;
    ns_t as_of;
    struct err *err;
};

static void on_list(void *arg, const struct vault_item *items, size_t n, ns_t as_of,
                    const struct err *err)
{
    struct list *l = arg;
    l->wait = NULL;
    l->done++;
    l->n = n;
    l->as_of = as_of;
    l->err = err_copy(err);
    if (n > 0) {
        (void)snprintf(l->first, sizeof(l->first), "%.*s", STR_ARG(items[0].name));
        l->disabled = !items[0].enabled;
    }
}

static void begin_list(struct list *l, ns_t as_of)
{
    *l = (struct list){0};
    l->wait = vault_list_items(reader, VAULT_KIND_SECRET, as_of, on_list, l);
    assert_int_equal(l->done, 0);
}

static void test_list_of_items(void **state)
{
    user_init(&user, 5, 60);
    peer_find(&peer, "secrets", secret_name(0))->disabled = true;
    struct list a;
    struct list b;
    struct list c;
    begin_list(&a, clock_mono());
    begin_list(&b, clock_mono());
    begin_list(&c, clock_mono());
    vault_wait_cancel(c.wait);
    loop_advance(peer.loop, NS_S);
    assert_true(a.done == 1 && b.done == 1 && c.done == 0);
    assert_int_equal(a.n, 60);
    assert_string_equal(a.first, "s0000");
    assert_true(a.disabled);
    assert_int_equal(peer.pages, 3);
    /* At hand for a moment; and a check is answered from it. */
    begin_list(&b, a.as_of);
    loop_advance(peer.loop, 0);
    assert_int_equal(b.n, 60);
    begin_check(&check, &user, a.as_of);
    finish_check(&check);
    assert_int_equal(count_found(&check, VAULT_SAME), 4);
    assert_int_equal(peer.pages, 3);
    assert_int_equal(peer.object_gets, 1); /* the disabled one */
    loop_advance(peer.loop, 3 * NS_S);
    begin_list(&b, clock_mono());
    begin_list(&c, 0);
    loop_advance(peer.loop, NS_S);
    assert_true(b.n == 60 && c.n == 60);
    assert_int_equal(peer.pages, 6);
    user_done(&user);
}

static void test_list_while_another_runs(void **state)
{
    user_init(&user, 100, 100);
    peer.latency = 20 * NS_MS;
    begin_check(&check, &user, clock_mono());
    loop_advance(peer.loop, 70 * NS_MS); /* second page, items are not kept */
    struct list a;
    begin_list(&a, 0);
    struct list b;
    begin_list(&b, clock_mono());
    struct list c;
    begin_list(&c, clock_mono());
    vault_wait_cancel(c.wait); /* in the queue */
    loop_advance(peer.loop, NS_S);
    assert_true(a.done == 1 && b.done == 1 && check.done == 1);
    assert_true(a.n == 100 && b.n == 100);
    assert_int_equal(peer.pages, 8);
    user_done(&user);
}

static void test_list_denied(void **state)
{
    peer_fault(&peer, (struct peer_fault){.match = "GET /secrets?", .times = 1, .status = 403});
    struct list a;
    begin_list(&a, clock_mono());
    await(&peer, a.done);
    assert_err(-1, a.err, ERR_DENIED, "list secrets: the vault answered 403");
    err_free(a.err);
    begin_list(&a, clock_mono());
    await(&peer, a.done);
    assert_null(a.err);
}

/* ---- budget ---- */

static void test_one_vault_does_not_delay_another(void **state)
{
    peer_set(&peer, "db", "x");
    AUTO(freep) char *url = xasprintf("http://kv2.vault.localhost:%u", peer.port);
    AUTO(err_freep) struct err *err = NULL;
    struct vault_reader *second =
        vault_pool_reader(pool, str_c(url), credential, NULL, STR_EMPTY, &err);
    struct vault_entry *e1 = entry_of("db", "");
    struct vault_entry *e2 = vault_entry_get(second, VAULT_KIND_SECRET, STR("db"), STR_EMPTY, &err);
    peer_fault(&peer, (struct peer_fault){.match = "GET /secrets/db",
                                          .times = 1,
                                          .status = 429,
                                          .header = "Retry-After",
                                          .value = "20"});
    struct read a = {0};
    struct read b = {0};
    begin_read(&a, e1, 0);
    loop_advance(peer.loop, NS_S);
    begin_read(&b, e2, 0);
    loop_advance(peer.loop, NS_S);
    assert_true(a.done == 0 && b.done == 1);
    assert_true(vault_reader_stats(reader).paused > 0 && vault_reader_stats(second).paused == 0);
    loop_advance(peer.loop, 20 * NS_S);
    assert_string_equal(a.value, "x");
    vault_entry_unref(e1);
    vault_entry_unref(e2);
    vault_reader_unref(second);
}

/* The first sync of 1,000 ExternalSecrets with two keys each, 20 ms an answer. */
static void test_first_sync(void **state)
{
    enum { N = 2000 };
    static struct read reads[N];
    memset(reads, 0, sizeof(reads));
    for (size_t i = 0; i < N; i++) {
        peer_set(&peer, secret_name(i), "x");
    }
    peer.latency = 20 * NS_MS;
    ns_t begin = clock_mono();
    for (size_t i = 0; i < N; i++) {
        struct vault_entry *e = entry_of(secret_name(i), "");
        begin_read(&reads[i], e, begin);
        vault_entry_unref(e);
    }
    while (clock_mono() < begin + 5 * NS_S && vault_reader_stats(reader).entries > 0) {
        loop_advance(peer.loop, 20 * NS_MS);
    }
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(reads[i].done, 1);
        assert_null(reads[i].err);
    }
    print_message("2000 reads in %.2f s, %u at once, %u token requests\n",
                  (double)(clock_mono() - begin) / (double)NS_S, peer.most_in_flight,
                  peer.token_requests);
    assert_int_equal(peer.object_gets, N);
    assert_int_equal(peer.token_requests, 1);
    assert_true(peer.most_in_flight <= 16);
}

static void test_nothing_is_kept_of_values(void **state)
{
    end_pool();
    new_pool((struct vault_pool_config){.hold = -1});
    peer_set(&peer, "db", CANARY);
    struct vault_entry *e = entry_of("db", "");
    struct read r = {0};
    read_now(&r, e);
    begin_read(&r, e, 0); /* nothing at hand: asked again */
    loop_advance(peer.loop, NS_S);
    assert_string_equal(r.value, CANARY);
    assert_int_equal(peer.object_gets, 2);
    vault_entry_unref(e);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_readers_are_shared_by_identity),
        T(test_refused_names),
        T(test_read),
        T(test_equal_reads_are_one_request),
        T(test_fresh_reads_do_not_join_older_ones),
        T(test_read_errors),
        T(test_cancelled_reads),
        T(test_check_of_few_gets),
        T(test_check_of_many_lists),
        T(test_few_of_a_large_vault_get),
        T(test_looks_share_a_list),
        T(test_two_changes_in_one_second),
        T(test_times_that_go_back),
        T(test_attributes_only),
        T(test_deleted_and_back),
        T(test_each_user_has_its_own_stamp),
        T(test_unknown_stamps),
        T(test_pinned_versions_are_looked_at_rarely),
        T(test_without_permission_to_list),
        T(test_broken_lists),
        T(test_empty_pages),
        T(test_failed_gets),
        T(test_disabled),
        T(test_cancelled_checks),
        T(test_list_of_items),
        T(test_list_while_another_runs),
        T(test_list_denied),
        T(test_one_vault_does_not_delay_another),
        T(test_first_sync),
        T(test_nothing_is_kept_of_values),
    };
    return RUN(tests);
}
