/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/vault_answer.h"

#include "azure/fingerprint.h"
#include "base/encode.h"
#include "codec/url.h"

static const struct {
    const char *path;
    const char *name;
    const char *value; /* the member that holds it */
} kinds[] = {
    [VAULT_KIND_SECRET] = {"secrets", "secret", "value"},
    [VAULT_KIND_CERTIFICATE] = {"certificates", "certificate", "cer"},
    [VAULT_KIND_KEY] = {"keys", "key", "key"},
};

const char *vault_kind_path(enum vault_kind kind)
{
    return kinds[kind].path;
}

const char *vault_kind_name(enum vault_kind kind)
{
    return kinds[kind].name;
}

/* ---- members ---- */

/* https://kv1.vault.azure.net/secrets/NAME[/VERSION] */
static bool split_id(struct str id, struct str *name, struct str *version)
{
    struct url url;
    if (url_parse(id, &url, NULL) != 0) {
        return false;
    }
    struct str rest = str_trim_prefix(url.path, STR("/"));
    struct str kind;
    *name = *version = STR_EMPTY;
    (void)str_split(&rest, '/', &kind);
    (void)str_split(&rest, '/', name);
    (void)str_split(&rest, '/', version);
    return name->n > 0;
}

static const struct json *tags_of(const struct json *j)
{
    const struct json *tags = json_get(j, "tags");
    return json_is(tags, JSON_OBJECT) && tags->n > 0 ? tags : NULL;
}

static int64_t time_of(const struct json *attributes, const char *name)
{
    return json_int(json_get(attributes, name), VAULT_NO_TIME);
}

static int malformed(enum vault_kind kind, const char *what, struct err **err)
{
    return err_set(err, ERR_PARSE, "the vault's answer for a %s %s", kinds[kind].name, what);
}

static struct json *parse(struct arena *a, enum vault_kind kind, struct str body, struct err **err)
{
    struct json *j = json_parse(a, body, JSON_PLAIN, err);
    if (!j) {
        err_wrap(err, "the vault's answer for a %s", kinds[kind].name);
    } else if (!json_is(j, JSON_OBJECT)) {
        malformed(kind, "is not a JSON object", err);
        return NULL;
    }
    return j;
}

/* ---- objects ---- */

static int read_value(struct arena *a, enum vault_kind kind, const struct json *j,
                      struct str *value, struct err **err)
{
    const struct json *v = json_get(j, kinds[kind].value);
    if (kind == VAULT_KIND_KEY) {
        *value = json_is(v, JSON_OBJECT) ? v->raw : STR_EMPTY;
        return json_is(v, JSON_OBJECT) ? 0 : malformed(kind, "holds no key", err);
    }
    if (!json_is(v, JSON_STRING)) {
        return malformed(kind, "holds no value", err);
    }
    *value = v->text;
    if (kind == VAULT_KIND_CERTIFICATE) {
        AUTO(buf_done) struct buf der = BUF_INIT(base64_decoded_max(v->text.n));
        if (base64_decode(&der, v->text, BASE64_STD, NULL) != 0) {
            return malformed(kind, "holds a certificate that is not base64", err);
        }
        *value = arena_str(a, buf_str(&der));
    }
    return 0;
}

static void add_number(struct buf *b, int64_t n)
{
    buf_addf(b, "%lld|", (long long)n);
}

/* Everything but value, version and times, in one hash. */
static uint64_t hash_meta(const struct vault_value *v)
{
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(1 << 20);
    add_number(&b, v->expires);
    add_number(&b, v->not_before);
    json_write_string(&b, v->content_type, JSON_WRITE_PLAIN);
    if (v->tags) {
        json_write(&b, v->tags, JSON_WRITE_SORTED);
    }
    return fingerprint64(buf_str(&b));
}

static void fill_stamp(struct vault_value *v)
{
    v->stamp = (struct vault_stamp){.known = true,
                                    .enabled = v->enabled,
                                    .created = v->created,
                                    .updated = v->updated,
                                    .version = fingerprint64(v->version),
                                    .meta = hash_meta(v)};
    fingerprint128(v->value, v->stamp.value);
}

int vault_answer_object(struct arena *a, enum vault_kind kind, struct str body,
                        struct vault_value *out, struct err **err)
{
    struct json *j = parse(a, kind, body, err);
    struct vault_value v = {0};
    if (!j || read_value(a, kind, j, &v.value, err) != 0) {
        return -1;
    }
    struct str id = json_find_str(j, kind == VAULT_KIND_KEY ? "key.kid" : "id");
    if (!split_id(id, &v.name, &v.version)) {
        v.name = v.version = STR_EMPTY;
    }
    const struct json *attributes = json_get(j, "attributes");
    v.content_type = json_find_str(j, "contentType");
    v.enabled = json_bool(json_get(attributes, "enabled"), true);
    v.created = time_of(attributes, "created");
    v.updated = time_of(attributes, "updated");
    v.expires = time_of(attributes, "exp");
    v.not_before = time_of(attributes, "nbf");
    v.tags = tags_of(j);
    fill_stamp(&v);
    *out = v;
    return 0;
}

unsigned vault_stamp_diff(const struct vault_stamp *a, const struct vault_stamp *b)
{
    const unsigned all = VAULT_DIFF_VALUE | VAULT_DIFF_VERSION | VAULT_DIFF_META | VAULT_DIFF_TIMES;
    if (!a->known || !b->known || a->absent != b->absent) {
        return all;
    }
    bool value = a->value[0] != b->value[0] || a->value[1] != b->value[1];
    bool times = a->created != b->created || a->updated != b->updated;
    return (value ? VAULT_DIFF_VALUE : 0u) | (a->version != b->version ? VAULT_DIFF_VERSION : 0u) |
           (a->meta != b->meta || a->enabled != b->enabled ? VAULT_DIFF_META : 0u) |
           (times ? VAULT_DIFF_TIMES : 0u);
}

/* ---- lists ---- */

static int read_item(enum vault_kind kind, const struct json *j, struct vault_item *out,
                     struct err **err)
{
    struct str id = json_find_str(j, "id");
    struct str version;
    if (!split_id(id.n > 0 ? id : json_find_str(j, "kid"), &out->name, &version)) {
        return malformed(kind, "lists an object without a name", err);
    }
    const struct json *attributes = json_get(j, "attributes");
    out->enabled = json_bool(json_get(attributes, "enabled"), true);
    out->managed = json_bool(json_get(j, "managed"), false);
    out->content_type = json_find_str(j, "contentType");
    out->created = time_of(attributes, "created");
    out->updated = time_of(attributes, "updated");
    out->tags = tags_of(j);
    return 0;
}

int vault_answer_page(struct arena *a, enum vault_kind kind, struct str body,
                      struct vault_page *out, struct err **err)
{
    struct json *j = parse(a, kind, body, err);
    if (!j) {
        return -1;
    }
    const struct json *items = json_get(j, "value");
    const struct json *next = json_get(j, "nextLink");
    if (!json_is(items, JSON_ARRAY) && !json_is_null(items)) {
        return malformed(kind, "is not a list", err);
    }
    if (!json_is_null(next) && !json_is(next, JSON_STRING)) {
        return malformed(kind, "has a nextLink that is no text", err);
    }
    size_t n = json_is(items, JSON_ARRAY) ? items->n : 0;
    struct vault_item *v = arena_array(a, struct vault_item, n);
    for (size_t i = 0; i < n; i++) {
        if (read_item(kind, items->items[i], &v[i], err) != 0) {
            return -1;
        }
    }
    *out = (struct vault_page){.items = v, .n = n, .next = json_str(next)};
    return 0;
}

bool vault_answer_next_allowed(struct str vault_url, struct str next)
{
    struct url vault;
    struct url url;
    return url_parse(vault_url, &vault, NULL) == 0 && url_parse(next, &url, NULL) == 0 &&
           str_ieq(vault.scheme, url.scheme) && str_ieq(vault.host, url.host) &&
           url_port(&vault) == url_port(&url);
}
