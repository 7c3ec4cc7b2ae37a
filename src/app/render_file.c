/* SPDX-License-Identifier: Apache-2.0 */
#include "app/render_file.h"

#include "base/encode.h"
#include "base/utf8.h"
#include "codec/yaml.h"
#include "sync/sync.h"

enum { VALUE_MAX = 16 << 20 };

/* ---- input ---- */

static int read_values(struct arena *a, const struct render_file *in, struct kvs *out,
                       struct err **err)
{
    *out = KVS_INIT(a);
    struct json *values = yaml_read(a, in->values, YAML_STRICT, err);
    if (!values) {
        return err_wrap(err, "%s", in->values_name);
    }
    if (!json_is(values, JSON_OBJECT) && !json_is_null(values)) {
        return err_set(err, ERR_INVALID, "%s: wanted is a mapping from key to value",
                       in->values_name);
    }
    for (size_t i = 0; i < json_len(values); i++) {
        if (!json_is(values->members[i].value, JSON_STRING)) {
            return err_set(err, ERR_INVALID,
                           "%s: the value of \"%.*s\" is not a string; put it in quotes",
                           in->values_name, STR_ARG(values->members[i].key));
        }
    }
    *out = kvs_from_json(a, values);
    return 0;
}

static int read_documents(struct arena *a, const struct render_file *in, struct json *out,
                          struct err **err)
{
    struct yaml_stream *stream = yaml_stream_new(in->manifest, YAML_PLAIN);
    struct json *document = NULL;
    int rc;
    while ((rc = yaml_stream_next(stream, a, &document, err)) == 0 && document) {
        if (json_is(document, JSON_OBJECT)) {
            json_push(a, out, document);
        }
    }
    yaml_stream_free(stream);
    return rc == 0 ? 0 : err_wrap(err, "%s", in->manifest_name);
}

/* ---- output ---- */

static void decode(struct arena *a, struct json *secret)
{
    const struct json *data = json_get(secret, "data");
    struct json *kept = json_new_object(a);
    struct json *plain = json_new_object(a);
    for (size_t i = 0; i < json_len(data); i++) {
        const struct json_member *m = &data->members[i];
        AUTO(buf_done) struct buf value = BUF_INIT_WIPE(VALUE_MAX);
        bool text = base64_decode(&value, json_str(m->value), BASE64_STD, NULL) == 0 &&
                    utf8_valid(buf_str(&value));
        (void)json_set(a, text ? plain : kept, m->key,
                       text ? json_new_str(a, buf_str(&value)) : m->value);
    }
    (void)json_del(secret, STR("data"));
    if (kept->n > 0) {
        (void)json_set(a, secret, STR("data"), kept);
    }
    (void)json_set(a, secret, STR("stringData"), plain);
}

static int write_secret(struct arena *a, const struct render_file *in, struct json *secret,
                        bool first, struct buf *out, struct err **err)
{
    if (in->decode) {
        decode(a, secret);
    }
    if (in->json) {
        json_write(out, secret, JSON_WRITE_PLAIN);
        buf_add_byte(out, '\n');
        return buf_ok(out) ? 0 : err_set(err, ERR_LIMIT, "the Secret is too large");
    }
    buf_add_c(out, first ? "" : "---\n");
    return yaml_write(out, secret, err);
}

int render_file(const struct render_file *in, struct buf *out, struct err **err)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct json *documents = json_new_array(&a);
    struct kvs values;
    if (read_values(&a, in, &values, err) != 0 || read_documents(&a, in, documents, err) != 0) {
        return -1;
    }
    const struct apply_options templates = {.left = in->left, .right = in->right};
    size_t found = 0;
    for (size_t i = 0; i < documents->n; i++) {
        const struct json *object = documents->items[i];
        if (!str_eq_c(json_str(json_get(object, "kind")), "ExternalSecret")) {
            continue;
        }
        struct json *secret = sync_render(&a, object, &values, documents, &templates, err);
        if (!secret || write_secret(&a, in, secret, found == 0, out, err) != 0) {
            struct str name = json_find_str(object, "metadata.name");
            return err_wrap(err, "ExternalSecret %.*s", STR_ARG(name));
        }
        found++;
    }
    return found > 0
               ? 0
               : err_set(err, ERR_NOT_FOUND, "%s: no ExternalSecret is in it", in->manifest_name);
}
