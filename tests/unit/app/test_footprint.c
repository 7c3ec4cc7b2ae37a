/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages that are only a copy of a file leave the process; what the process has written stays.
 */
#include "test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/footprint.h"
#include "app/process_metrics.h"
#include "base/clock.h"

enum { SIZE = 8 << 20 };

static char *map_file(int protection)
{
    char path[] = "/tmp/pawl-footprint-XXXXXX";
    AUTO(closep) int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    for (size_t i = 0; i < SIZE; i += 4096) {
        char page[4096];
        memset(page, 'f', sizeof(page));
        assert_int_equal(write(fd, page, sizeof(page)), (ssize_t)sizeof(page));
    }
    char *map = mmap(NULL, SIZE, protection, MAP_PRIVATE, fd, 0);
    assert_ptr_not_equal(map, MAP_FAILED);
    return map;
}

static void touch(const char *map, char value)
{
    for (size_t i = 0; i < SIZE; i += 4096) {
        assert_int_equal(map[i], value);
    }
}

static void let_it_look(void)
{
    struct footprint f;
    clock_fake_start(NS_S, NS_S);
    struct loop *l = loop_new();
    footprint_start(&f, l);
    loop_advance(l, 6 * NS_S);
    footprint_stop(&f);
    loop_free(l);
    clock_fake_stop();
}

static void copies_of_a_file_go(void **state)
{
    (void)state;
    char *map = map_file(PROT_READ);
    touch(map, 'f');
    int64_t before = process_resident_bytes();
    let_it_look();
    assert_true(process_resident_bytes() < before - SIZE / 2);
    touch(map, 'f');
    munmap(map, SIZE);
}

static void what_was_written_stays(void **state)
{
    (void)state;
    char *map = map_file(PROT_READ | PROT_WRITE);
    memset(map, 'f', SIZE);
    map[SIZE / 2] = 'm';
    assert_int_equal(mprotect(map, SIZE, PROT_READ), 0);
    let_it_look();
    assert_int_equal(map[SIZE / 2], 'm');
    munmap(map, SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_of_a_file_go),
        cmocka_unit_test(what_was_written_stays),
    };
    return RUN(tests);
}
