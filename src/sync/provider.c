/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening: the references of the store are read at once (live.h makes equal reads one request),
 * then the identity is made, then the reader is found. `recent` remembers results by everything
 * that decides them.
 */
#include "sync/provider.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/map.h"
#include "base/vec.h"
#include "kube/token_request.h"
#include "sync/identity.h"

#define VAULT_RATE     300.0
#define RECENT_KEEP    (10 * NS_MIN)
#define CREDENTIAL_AGE (2 * NS_S) /* how old a credential may be that others have read */

enum { KEY_MAX = 16 << 10, RECENT_MAX = 4096, URL_MAX = 2048 };

struct recent {
    struct vault_reader *reader;
    ns_t at;
};

struct provider {
    struct loop *loop;
    struct kube_client *client;
    struct live *live;
    struct sync_metrics *metrics;
    bool allow_http;
    struct azure_tokens *tokens;
    struct vault_pool *pool;
    struct map recent; /* key of a store -> struct recent */
    struct provider_call *calls;
};

/* A reference that is read. */
enum { REF_CLIENT_ID, REF_CLIENT_SECRET, REF_CERTIFICATE, REF_TENANT, REF_ACCOUNT, REFS };
struct reference {
    struct provider_call *call;
    const struct key_ref *key; /* NULL: the ServiceAccount */
    struct str ns;
    struct live_call *live;
    struct str value;
    struct kvs annotations;
    struct err *err;
};

struct provider_call {
    struct provider *provider;
    struct provider_call *next;
    struct provider_call *prev;
    struct arena arena; /* wipes */
    struct azurekv azure;
    bool cluster;
    int flags;
    struct str ns;
    struct str key;
    struct reference refs[REFS];
    size_t waiting;
    struct azure_token_wait *token;
    struct azure_credential *credential;
    struct vault_reader *reader; /* the result */
    struct err *err;
    provider_done_fn *done;
    void *arg;
};

/* ---- life ---- */

static void vault_called(void *arg, const char *name, bool ok, ns_t took)
{
    const struct provider *p = arg;
    sync_metrics_provider(p->metrics, name, ok);
}

struct provider *provider_new(const struct provider_config *config)
{
    struct provider *p = xcalloc(1, sizeof(*p));
    struct http_client_config http = {
        .tls.extra_ca_pem = config->ca_pem,
        .env_proxy = true,
        .user_agent = STR("pawl/" PAWL_VERSION),
    };
    p->loop = config->loop;
    p->client = config->client;
    p->live = config->live;
    p->metrics = config->metrics;
    p->allow_http = config->allow_http;
    p->recent = MAP_INIT;
    p->tokens = azure_tokens_new(&(struct azure_tokens_config){.loop = config->loop, .http = http});
    /* Key Vault counts in windows of 10 s. Two thirds of what a window may hold can come at once,
     * which is what a first sync is; the rest flows. */
    double rate = config->vault_rate ? (double)config->vault_rate : VAULT_RATE;
    p->pool = vault_pool_new(&(struct vault_pool_config){
        .loop = config->loop,
        .tokens = p->tokens,
        .http = http,
        .allow_http = config->allow_http,
        .rate = rate / 3,
        .burst = 10 * rate * 2 / 3,
        .hooks = {.call = vault_called, .arg = p},
    });
    return p;
}

static void free_recent(void *value)
{
    struct recent *r = value;
    vault_reader_unref(r->reader);
    free(r);
}

static void free_call(struct provider_call *c)
{
    loop_undefer(c->provider->loop, c);
    for (size_t i = 0; i < REFS; i++) {
        live_cancel(c->refs[i].live);
        err_free(c->refs[i].err);
    }
    azure_token_cancel(c->token);
    azure_credential_unref(c->credential);
    vault_reader_unref(c->reader);
    err_free(c->err);
    if (c->prev) {
        c->prev->next = c->next;
    } else {
        c->provider->calls = c->next;
    }
    if (c->next) {
        c->next->prev = c->prev;
    }
    arena_done(&c->arena);
    free(c);
}

void provider_free(struct provider *p)
{
    if (!p) {
        return;
    }
    while (p->calls) {
        free_call(p->calls);
    }
    map_done_with(&p->recent, free_recent);
    vault_pool_free(p->pool);
    azure_tokens_free(p->tokens);
    free(p);
}

void provider_cancel(struct provider_call *call)
{
    if (call) {
        free_call(call);
    }
}

/* ---- what was resolved lately ---- */

static void add_part(struct buf *key, struct str part)
{
    buf_addf(key, "%zu:", part.n);
    buf_add_str(key, part);
}

static void add_key_ref(struct buf *key, const struct key_ref *ref)
{
    buf_add_byte(key, ref->given ? '+' : '-');
    add_part(key, ref->name);
    add_part(key, ref->key);
    add_part(key, ref->ns);
}

/* Everything that decides which reader it is. */
static struct str store_key(struct arena *a, const struct azurekv *az, bool cluster, struct str ns)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    const struct str texts[] = {ns,          az->vault_url, az->tenant_id,   az->environment,
                                az->sa_name, az->sa_ns,     az->identity_id, az->authority};
    buf_addf(&key, "%d%d%d%d%d%d", cluster, (int)az->auth, az->has_auth_secret_ref,
             az->has_service_account, az->new_sdk, az->has_custom_cloud);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        add_part(&key, texts[i]);
    }
    add_key_ref(&key, &az->client_id);
    add_key_ref(&key, &az->client_secret);
    add_key_ref(&key, &az->client_certificate);
    add_key_ref(&key, &az->tenant_ref);
    for (size_t i = 0; i < az->n_audiences; i++) {
        add_part(&key, az->audiences[i]);
    }
    return arena_str(a, buf_str(&key));
}

static void drop_recent(struct provider *p, struct str key)
{
    struct recent *r = map_del(&p->recent, key);
    if (r) {
        free_recent(r);
    }
}

static void remember(struct provider *p, struct str key, struct vault_reader *reader)
{
    drop_recent(p, key);
    if (p->recent.n >= RECENT_MAX) {
        map_done_with(&p->recent, free_recent);
        p->recent = MAP_INIT;
    }
    struct recent *r = xcalloc(1, sizeof(*r));
    *r = (struct recent){vault_reader_ref(reader), clock_mono()};
    (void)map_set(&p->recent, key, r);
}

static struct vault_reader *recall(struct provider *p, struct str key)
{
    const struct recent *r = map_get(&p->recent, key);
    bool fresh = r && clock_mono() - r->at < RECENT_KEEP;
    return fresh ? vault_reader_ref(r->reader) : NULL;
}

struct err *provider_explain(const struct err *err)
{
    static const struct {
        enum err_kind kind;
        const char *remedy;
    } remedies[] = {
        {ERR_DNS, "check spec.provider.azurekv.vaultUrl and the cluster's DNS"},
        {ERR_TLS, "an authority of your own is made known with --extra-ca-file (in the chart: "
                  "extraCA)"},
    };
    struct err *copy = err_copy(err);
    for (size_t i = 0; copy && i < COUNT_OF(remedies); i++) {
        if (copy->kind == remedies[i].kind) {
            err_remedy(&copy, remedies[i].remedy);
        }
    }
    return copy;
}

void provider_forget(struct provider *p, const struct vault_reader *reader)
{
    for (struct map_iter it = {0}; map_next(&p->recent, &it);) {
        if (((struct recent *)it.value)->reader == reader) {
            drop_recent(p, it.key);
        }
    }
}

/* ---- the end of a call ---- */

static void finish(void *arg)
{
    struct provider_call *c = arg;
    provider_done_fn *done = c->done;
    void *done_arg = c->arg;
    struct vault_reader *reader = c->err ? NULL : TAKE(c->reader);
    AUTO(err_freep) struct err *err = TAKE(c->err);
    free_call(c);
    done(done_arg, reader, err);
}

static void signed_in(void *arg, struct secret *token, const struct err *err)
{
    struct provider_call *c = arg;
    c->token = NULL;
    if (err) {
        c->err = err_copy(err);
        drop_recent(c->provider, c->key);
    }
    finish(c);
}

static void sign_in(struct provider_call *c, const struct azure_cloud *cloud)
{
    AUTO(buf_done) struct buf url = BUF_INIT(URL_MAX);
    AUTO(buf_done) struct buf resource = BUF_INIT(URL_MAX);
    if (azure_vault_url(c->azure.vault_url, c->provider->allow_http, &url, &c->err) < 0) {
        finish(c);
        return;
    }
    azure_vault_resource(cloud, buf_str(&url), &resource);
    c->token =
        azure_token_get(c->provider->tokens, c->credential, buf_str(&resource), signed_in, c);
}

/* ---- assertions for workload identity: a TokenRequest each ---- */

struct account_tokens {
    struct provider *provider;
    struct str ns;
    struct str name;
    struct str *audiences;
    size_t n_audiences;
    struct arena texts;
    struct kube_call *call;
    struct azure_assertion *to;
};

static void account_token(void *arg, const struct kube_answer *answer)
{
    struct account_tokens *t = arg;
    struct azure_assertion *to = TAKE(t->to);
    AUTO(err_freep) struct err *err = NULL;
    AUTO(secret_unrefp) struct secret *token = NULL;
    ns_t expires;
    t->call = NULL;
    if (answer->err) {
        err = err_copy(answer->err);
    } else {
        token = token_request_read(answer->object, &expires, &err);
    }
    if (err) {
        err_wrap(&err, "could not get a token for ServiceAccount %.*s/%.*s", STR_ARG(t->ns),
                 STR_ARG(t->name));
    }
    azure_assertion_answer(to, token ? secret_str(token) : STR_EMPTY, err);
}

static void request_account_token(void *arg, struct azure_assertion *to)
{
    struct account_tokens *t = arg;
    t->to = to;
    t->call = token_request(t->provider->client, t->ns, t->name, t->audiences, t->n_audiences, 0,
                            account_token, t);
}

static void cancel_account_token(void *arg, struct azure_assertion *to)
{
    struct account_tokens *t = arg;
    kube_cancel(TAKE(t->call));
    t->to = NULL;
}

static void release_account_tokens(void *arg)
{
    struct account_tokens *t = arg;
    kube_cancel(t->call);
    arena_done(&t->texts);
    free(t);
}

static struct azure_assertion_source account_source(void *arg, struct str ns,
                                                    struct str service_account,
                                                    const struct str *audiences, size_t n)
{
    struct account_tokens *t = xcalloc(1, sizeof(*t));
    t->provider = arg;
    t->texts = ARENA_INIT(ARENA_PLAIN);
    t->ns = arena_str(&t->texts, ns);
    t->name = arena_str(&t->texts, service_account);
    t->audiences = arena_array(&t->texts, struct str, n);
    t->n_audiences = n;
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    buf_addf(&key, "%.*s/%.*s", STR_ARG(ns), STR_ARG(service_account));
    for (size_t i = 0; i < n; i++) {
        t->audiences[i] = arena_str(&t->texts, audiences[i]);
        buf_addf(&key, " %.*s", STR_ARG(audiences[i]));
    }
    return (struct azure_assertion_source){
        .key = arena_str(&t->texts, buf_str(&key)),
        .request = request_account_token,
        .cancel = cancel_account_token,
        .release = release_account_tokens,
        .arg = t,
    };
}

/* ---- the identity, once everything is read ---- */

static void resolved(struct provider_call *c)
{
    struct provider *p = c->provider;
    struct identity_input in = {
        .azure = &c->azure,
        .ns = c->refs[REF_ACCOUNT].ns,
        .client_id = c->refs[REF_CLIENT_ID].value,
        .client_secret = c->refs[REF_CLIENT_SECRET].value,
        .client_certificate = c->refs[REF_CERTIFICATE].value,
        .tenant_ref = c->refs[REF_TENANT].value,
        .account_annotations = c->refs[REF_ACCOUNT].annotations,
        .allow_http = p->allow_http,
    };
    const struct azure_cloud *cloud = NULL;
    for (size_t i = 0; i < REFS && !c->err; i++) {
        c->err = TAKE(c->refs[i].err);
    }
    if (!c->err) {
        c->credential = identity_make(&in, &cloud, account_source, p, &c->err);
    }
    if (c->credential) {
        c->reader = vault_pool_reader(p->pool, c->azure.vault_url, c->credential, cloud, STR_EMPTY,
                                      &c->err);
    }
    if (!c->reader) {
        drop_recent(p, c->key);
        finish(c);
        return;
    }
    remember(p, c->key, c->reader);
    if (c->flags & PROVIDER_SIGN_IN) {
        sign_in(c, cloud);
    } else {
        finish(c);
    }
}

static void resolved_later(void *arg)
{
    resolved(arg);
}

/* ---- reading the references ---- */

static int read_key(struct reference *r, const struct json *secret, struct err **err)
{
    const struct json *value = json_get_str(json_get(secret, "data"), r->key->key);
    if (!json_is(value, JSON_STRING)) {
        return err_set(err, ERR_INVALID,
                       "cannot find secret data for key: \"%.*s\" in Kubernetes secret \"%.*s\" of "
                       "namespace \"%.*s\"",
                       STR_ARG(r->key->key), STR_ARG(r->key->name), STR_ARG(r->ns));
    }
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(base64_decoded_max(json_str(value).n));
    if (base64_decode(&b, json_str(value), BASE64_STD, err) < 0) {
        return -1;
    }
    r->value = arena_str(&r->call->arena, buf_str(&b));
    return 0;
}

static void reference_read(void *arg, const struct json *object, const struct err *err)
{
    struct reference *r = arg;
    struct provider_call *c = r->call;
    r->live = NULL;
    if (err && r->key) {
        r->err = err_copy(err);
        err_wrap(&r->err, "cannot get Kubernetes secret \"%.*s\" from namespace \"%.*s\"",
                 STR_ARG(r->key->name), STR_ARG(r->ns));
    } else if (err) {
        r->err = err_copy(err);
    } else if (r->key) {
        (void)read_key(r, object, &r->err);
    } else {
        struct json *annotations = json_find(object, "metadata.annotations");
        r->annotations =
            kvs_from_json(&c->arena, annotations ? json_clone(&c->arena, annotations) : NULL);
    }
    if (--c->waiting == 0) {
        resolved(c);
    }
}

static void read_reference(struct provider_call *c, struct reference *r, enum resource_id resource,
                           struct str name)
{
    ns_t age = c->flags & PROVIDER_FRESH ? 0 : CREDENTIAL_AGE;
    c->waiting++;
    r->live =
        live_get(c->provider->live, resource_of(resource), r->ns, name, age, reference_read, r);
}

/* A SecretStore looks in its own namespace whatever the reference says. */
static struct str namespace_of(const struct provider_call *c, struct str given)
{
    return c->cluster && given.n ? given : c->ns;
}

static void read_references(struct provider_call *c)
{
    const struct azurekv *az = &c->azure;
    const struct key_ref *keys[] = {
        [REF_CLIENT_ID] = &az->client_id,
        [REF_CLIENT_SECRET] = &az->client_secret,
        [REF_CERTIFICATE] = &az->client_certificate,
        [REF_TENANT] = &az->tenant_ref,
    };
    for (size_t i = 0; i < REFS; i++) {
        c->refs[i].call = c;
        c->refs[i].annotations = KVS_INIT(&c->arena);
    }
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (keys[i]->given && identity_reads_secrets(az)) {
            c->refs[i].key = keys[i];
            c->refs[i].ns = namespace_of(c, keys[i]->ns);
            read_reference(c, &c->refs[i], RES_SECRETS, keys[i]->name);
        }
    }
    if (az->auth == AUTH_WORKLOAD_IDENTITY && az->has_service_account) {
        c->refs[REF_ACCOUNT].ns = namespace_of(c, az->sa_ns);
        read_reference(c, &c->refs[REF_ACCOUNT], RES_SERVICEACCOUNTS, az->sa_name);
    }
}

static struct key_ref copy_ref(struct arena *a, struct key_ref ref)
{
    ref.name = arena_str(a, ref.name);
    ref.key = arena_str(a, ref.key);
    ref.ns = arena_str(a, ref.ns);
    return ref;
}

static struct azurekv copy_azure(struct arena *a, const struct azurekv *from)
{
    struct azurekv az = *from;
    struct str *texts[] = {&az.vault_url, &az.tenant_id,   &az.environment, &az.sa_name,
                           &az.sa_ns,     &az.identity_id, &az.authority};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        *texts[i] = arena_str(a, *texts[i]);
    }
    az.client_id = copy_ref(a, from->client_id);
    az.client_secret = copy_ref(a, from->client_secret);
    az.client_certificate = copy_ref(a, from->client_certificate);
    az.tenant_ref = copy_ref(a, from->tenant_ref);
    az.audiences = arena_array(a, struct str, from->n_audiences);
    for (size_t i = 0; i < from->n_audiences; i++) {
        az.audiences[i] = arena_str(a, from->audiences[i]);
    }
    return az;
}

struct provider_call *provider_open(struct provider *p, const struct azurekv *azure, bool cluster,
                                    struct str ns, int flags, provider_done_fn *done, void *arg)
{
    struct provider_call *c = xcalloc(1, sizeof(*c));
    c->provider = p;
    c->next = p->calls;
    if (c->next) {
        c->next->prev = c;
    }
    p->calls = c;
    c->arena = ARENA_INIT(ARENA_WIPE);
    c->azure = copy_azure(&c->arena, azure);
    c->cluster = cluster;
    c->flags = flags;
    c->ns = arena_str(&c->arena, ns);
    c->key = store_key(&c->arena, azure, cluster, ns);
    c->done = done;
    c->arg = arg;
    c->reader = flags ? NULL : recall(p, c->key);
    if (c->reader) {
        loop_defer(p->loop, finish, c);
        return c;
    }
    read_references(c);
    if (!c->waiting) {
        loop_defer(p->loop, resolved_later, c);
    }
    return c;
}
