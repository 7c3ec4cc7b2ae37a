/* SPDX-License-Identifier: Apache-2.0 */
#include "template/cache.h"

#include "base/map.h"

struct cached {
    struct template *parsed;
    bool used;
};

struct template_cache {
    struct map map;
    size_t max;
};

struct template_cache *template_cache_new(size_t max)
{
    struct template_cache *cache = xcalloc(1, sizeof(*cache));
    cache->max = max;
    return cache;
}

static void cached_free(void *p)
{
    struct cached *c = p;
    template_free(c->parsed);
    free(c);
}

void template_cache_free(struct template_cache *cache)
{
    if (cache) {
        map_done_with(&cache->map, cached_free);
        free(cache);
    }
}

static void add_part(struct buf *key, struct str part)
{
    buf_add(key, &part.n, sizeof(part.n));
    buf_add_str(key, part);
}

static void make_room(struct template_cache *cache)
{
    if (cache->map.n < cache->max) {
        return;
    }
    for (struct map_iter it = {0}; map_next(&cache->map, &it);) {
        struct cached *c = it.value;
        if (c->used) {
            c->used = false;
        } else {
            cached_free(map_del(&cache->map, it.key));
        }
    }
    if (cache->map.n >= cache->max) { /* all in use: start anew */
        map_done_with(&cache->map, cached_free);
        cache->map = MAP_INIT;
    }
}

const struct template *template_cache_get(struct template_cache *cache, struct str text,
                                          const struct template_options *options, struct err **err)
{
    AUTO(buf_done) struct buf key = BUF_INIT((size_t)4 * TEMPLATE_TEXT_MAX);
    add_part(&key, options->name);
    add_part(&key, options->left);
    add_part(&key, options->right);
    buf_add_byte(&key, options->missing_key_empty ? 1 : 0);
    add_part(&key, text);
    if (!buf_ok(&key)) {
        err_set(err, ERR_LIMIT, "the template is longer than %d bytes", TEMPLATE_TEXT_MAX);
        return NULL;
    }
    struct cached *c = map_get(&cache->map, buf_str(&key));
    if (!c) {
        struct template *t = template_parse(text, options, err);
        if (!t) {
            return NULL;
        }
        make_room(cache);
        c = xcalloc(1, sizeof(*c));
        c->parsed = t;
        (void)map_set(&cache->map, buf_str(&key), c);
    }
    c->used = true;
    /* cppcheck-suppress CastIntegerToAddressAtReturn ; it takes "struct template" for an integer */
    return c->parsed;
}

size_t template_cache_count(const struct template_cache *cache)
{
    return cache->map.n;
}
