/* SPDX-License-Identifier: Apache-2.0 */
#include "reload/ledger.h"

#include "base/encode.h"
#include "codec/hash.h"

/* Member that holds `moves`; a source always has a slash. */
#define MOVES_KEY "moves"

struct ledger_key ledger_key_from(const uint8_t bytes[LEDGER_KEY_SIZE])
{
    struct ledger_key key;
    uint8_t mac[HASH_HMAC_SIZE];
    memcpy(key.bytes, bytes, LEDGER_KEY_SIZE);
    hash_hmac(str_n(bytes, LEDGER_KEY_SIZE), STR("pawl ledger key id"), mac);
    AUTO(buf_done) struct buf hex = BUF_INIT(LEDGER_ID_SIZE - 1);
    hex_encode(&hex, mac, (LEDGER_ID_SIZE - 1) / 2);
    memcpy(key.id, hex.p, LEDGER_ID_SIZE);
    return key;
}

bool record_eq(const struct record *a, const struct record *b)
{
    if (a->state != b->state) {
        return false;
    }
    bool has_hash = a->state == RECORD_HASH || a->state == RECORD_DELETED;
    return !has_hash || memcmp(a->hash, b->hash, LEDGER_HASH_SIZE) == 0;
}

struct record ledger_record(const struct ledger_key *key, enum source_type type, struct str name,
                            const struct digest *content)
{
    struct record r = {.state = RECORD_HASH};
    uint8_t mac[HASH_HMAC_SIZE];
    AUTO(buf_done) struct buf text = BUF_INIT(4096);
    buf_add_c(&text, source_type_info(type)->ledger);
    buf_add_byte(&text, '/');
    buf_add_str(&text, name);
    buf_add_byte(&text, '\0');
    buf_add(&text, content->bytes, DIGEST_SIZE);
    hash_hmac(str_n(key->bytes, LEDGER_KEY_SIZE), buf_str(&text), mac);
    memcpy(r.hash, mac, LEDGER_HASH_SIZE);
    return r;
}

static bool parse_hash(struct str text, struct record *out)
{
    AUTO(buf_done) struct buf raw = BUF_INIT(LEDGER_HASH_SIZE);
    if (base64_decode(&raw, text, BASE64_URL | BASE64_RAW, NULL) || !buf_ok(&raw) ||
        raw.n != LEDGER_HASH_SIZE) {
        return false;
    }
    memcpy(out->hash, raw.p, LEDGER_HASH_SIZE);
    return true;
}

/* "KEYID:HASH", "KEYID:-", "KEYID:HASH-" */
static bool parse_record(struct str text, const struct ledger_key *key, struct record *out)
{
    ptrdiff_t colon = str_find_byte(text, ':');
    if (colon < 0 || !str_eq_c(str_head(text, (size_t)colon), key->id)) {
        return false;
    }
    struct str value = str_from(text, (size_t)colon + 1);
    *out = (struct record){.state = RECORD_HASH};
    if (str_eq(value, STR("-"))) {
        out->state = RECORD_MISSING;
        return true;
    }
    if (str_ends(value, STR("-")) &&
        value.n > base64_encoded_size(LEDGER_HASH_SIZE, BASE64_URL | BASE64_RAW)) {
        out->state = RECORD_DELETED;
        value = str_head(value, value.n - 1);
    }
    return parse_hash(value, out);
}

static bool parse_source(struct str text, struct ledger_entry *out)
{
    ptrdiff_t slash = str_find_byte(text, '/');
    if (slash <= 0) {
        return false;
    }
    struct str word = str_head(text, (size_t)slash);
    out->name = str_from(text, (size_t)slash + 1);
    for (enum source_type type = 0; type < SOURCE_TYPES; type++) {
        if (str_eq_c(word, source_type_info(type)->ledger)) {
            out->type = type;
            return out->name.n > 0;
        }
    }
    return false;
}

static void parse_member(const struct json_member *m, const struct ledger_key *key,
                         struct ledger *out)
{
    struct ledger_entry entry = {0};
    if (str_eq(m->key, STR(MOVES_KEY))) {
        int64_t moves = json_int(m->value, 0);
        out->moves = moves > 0 && moves < UINT32_MAX ? (uint32_t)moves : 0;
    } else if (parse_source(m->key, &entry) &&
               parse_record(json_str(m->value), key, &entry.record)) {
        out->v[out->n++] = entry;
    }
}

void ledger_parse(struct arena *a, struct str text, const struct ledger_key *key,
                  struct ledger *out)
{
    *out = (struct ledger){0};
    const struct json *doc = text.n > 0 ? json_parse(a, text, JSON_PLAIN, NULL) : NULL;
    if (!doc || !json_is(doc, JSON_OBJECT) || doc->n > LEDGER_MAX_ENTRIES) {
        return;
    }
    out->v = arena_array(a, struct ledger_entry, doc->n);
    for (size_t i = 0; i < doc->n; i++) {
        parse_member(&doc->members[i], key, out);
    }
}

uint32_t ledger_moves(struct str text)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct ledger_key none = {0};
    struct ledger l;
    ledger_parse(&a, text, &none, &l);
    return l.moves;
}

struct record ledger_find(const struct ledger *l, enum source_type type, struct str name)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->v[i].type == type && str_eq(l->v[i].name, name)) {
            return l->v[i].record;
        }
    }
    return (struct record){0};
}

static int compare(const void *a, const void *b)
{
    const struct ledger_entry *x = a;
    const struct ledger_entry *y = b;
    if (x->type != y->type) {
        return x->type < y->type ? -1 : 1;
    }
    return str_cmp(x->name, y->name);
}

static void format_entry(struct buf *out, const struct ledger_entry *e,
                         const struct ledger_key *key)
{
    AUTO(buf_done) struct buf source = BUF_INIT(4096);
    buf_addf(&source, "%s/", source_type_info(e->type)->ledger);
    buf_add_str(&source, e->name);
    json_write_string(out, buf_str(&source), JSON_WRITE_PLAIN);
    buf_addf(out, ":\"%s:", key->id);
    if (e->record.state != RECORD_MISSING) {
        base64_encode(out, str_n(e->record.hash, LEDGER_HASH_SIZE), BASE64_URL | BASE64_RAW);
    }
    if (e->record.state != RECORD_HASH) {
        buf_add_byte(out, '-');
    }
    buf_add_byte(out, '"');
}

void ledger_format(struct ledger *l, const struct ledger_key *key, struct buf *out)
{
    char separator = '{';
    if (l->n > 1) {
        qsort(l->v, l->n, sizeof(*l->v), compare);
    }
    for (size_t i = 0; i < l->n; i++) {
        if (l->v[i].record.state != RECORD_NONE) {
            buf_add_byte(out, separator);
            format_entry(out, &l->v[i], key);
            separator = ',';
        }
    }
    if (l->moves > 0) {
        buf_addf(out, "%c\"" MOVES_KEY "\":%u", separator, l->moves);
        separator = ',';
    }
    buf_add_c(out, separator == '{' ? "{}" : "}");
}
