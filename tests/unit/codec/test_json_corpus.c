/* SPDX-License-Identifier: Apache-2.0
 *
 * The seeds of the fuzz target by name: y_ must be accepted, n_ refused; i_ is left open by the
 * standard (RFC 8259, 8.2 and 9) and accepted as Go does.
 */
#include <dirent.h>

#include "test.h"

#include "codec/json.h"

static void read_file(const char *name, struct buf *out)
{
    AUTO(freep) char *path = xasprintf("%s/%s", CORPUS, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(buf_reserve(out, 1 << 20), 1, 1 << 20, f);
    buf_commit(out, n);
    fclose(f);
}

static void seeds(void **state)
{
    (void)state;
    DIR *dir = opendir(CORPUS);
    assert_non_null(dir);
    size_t seen[128] = {0};
    for (struct dirent *entry; (entry = readdir(dir));) {
        const char *name = entry->d_name;
        if (name[0] == '.' || name[1] != '_') {
            continue;
        }
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        AUTO(buf_done) struct buf text = BUF_INIT(1 << 20);
        AUTO(err_freep) struct err *err = NULL;
        read_file(name, &text);
        struct json *j = json_parse(&a, buf_str(&text), JSON_PLAIN, &err);
        if ((name[0] == 'n') != (j == NULL)) {
            fail_msg("%s: %s", name, err_msg(err));
        }
        seen[(unsigned char)name[0] % 128]++;
    }
    closedir(dir);
    assert_true(seen['y'] >= 30 && seen['n'] >= 50 && seen['i'] >= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(seeds)};
    return RUN(tests);
}
