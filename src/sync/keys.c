/* SPDX-License-Identifier: Apache-2.0 */
#include "sync/keys.h"

#include <string.h>

#include "base/encode.h"
#include "base/utf8.h"

enum { KEY_MAX = 253, KEY_SHOWN_MAX = 253, CONVERTED_MAX = 4096 };

static bool key_rune(uint32_t rune)
{
    return (rune >= 'a' && rune <= 'z') || (rune >= 'A' && rune <= 'Z') ||
           (rune >= '0' && rune <= '9') || rune == '-' || rune == '.' || rune == '_';
}

/* ---- keys ---- */

static struct str convert(struct arena *a, struct str key, bool unicode)
{
    AUTO(buf_done) struct buf b = BUF_INIT(CONVERTED_MAX);
    uint32_t rune;
    for (size_t width; (width = utf8_decode(key, &rune, NULL)) > 0; key = str_from(key, width)) {
        if (key_rune(rune)) {
            buf_add_rune(&b, rune);
        } else if (unicode) {
            buf_addf(&b, "_U%04x_", rune);
        } else {
            buf_add_byte(&b, '_');
        }
    }
    return arena_str(a, buf_str(&b));
}

int keys_convert(struct kvs *m, bool unicode, struct err **err)
{
    struct kvs out = KVS_INIT(m->arena);
    for (size_t i = 0; i < m->n; i++) {
        struct str key = convert(m->arena, m->v[i].key, unicode);
        if (kvs_has(&out, key)) {
            return err_set(err, ERR_INVALID, "secret name collision during conversion: %.*s",
                           STR_ARG(str_head(key, KEY_SHOWN_MAX)));
        }
        kvs_set(&out, key, m->v[i].value);
    }
    *m = out;
    return 0;
}

static int validate(struct str key, struct err **err)
{
    static const char *const TIP =
        "invalid secret keys (TIP: use rewrite or conversionStrategy to change keys)";
    if (key.n > KEY_MAX) {
        return err_set(err, ERR_INVALID, "%s: key has %zu bytes, at most %d are allowed: %.*s…",
                       TIP, key.n, KEY_MAX, STR_ARG(str_head(key, utf8_cut(key, 64))));
    }
    uint32_t rune;
    struct str rest = key;
    for (size_t width; (width = utf8_decode(rest, &rune, NULL)) > 0; rest = str_from(rest, width)) {
        if (!key_rune(rune)) {
            return err_set(
                err, ERR_INVALID,
                "%s: key has invalid character %.*s, only alphanumeric, '-', '.' and '_' "
                "are allowed: %.*s",
                TIP, STR_ARG(str_head(rest, width)), STR_ARG(key));
        }
    }
    return 0;
}

int keys_validate(struct kvs *m, struct err **err)
{
    kvs_del(m, STR_EMPTY);
    for (size_t i = 0; i < m->n; i++) {
        if (validate(m->v[i].key, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- values ---- */

static bool try_decode(struct arena *a, struct str *value, enum base64_kind kind, struct err **err)
{
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(base64_decoded_max(value->n));
    if (base64_decode(&b, *value, kind, err) < 0) {
        return false;
    }
    *value = arena_str(a, buf_str(&b));
    return true;
}

int value_decode(struct arena *a, struct str key, struct str *value, enum decoding decoding,
                 struct err **err)
{
    switch (decoding) {
    case DECODE_NONE:
        return 0;
    case DECODE_AUTO:
        if (!try_decode(a, value, BASE64_STD, NULL)) {
            (void)try_decode(a, value, BASE64_URL, NULL);
        }
        return 0;
    case DECODE_BASE64:
    case DECODE_BASE64URL:
        break;
    }
    bool url = decoding == DECODE_BASE64URL;
    if (try_decode(a, value, url ? BASE64_URL : BASE64_STD, err)) {
        return 0;
    }
    return err_wrap(err, "failed to decode the value of key \"%.*s\" as %s", STR_ARG(key),
                    url ? "Base64URL" : "Base64");
}

int values_decode(struct kvs *m, enum decoding decoding, struct err **err)
{
    for (size_t i = 0; i < m->n; i++) {
        if (value_decode(m->arena, m->v[i].key, &m->v[i].value, decoding, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int value_check_nul(struct str key, struct str value, bool refuse, struct err **err)
{
    if (!refuse || str_find_byte(value, 0) < 0) {
        return 0;
    }
    return err_set(err, ERR_INVALID,
                   "fetched secret value for key \"%.*s\" contains null bytes; use a text-safe "
                   "format such as PEM/base64 or leave nullBytePolicy unset for intentional binary "
                   "data",
                   STR_ARG(key));
}

int values_check_nul(const struct kvs *m, bool refuse, struct err **err)
{
    for (size_t i = 0; i < m->n; i++) {
        if (value_check_nul(m->v[i].key, m->v[i].value, refuse, err) < 0) {
            return -1;
        }
    }
    return 0;
}
