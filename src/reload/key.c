/* SPDX-License-Identifier: Apache-2.0
 *
 * The places are tried in order: read the Secret, else read the ConfigMap (a key that was made
 * under narrower rights is taken along), else make a Secret, else make a ConfigMap. Two processes
 * that start at once meet at AlreadyExists and read what the other has made.
 */
#define LOGGER "reload"
#include "reload/key.h"

#include "base/encode.h"
#include "base/log.h"
#include "base/random.h"

enum step { READ_SECRET, READ_CONFIGMAP, CREATE_SECRET, CREATE_CONFIGMAP };

struct key_loader {
    struct kube_client *client;
    char *ns;
    struct kube_call *call;
    struct timer retry;
    ns_t delay;
    enum step step;
    unsigned rounds; /* how often something existed that was not there a moment before */
    bool have;       /* bytes are valid */
    uint8_t bytes[LEDGER_KEY_SIZE];
    void (*done)(void *arg, const struct ledger_key *key, const struct err *err);
    void *arg;
};

enum { ROUNDS_MAX = 5 };
#define RETRY_FIRST (100 * NS_MS)
#define RETRY_MAX   (30 * NS_S)

static void run(void *arg);

static void free_loader(struct key_loader *k)
{
    timer_cancel(&k->retry);
    wipe(k->bytes, sizeof(k->bytes));
    free(k->ns);
    free(k);
}

static void finish(struct key_loader *k, const struct err *err)
{
    void (*done)(void *, const struct ledger_key *, const struct err *) = k->done;
    void *arg = k->arg;
    struct ledger_key key = ledger_key_from(k->bytes);
    bool have = k->have && !err;
    free_loader(k);
    done(arg, have ? &key : NULL, err);
    wipe(&key, sizeof(key));
}

static void go(struct key_loader *k, enum step step)
{
    k->step = step;
    k->delay = RETRY_FIRST;
    run(k);
}

static bool take_key(struct key_loader *k, const struct json *object, struct err **err)
{
    AUTO(buf_done) struct buf raw = BUF_INIT_WIPE(LEDGER_KEY_SIZE + 1);
    if (base64_decode(&raw, json_find_str(object, "data.key"), BASE64_STD, NULL) ||
        raw.n != LEDGER_KEY_SIZE) {
        err_set(err, ERR_PARSE,
                "%s/" LEDGER_KEY_NAME " does not hold a key of %d bytes; delete it to have a new "
                "one made",
                k->ns, LEDGER_KEY_SIZE);
        return false;
    }
    memcpy(k->bytes, raw.p, LEDGER_KEY_SIZE);
    k->have = true;
    return true;
}

/* What comes after a "no" that will not change by waiting. */
static void refused(struct key_loader *k, const struct err *err)
{
    bool missing = err_is(err, ERR_NOT_FOUND);
    switch (k->step) {
    case READ_SECRET:
        go(k, READ_CONFIGMAP);
        return;
    case READ_CONFIGMAP:
        if (!missing) {
            LOG_DEBUG("cannot read the ConfigMap of the ledger's key", F("error", err));
        }
        random_bytes(k->bytes, sizeof(k->bytes));
        go(k, CREATE_SECRET);
        return;
    case CREATE_SECRET:
        if (k->have) {
            finish(k, NULL); /* the ConfigMap has it */
        } else {
            go(k, CREATE_CONFIGMAP);
        }
        return;
    case CREATE_CONFIGMAP:
        finish(k, err);
        return;
    }
}

static void answered(void *arg, const struct kube_answer *answer)
{
    struct key_loader *k = arg;
    AUTO(err_freep) struct err *err = NULL;
    k->call = NULL;
    if (err_is(answer->err, ERR_EXISTS) && k->rounds++ < ROUNDS_MAX) {
        go(k, k->step == CREATE_SECRET ? READ_SECRET : READ_CONFIGMAP);
    } else if (err_is(answer->err, ERR_NOT_FOUND) || err_is(answer->err, ERR_DENIED)) {
        refused(k, answer->err);
    } else if (err_is(answer->err, ERR_EXISTS)) {
        finish(k, answer->err); /* may be made, may not be read */
    } else if (answer->err) {
        LOG_WARN("cannot load the ledger's key, trying again", F("error", answer->err));
        timer_set(&k->retry, MAX(k->delay, answer->err->retry_after));
        k->delay = MIN(k->delay * 2, RETRY_MAX);
    } else if (k->step == CREATE_SECRET || k->step == CREATE_CONFIGMAP) {
        k->have = true;
        finish(k, NULL);
    } else if (!take_key(k, answer->object, &err)) {
        finish(k, err);
    } else if (k->step == READ_CONFIGMAP) {
        go(k, CREATE_SECRET);
    } else {
        finish(k, NULL);
    }
}

static void create(struct key_loader *k, enum resource_id resource, const char *kind)
{
    AUTO(buf_done) struct buf body = BUF_INIT_WIPE(4096);
    struct json_writer w = json_writer(&body);
    json_w_object(&w);
    json_w_strings(&w, "apiVersion", "v1", "kind", kind, NULL);
    json_w_key(&w, "metadata");
    json_w_object(&w);
    json_w_strings(&w, "name", LEDGER_KEY_NAME, "namespace", k->ns, NULL);
    json_w_end(&w);
    json_w_key(&w, "data");
    json_w_object(&w);
    json_w_key(&w, "key");
    json_w_base64(&w, str_n(k->bytes, sizeof(k->bytes)));
    json_w_end(&w);
    json_w_end(&w);
    k->call = kube_create(k->client, resource_of(resource), str_c(k->ns), buf_str(&body),
                          RELOAD_FIELD_MANAGER, answered, k);
}

static void run(void *arg)
{
    struct key_loader *k = arg;
    struct str name = STR(LEDGER_KEY_NAME);
    switch (k->step) {
    case READ_SECRET:
        k->call = kube_get(k->client, resource_of(RES_SECRETS), str_c(k->ns), name, answered, k);
        return;
    case READ_CONFIGMAP:
        k->call = kube_get(k->client, resource_of(RES_CONFIGMAPS), str_c(k->ns), name, answered, k);
        return;
    case CREATE_SECRET:
        create(k, RES_SECRETS, "Secret");
        return;
    case CREATE_CONFIGMAP:
        create(k, RES_CONFIGMAPS, "ConfigMap");
        return;
    }
}

struct key_loader *key_load(struct loop *loop, struct kube_client *client, struct str ns,
                            void (*done)(void *arg, const struct ledger_key *key,
                                         const struct err *err),
                            void *arg)
{
    struct key_loader *k = xcalloc(1, sizeof(*k));
    k->client = client;
    k->ns = str_dup(ns);
    k->done = done;
    k->arg = arg;
    timer_init(&k->retry, loop, run, k);
    go(k, READ_SECRET);
    return k;
}

void key_load_cancel(struct key_loader *k)
{
    if (k) {
        kube_cancel(k->call);
        free_loader(k);
    }
}
