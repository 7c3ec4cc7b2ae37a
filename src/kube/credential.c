/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/credential.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/file.h"
#include "kube/exec_credential.h"
#include "kube/exec_plugin.h"

#define FILE_FRESH    NS_MIN /* how long the content of a token file is believed */
#define EXPIRY_MARGIN NS_MIN /* a plugin's credential is renewed that long before its end */
/* After a failed run the plugin rests, so that a thousand requests do not start it a thousand
 * times.
 */
#define REST (5 * NS_S)

enum { MAX_TOKEN = 1 << 20 };

enum source { SOURCE_NONE, SOURCE_TOKEN, SOURCE_BASIC, SOURCE_EXEC };

struct kube_credential {
    struct loop *loop;
    const struct kube_config *config;
    enum source source;
    void (*tls_changed)(void *arg, struct str cert_pem, struct str key_pem);
    void *arg;

    struct secret *token; /* SOURCE_TOKEN, SOURCE_EXEC: the current one */
    uint64_t generation;  /* counts changes, begins at 1 */
    ns_t file_read_at;    /* 0: never */

    struct exec_plugin *plugin; /* running */
    bool have;                  /* the plugin has given something that is still good */
    ns_t expires;               /* clock_real; 0: when the server says so */
    struct secret *cert;        /* PEM of the certificate in use, to see a change */
    struct err *failed;         /* of the last run */
    ns_t failed_at;
    ns_t ran_at; /* when the last good run ended */
    struct kube_credential_waiter *waiters;
    struct kube_credential_waiter *waking; /* those that are being told */
};

static enum source source_of(const struct kube_config *config)
{
    if (config->token || config->token_file.n) {
        return SOURCE_TOKEN;
    }
    if (config->username.n) {
        return SOURCE_BASIC;
    }
    return config->exec ? SOURCE_EXEC : SOURCE_NONE;
}

struct kube_credential *kube_credential_new(struct loop *l, const struct kube_config *config,
                                            void (*tls_changed)(void *arg, struct str cert_pem,
                                                                struct str key_pem),
                                            void *arg)
{
    struct kube_credential *c = xcalloc(1, sizeof(*c));
    c->loop = l;
    c->config = config;
    c->source = source_of(config);
    c->tls_changed = tls_changed;
    c->arg = arg;
    c->generation = 1;
    c->token = config->token ? secret_ref(config->token) : NULL;
    return c;
}

void kube_credential_free(struct kube_credential *c)
{
    if (!c) {
        return;
    }
    exec_plugin_stop(c->plugin);
    secret_unref(c->token);
    secret_unref(c->cert);
    err_free(c->failed);
    free(c);
}

/* Takes over the reference. */
static void set_token(struct kube_credential *c, struct secret *token)
{
    bool same = token && c->token && secret_eq(token, secret_str(c->token));
    secret_unref(c->token);
    c->token = token;
    if (!same) {
        c->generation++;
    }
}

/* ---- token files ---- */

static int read_token_file(struct kube_credential *c, struct err **err)
{
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(MAX_TOKEN);
    AUTO(freep) char *path = str_dup(c->config->token_file);
    if (file_read(path, &text, err) < 0) {
        return err_wrap(err, "token of %.*s", STR_ARG(c->config->source));
    }
    struct str token = str_trim(buf_str(&text));
    if (token.n == 0) {
        return err_set(err, ERR_INVALID, "token file %s is empty", path);
    }
    set_token(c, secret_new(token));
    return 0;
}

/* The last good token outlives a file that cannot be read for a moment. */
static int freshen_token(struct kube_credential *c, struct err **err)
{
    ns_t now = clock_mono();
    if (c->config->token_file.n == 0 || (c->file_read_at && now - c->file_read_at < FILE_FRESH)) {
        return 0;
    }
    AUTO(err_freep) struct err *failed = NULL;
    if (read_token_file(c, &failed) < 0 && !c->token) {
        return err_move(err, &failed);
    }
    c->file_read_at = now;
    return 0;
}

/* ---- plugins ---- */

static void unlink_waiter(struct kube_credential_waiter **list, struct kube_credential_waiter *w)
{
    if (w->next) {
        w->next->prev = w->prev;
    }
    if (w->prev) {
        w->prev->next = w->next;
    } else {
        *list = w->next;
    }
    w->waiting = false;
}

/* A waiter may wait again, or take another one back, inside its callback. */
static void wake_waiters(struct kube_credential *c)
{
    c->waking = TAKE(c->waiters);
    while (c->waking) {
        struct kube_credential_waiter *w = c->waking;
        unlink_waiter(&c->waking, w);
        w->fn(w->arg, c->failed);
    }
}

static void use_certificate(struct kube_credential *c, const struct exec_credential *got)
{
    if (got->cert_pem.n == 0 || (c->cert && secret_eq(c->cert, got->cert_pem))) {
        return;
    }
    secret_unref(c->cert);
    c->cert = secret_new(got->cert_pem);
    c->generation++;
    c->tls_changed(c->arg, got->cert_pem, got->key_pem);
}

static int take_output(struct kube_credential *c, struct str output, struct err **err)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct exec_credential got;
    if (exec_credential_read(&a, output, c->config->exec->api_version, &got, err) < 0) {
        return err_wrap(err, "credential plugin \"%.*s\"", STR_ARG(c->config->exec->command));
    }
    set_token(c, got.token);
    use_certificate(c, &got);
    c->expires = got.expires;
    c->have = true;
    c->ran_at = clock_mono();
    return 0;
}

static void on_failure(struct kube_credential *c, struct err **failed)
{
    err_move(&c->failed, failed);
    c->failed_at = clock_mono();
}

static void on_plugin(void *arg, struct str output, const struct err *err)
{
    struct kube_credential *c = arg;
    c->plugin = NULL;
    err_free(TAKE(c->failed));
    struct err *failed = err_copy(err);
    if (!failed) {
        (void)take_output(c, output, &failed);
    }
    if (failed) {
        on_failure(c, &failed);
    }
    wake_waiters(c);
}

static bool plugin_is_due(const struct kube_credential *c)
{
    return !c->have || (c->expires && clock_real() >= c->expires - EXPIRY_MARGIN);
}

static enum kube_credential_state freshen_plugin(struct kube_credential *c, struct err **err)
{
    if (c->plugin) {
        return KUBE_CREDENTIAL_WAIT;
    }
    if (!plugin_is_due(c)) {
        return KUBE_CREDENTIAL_READY;
    }
    if (!c->failed || clock_mono() - c->failed_at >= REST) {
        struct err *failed = NULL;
        c->plugin = exec_plugin_run(c->loop, c->config, on_plugin, c, &failed);
        if (c->plugin) {
            return KUBE_CREDENTIAL_WAIT;
        }
        on_failure(c, &failed);
    }
    if (err) {
        err_free(*err);
        *err = err_copy(c->failed);
    }
    return KUBE_CREDENTIAL_FAILED;
}

/* ---- what clients ask ---- */

static void write_basic(const struct kube_config *config, struct buf *out)
{
    AUTO(buf_done) struct buf pair = BUF_INIT_WIPE(MAX_TOKEN);
    buf_add_str(&pair, config->username);
    buf_add_byte(&pair, ':');
    if (config->password) {
        buf_add_str(&pair, secret_str(config->password));
    }
    buf_add_c(out, "Authorization: Basic ");
    base64_encode(out, buf_str(&pair), BASE64_STD);
}

static void write_header(const struct kube_credential *c, struct buf *out)
{
    if (c->source == SOURCE_BASIC) {
        write_basic(c->config, out);
    } else if (c->token) {
        buf_add_c(out, "Authorization: Bearer ");
        buf_add_str(out, secret_str(c->token));
    }
}

enum kube_credential_state kube_credential_header(struct kube_credential *c, struct buf *out,
                                                  uint64_t *generation, struct err **err)
{
    enum kube_credential_state state = KUBE_CREDENTIAL_READY;
    if (c->source == SOURCE_TOKEN && freshen_token(c, err) < 0) {
        state = KUBE_CREDENTIAL_FAILED;
    } else if (c->source == SOURCE_EXEC) {
        state = freshen_plugin(c, err);
    }
    if (state == KUBE_CREDENTIAL_READY) {
        write_header(c, out);
        *generation = c->generation;
    }
    return state;
}

void kube_credential_wait(struct kube_credential *c, struct kube_credential_waiter *w)
{
    must(c->plugin && !w->waiting);
    struct kube_credential_waiter **end = &c->waiters;
    w->prev = NULL;
    while (*end) {
        w->prev = *end;
        end = &(*end)->next;
    }
    w->next = NULL;
    w->waiting = true;
    *end = w;
}

void kube_credential_unwait(struct kube_credential *c, struct kube_credential_waiter *w)
{
    if (w->waiting) {
        unlink_waiter(c->waking == w ? &c->waking : &c->waiters, w);
    }
}

bool kube_credential_refused(struct kube_credential *c, uint64_t generation)
{
    if (generation != c->generation) {
        return true; /* a newer one has come in the meantime */
    }
    if (c->source == SOURCE_EXEC) {
        /* What it gave a moment ago and the server refuses would not be better now. */
        c->have = c->have && clock_mono() - c->ran_at < REST;
        return !c->have;
    }
    if (c->source == SOURCE_TOKEN && c->config->token_file.n) {
        (void)read_token_file(c, NULL);
        return c->generation != generation;
    }
    return false;
}
