/* SPDX-License-Identifier: Apache-2.0 */
#include "reload/lister.h"

#include "codec/json_split.h"
#include "codec/url.h"

enum { PAGE = 500, ITEM_MAX = 4 * 1024 * 1024, TOKEN_MAX = 64 * 1024 };

struct lister {
    struct lister_config config;
    char *ns;
    char *label_selector;
    char *field_selector;
    struct kube_call *call;
    struct json_split *split;
    struct buf next; /* continue token of the next page; empty: this is the last */
};

static void free_lister(struct lister *l)
{
    json_split_free(l->split);
    buf_done(&l->next);
    free(l->ns);
    free(l->label_selector);
    free(l->field_selector);
    free(l);
}

static void finish(struct lister *l, const struct err *err)
{
    struct lister_config config = l->config;
    free_lister(l);
    config.done(config.arg, err);
}

static int take_item(void *arg, struct str text, struct err **err)
{
    struct lister *l = arg;
    AUTO(arena_done) struct arena a = ARENA_INIT(l->config.wipe ? ARENA_WIPE : ARENA_PLAIN);
    const struct json *item = json_parse(&a, text, JSON_PLAIN, err);
    if (!item) {
        return -1;
    }
    l->config.item(l->config.arg, item);
    return 0;
}

static int take_rest(void *arg, struct str text, struct err **err)
{
    struct lister *l = arg;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    const struct json *rest = json_parse(&a, text, JSON_PLAIN, err);
    if (!rest) {
        return -1;
    }
    buf_add_str(&l->next, json_find_str(rest, "metadata.continue"));
    return 0;
}

static int on_chunk(void *arg, struct str bytes, struct err **err)
{
    struct lister *l = arg;
    return json_split_feed(l->split, bytes, err);
}

static void request_page(struct lister *l);

static void page_done(void *arg, const struct kube_answer *answer)
{
    struct lister *l = arg;
    AUTO(err_freep) struct err *err = NULL;
    l->call = NULL;
    if (answer->err) {
        finish(l, answer->err);
    } else if (json_split_finish(l->split, &err)) {
        finish(l, err);
    } else if (l->next.n > 0) {
        request_page(l);
    } else {
        finish(l, NULL);
    }
}

static void request_page(struct lister *l)
{
    static const struct json_split_callbacks callbacks = {.item = take_item, .rest = take_rest};
    AUTO(buf_done) struct buf query = BUF_INIT(TOKEN_MAX);
    int flags = l->config.metadata ? KUBE_METADATA : 0;
    buf_addf(&query, "limit=%d", PAGE);
    if (l->next.n > 0) {
        buf_add_c(&query, "&continue=");
        url_encode(&query, buf_str(&l->next), URL_COMPONENT);
    }
    buf_clear(&l->next);
    json_split_free(l->split);
    l->split = json_split_new(JSON_SPLIT_LIST, ITEM_MAX, l->config.wipe, &callbacks, l);
    l->call = kube_submit(l->config.client, &(struct kube_request){
                                                .verb = KUBE_LIST,
                                                .resource = l->config.resource,
                                                .ns = str_c(l->ns),
                                                .query = buf_str(&query),
                                                .label_selector = str_c(l->label_selector),
                                                .field_selector = str_c(l->field_selector),
                                                .flags = flags,
                                                .on_chunk = on_chunk,
                                                .done = page_done,
                                                .arg = l,
                                            });
}

struct lister *lister_start(const struct lister_config *config)
{
    struct lister *l = xcalloc(1, sizeof(*l));
    l->config = *config;
    l->ns = str_dup(config->ns);
    l->label_selector = str_dup(config->label_selector);
    l->field_selector = str_dup(config->field_selector);
    l->next = BUF_INIT(TOKEN_MAX);
    request_page(l);
    return l;
}

void lister_cancel(struct lister *l)
{
    if (l) {
        kube_cancel(l->call);
        free_lister(l);
    }
}
