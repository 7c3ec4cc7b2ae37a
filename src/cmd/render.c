/* SPDX-License-Identifier: Apache-2.0
 *
 * pawl render: the Secret that an ExternalSecret would become, from a manifest and given values,
 * without a cluster and without a vault. Made for trying templates and for tests of manifests.
 *
 * The values are the caller's own, and what is printed is the Secret itself: nothing is masked.
 */
#include "base/encode.h"
#include "base/file.h"
#include "base/utf8.h"
#include "cmd/commands.h"
#include "codec/yaml.h"
#include "sync/sync.h"

enum { INPUT_MAX = 16 << 20 };

struct render_options {
    char *file;
    char *values;
    char *output;
    bool decode;
};

static const struct flag rows[] = {
    {"file", 'f', FLAG_STRING, offsetof(struct render_options, file), .value = "FILE",
     .help = "The manifest with the ExternalSecret; - is standard input. ConfigMaps and Secrets "
             "that templateFrom names are looked for in the same file."},
    {"values", 0, FLAG_STRING, offsetof(struct render_options, values), .value = "FILE",
     .help = "YAML or JSON: the value of each remoteRef.key, as a string."},
    {"output", 'o', FLAG_STRING, offsetof(struct render_options, output), "yaml",
     .help = "How to print the Secret.", .choices = "yaml|json"},
    {"decode", 0, FLAG_BOOL, offsetof(struct render_options, decode),
     .help = "Prints values that are text as stringData instead of Base64."},
};
static const struct flag_set set = {
    "pawl render", NULL,
    "Prints the Secret that an ExternalSecret would become, with given values; needs neither "
    "cluster nor vault.",
    rows, COUNT_OF(rows)};

/* ---- input ---- */

static int read_input(const char *path, struct buf *out, struct err **err)
{
    return file_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, out, err);
}

static int read_values(struct arena *a, const char *path, struct kvs *out, struct err **err)
{
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(INPUT_MAX);
    *out = KVS_INIT(a);
    if (!*path) {
        return 0;
    }
    if (read_input(path, &text, err) != 0) {
        return -1;
    }
    struct json *values = yaml_read(a, buf_str(&text), YAML_STRICT, err);
    if (!values) {
        return err_wrap(err, "%s", path);
    }
    if (!json_is(values, JSON_OBJECT) && !json_is_null(values)) {
        return err_set(err, ERR_INVALID, "%s: wanted is a mapping from key to value", path);
    }
    for (size_t i = 0; i < json_len(values); i++) {
        if (!json_is(values->members[i].value, JSON_STRING)) {
            return err_set(err, ERR_INVALID,
                           "%s: the value of \"%.*s\" is not a string; put it in quotes", path,
                           STR_ARG(values->members[i].key));
        }
    }
    *out = kvs_from_json(a, values);
    return 0;
}

static int read_documents(struct arena *a, const char *path, struct json *out, struct err **err)
{
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(INPUT_MAX);
    if (read_input(path, &text, err) != 0) {
        return -1;
    }
    struct yaml_stream *stream = yaml_stream_new(buf_str(&text), YAML_PLAIN);
    struct json *document = NULL;
    int rc;
    while ((rc = yaml_stream_next(stream, a, &document, err)) == 0 && document) {
        if (json_is(document, JSON_OBJECT)) {
            json_push(a, out, document);
        }
    }
    yaml_stream_free(stream);
    return rc == 0 ? 0 : err_wrap(err, "%s", path);
}

/* ---- output ---- */

static void decode(struct arena *a, struct json *secret)
{
    const struct json *data = json_get(secret, "data");
    struct json *kept = json_new_object(a);
    struct json *plain = json_new_object(a);
    for (size_t i = 0; i < json_len(data); i++) {
        const struct json_member *m = &data->members[i];
        AUTO(buf_done) struct buf value = BUF_INIT_WIPE(INPUT_MAX);
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

static int print(struct arena *a, const struct render_options *o, struct json *secret, bool first,
                 struct err **err)
{
    AUTO(buf_done) struct buf out = BUF_INIT_WIPE(INPUT_MAX);
    if (o->decode) {
        decode(a, secret);
    }
    if (strcmp(o->output, "json") == 0) {
        json_write(&out, secret, JSON_WRITE_PLAIN);
        buf_add_byte(&out, '\n');
    } else {
        buf_add_c(&out, first ? "" : "---\n");
        if (yaml_write(&out, secret, err) != 0) {
            return -1;
        }
    }
    (void)fwrite(out.p, 1, out.n, stdout);
    return 0;
}

static int render_one(struct arena *a, const struct render_options *o, const struct json *es,
                      const struct kvs *values, const struct json *objects, bool first,
                      struct err **err)
{
    struct json *secret = sync_render(a, es, values, objects, err);
    if (!secret || print(a, o, secret, first, err) != 0) {
        struct str name = json_find_str(es, "metadata.name");
        return err_wrap(err, "ExternalSecret %.*s", STR_ARG(name));
    }
    return 0;
}

static int render(const struct render_options *o, struct err **err)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct json *documents = json_new_array(&a);
    struct kvs values;
    if (read_values(&a, o->values, &values, err) != 0 ||
        read_documents(&a, o->file, documents, err) != 0) {
        return -1;
    }
    size_t found = 0;
    for (size_t i = 0; i < documents->n; i++) {
        const struct json *object = documents->items[i];
        if (str_eq_c(json_str(json_get(object, "kind")), "ExternalSecret") &&
            render_one(&a, o, object, &values, documents, found++ == 0, err) != 0) {
            return -1;
        }
    }
    return found > 0 ? 0 : err_set(err, ERR_NOT_FOUND, "%s: no ExternalSecret is in it", o->file);
}

int cmd_render(int argc, const char *const *argv)
{
    struct render_options o = {0};
    struct flag_rest rest;
    int status = EXIT_OK;
    if (command_options(&set, &o, argc, argv, &rest, &status)) {
        AUTO(err_freep) struct err *err = NULL;
        if (!*o.file) {
            fputs("pawl render: --file is missing; `pawl render --help` lists the flags\n", stderr);
            status = EXIT_USAGE;
        } else if (render(&o, &err) != 0) {
            status = command_failed(err);
        }
    }
    flags_done(&set, &o);
    return status;
}
