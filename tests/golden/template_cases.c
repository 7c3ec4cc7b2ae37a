/* SPDX-License-Identifier: Apache-2.0
 *
 * template_cases FILE.jsonl ...: renders the templates of case files and compares. A line is an
 * object with id, template, data (key -> base64 of the bytes), and expect (base64), expectData (key
 * -> base64) or error: true; scope and decode are those of templateFrom. Prints each case that
 * fails with what was expected and what came, and "N passed, N failed" at the end.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/vec.h"
#include "codec/json.h"
#include "template/apply.h"

enum { FILE_MAX = 64 << 20 };

static void decode(struct arena *a, const struct json *base64, struct str *out)
{
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(FILE_MAX);
    struct err *err = NULL;
    if (base64_decode(&b, json_str(base64), BASE64_STD, &err) != 0) {
        fprintf(stderr, "bad base64 in a case: %s\n", err_msg(err));
        exit(2);
    }
    *out = arena_str(a, buf_str(&b));
}

static struct template_data read_data(struct arena *a, const struct json *data)
{
    struct template_entry *entries = arena_array(a, struct template_entry, json_len(data));
    for (size_t i = 0; i < json_len(data); i++) {
        entries[i].key = data->members[i].key;
        decode(a, data->members[i].value, &entries[i].value);
    }
    return (struct template_data){entries, json_len(data)};
}

static void show(const char *what, struct str s)
{
    AUTO(buf_done) struct buf b = BUF_INIT(FILE_MAX);
    json_write_string(&b, s, JSON_WRITE_PLAIN);
    printf("  %s %s\n", what, b.p);
}

/* Renders a case into the result: under the key "out" for scope Values. */
static int render(const struct json *c, const struct template_data *data, struct apply_result *out,
                  struct err **err)
{
    enum apply_scope scope;
    enum apply_decode decoding;
    if (apply_scope_parse(json_str(json_get(c, "scope")), &scope, err) != 0 ||
        apply_decode_parse(json_str(json_get(c, "decode")), &decoding, err) != 0) {
        return -1;
    }
    const struct template_entry entry = {STR("out"), json_str(json_get(c, "template"))};
    return apply_templates(out, &(struct template_data){&entry, 1}, scope, APPLY_DATA, decoding,
                           data, &(struct apply_options){0}, err);
}

static bool same(struct arena *a, const struct json *want, const struct apply_map *got)
{
    bool ok = json_len(want) == got->n;
    for (size_t i = 0; ok && i < got->n; i++) {
        struct str value = STR_EMPTY;
        const struct json *wanted = json_get_str(want, got->v[i].key);
        if (wanted) {
            decode(a, wanted, &value);
        }
        ok = wanted && str_eq(value, got->v[i].value);
    }
    return ok;
}

static void show_map(const char *what, const struct apply_map *map)
{
    for (size_t i = 0; i < map->n; i++) {
        show(what, map->v[i].key);
        show("  =", map->v[i].value);
    }
}

static void show_want(struct arena *a, const struct json *want)
{
    for (size_t i = 0; i < json_len(want); i++) {
        struct str value;
        decode(a, want->members[i].value, &value);
        show("expected", want->members[i].key);
        show("  =", value);
    }
}

static bool run_case(struct arena *a, const struct json *c)
{
    struct template_data data = read_data(a, json_get(c, "data"));
    struct apply_result out = {.arena = a};
    AUTO(err_freep) struct err *err = NULL;
    bool want_error = json_bool(json_get(c, "error"), false);
    struct json *want = json_get(c, "expectData");
    if (!want && !want_error) {
        want = json_new_object(a);
        json_set(a, want, STR("out"), json_new_str(a, json_str(json_get(c, "expect"))));
    }
    int rc = render(c, &data, &out, &err);
    if (want_error ? rc != 0 : rc == 0 && same(a, want, &out.maps[APPLY_DATA])) {
        return true;
    }
    printf("FAIL %.*s\n", STR_ARG(json_str(json_get(c, "id"))));
    show("template", json_str(json_get(c, "template")));
    if (want_error) {
        show("expected an error like", json_str(json_get(c, "message")));
    }
    show_want(a, want);
    if (rc != 0) {
        show("error   ", str_c(err_msg(err)));
    } else {
        show_map("actual  ", &out.maps[APPLY_DATA]);
    }
    return false;
}

static void read_file(const char *path, struct buf *out)
{
    AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0) {
        char *to = buf_reserve(out, 65536);
        n = to ? read(fd, to, 65536) : -1;
        if (n > 0) {
            buf_commit(out, (size_t)n);
        }
    }
    if (n < 0) {
        perror(path);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    size_t passed = 0;
    size_t failed = 0;
    for (int i = 1; i < argc; i++) {
        AUTO(buf_done) struct buf file = BUF_INIT(FILE_MAX);
        read_file(argv[i], &file);
        for (struct str rest = buf_str(&file), line; str_split(&rest, '\n', &line);) {
            if (str_trim(line).n == 0) {
                continue;
            }
            AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
            AUTO(err_freep) struct err *err = NULL;
            const struct json *c = json_parse(&a, line, JSON_PLAIN, &err);
            if (!c) {
                fprintf(stderr, "%s: %s\n", argv[i], err_msg(err));
                return 2;
            }
            bool ok = run_case(&a, c);
            passed += ok;
            failed += !ok;
        }
    }
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed > 0;
}
