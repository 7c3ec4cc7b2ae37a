/* SPDX-License-Identifier: Apache-2.0
 *
 * The entries of an object are written one behind the other into one wiped buffer; an array of
 * offsets is sorted and fed to SHA-1. A ConfigMap's binaryData is hashed as the base64 text that
 * the API server sends, a Secret's data as the decoded bytes.
 */
#include "reload/digest.h"

#include "base/encode.h"
#include "base/vec.h"
#include "codec/hash.h"

/* A Secret or ConfigMap holds at most 1 MiB of data. */
enum { ENTRIES_MAX = 4 * 1024 * 1024 };

struct entry {
    size_t at;
    size_t n;
    const char *base; /* set for sorting, when the buffer no longer moves */
};

struct entries {
    struct buf text;
    VEC(struct entry) list;
};

static void entries_done(struct entries *e)
{
    buf_done(&e->text);
    vec_done(&e->list);
}

static void add_entry(struct entries *e, struct str key, struct str value)
{
    size_t at = e->text.n;
    buf_add_str(&e->text, key);
    buf_add_byte(&e->text, '=');
    buf_add_str(&e->text, value);
    vec_push(&e->list, (struct entry){.at = at, .n = e->text.n - at});
}

static int add_decoded(struct entries *e, struct str key, struct str base64, struct err **err)
{
    size_t at = e->text.n;
    buf_add_str(&e->text, key);
    buf_add_byte(&e->text, '=');
    if (base64_decode(&e->text, base64, BASE64_STD, err)) {
        return err_wrap(err, "key \"%.*s\"", STR_ARG(key));
    }
    vec_push(&e->list, (struct entry){.at = at, .n = e->text.n - at});
    return 0;
}

/* Every member of a map of strings; null and absent maps are empty. */
static int add_map(struct entries *e, const struct json *object, const char *field, bool decode,
                   struct err **err)
{
    const struct json *map = json_get(object, field);
    if (json_is_null(map)) {
        return 0;
    }
    if (!json_is(map, JSON_OBJECT)) {
        return err_set(err, ERR_PARSE, "%s is not an object", field);
    }
    for (size_t i = 0; i < map->n; i++) {
        struct str key = map->members[i].key;
        const struct json *value = map->members[i].value;
        if (!json_is_null(value) && !json_is(value, JSON_STRING)) {
            return err_set(err, ERR_PARSE, "%s: key \"%.*s\" is not a string", field, STR_ARG(key));
        }
        if (!decode) {
            add_entry(e, key, json_str(value));
        } else if (add_decoded(e, key, json_str(value), err)) {
            return err_wrap(err, "%s", field);
        }
    }
    return 0;
}

static int add_pod_status(struct entries *e, const struct json *object)
{
    const struct json *objects = json_find(object, "status.objects");
    for (size_t i = 0; i < json_len(objects); i++) {
        const struct json *item = json_at(objects, i);
        add_entry(e, json_str(json_get(item, "id")), json_str(json_get(item, "version")));
    }
    add_entry(e, STR("SecretProviderClassName"),
              json_find_str(object, "status.secretProviderClassName"));
    return 0;
}

static int collect(struct entries *e, enum source_type type, const struct json *object,
                   struct err **err)
{
    switch (type) {
    case SOURCE_CONFIGMAP:
        if (add_map(e, object, "data", false, err)) {
            return -1;
        }
        return add_map(e, object, "binaryData", false, err);
    case SOURCE_SECRET:
        return add_map(e, object, "data", true, err);
    case SOURCE_SPC:
        return add_pod_status(e, object);
    }
    return err_set(err, ERR_BUG, "unknown type of source");
}

static int compare(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    return str_cmp(str_n(x->base + x->at, x->n), str_n(y->base + y->at, y->n));
}

static void finish(struct entries *e, struct digest *out)
{
    struct hash h;
    uint8_t bytes[HASH_MAX];
    for (size_t i = 0; i < e->list.n; i++) {
        e->list.v[i].base = e->text.p;
    }
    if (e->list.n > 1) {
        qsort(e->list.v, e->list.n, sizeof(*e->list.v), compare);
    }
    hash_init(&h, HASH_SHA1);
    for (size_t i = 0; i < e->list.n; i++) {
        hash_add(&h, i == 0 ? STR_EMPTY : STR(";"));
        hash_add(&h, str_n(e->text.p + e->list.v[i].at, e->list.v[i].n));
    }
    hash_final(&h, bytes);
    memcpy(out->bytes, bytes, DIGEST_SIZE);
}

int digest_source(enum source_type type, const struct json *object, struct digest *out,
                  struct err **err)
{
    AUTO(entries_done) struct entries e = {.text = BUF_INIT_WIPE(ENTRIES_MAX)};
    if (collect(&e, type, object, err)) {
        return -1;
    }
    if (!buf_ok(&e.text)) {
        return err_set(err, ERR_LIMIT, "more than %d bytes of data", ENTRIES_MAX);
    }
    finish(&e, out);
    return 0;
}

struct digest digest_secret(const struct digest_entry *entries, size_t n)
{
    struct digest d;
    AUTO(entries_done) struct entries e = {.text = BUF_INIT_WIPE(ENTRIES_MAX)};
    for (size_t i = 0; i < n; i++) {
        add_entry(&e, entries[i].key, entries[i].value);
    }
    finish(&e, &d);
    return d;
}

struct digest digest_delete_marker(void)
{
    struct digest d;
    uint8_t bytes[HASH_MAX];
    hash_bytes(HASH_SHA1, STR("__RELOADER_EMPTY_DELETE_MARKER__"), bytes);
    memcpy(d.bytes, bytes, DIGEST_SIZE);
    return d;
}

void digest_hex(const struct digest *d, char out[DIGEST_HEX + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        out[2 * i] = digits[d->bytes[i] >> 4];
        out[2 * i + 1] = digits[d->bytes[i] & 15];
    }
    out[DIGEST_HEX] = '\0';
}

bool digest_parse(struct str hex, struct digest *out)
{
    if (hex.n != DIGEST_HEX) {
        return false;
    }
    for (size_t i = 0; i < hex.n; i++) {
        if (!(hex.p[i] >= '0' && hex.p[i] <= '9') && !(hex.p[i] >= 'a' && hex.p[i] <= 'f')) {
            return false;
        }
    }
    AUTO(buf_done) struct buf raw = BUF_INIT(DIGEST_SIZE);
    if (hex_decode(&raw, hex, NULL) || raw.n != DIGEST_SIZE) {
        return false;
    }
    memcpy(out->bytes, raw.p, DIGEST_SIZE);
    return true;
}

bool digest_eq(const struct digest *a, const struct digest *b)
{
    return memcmp(a->bytes, b->bytes, DIGEST_SIZE) == 0;
}
