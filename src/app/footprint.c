/* SPDX-License-Identifier: Apache-2.0 */
#include "app/footprint.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "app/process_metrics.h"
#include "base/base.h"

#define LOOK_EVERY (5 * NS_S)

enum {
    GROWN = 512 * 1024,     /* bytes; less is not worth a walk */
    LINE_SIZE = 4096 + 128, /* a path and what is before it */
};

/* A mapping of /proc/self/smaps. */
struct mapping {
    uintptr_t begin;
    uintptr_t end;
    bool constant; /* of a file, private, not writable */
};

/* "7f00c0000000-7f00c0200000 r-xp 00000000 08:01 42   /lib/x.so"; false for the lines of figures
 * behind it (proc_pid_smaps(5)). */
static bool read_head(const char *line, struct mapping *out)
{
    char *at;
    struct mapping m = {.begin = strtoull(line, &at, 16)};
    if (*at != '-') {
        return false;
    }
    m.end = strtoull(at + 1, &at, 16);
    m.constant = strncmp(at, " r-", 3) == 0 && at[4] == 'p' && strchr(at, '/');
    *out = m;
    return true;
}

/* No page is the process's own, as relocated data or a debugger's breakpoint would be. */
static bool says_unchanged(const char *line)
{
    static const char key[] = "Anonymous:";
    return strncmp(line, key, sizeof(key) - 1) == 0 &&
           strtoull(line + sizeof(key) - 1, NULL, 10) == 0;
}

/* Drops what is a copy of a file page for page. */
static void drop_file_pages(void)
{
    FILE *maps = fopen("/proc/self/smaps", "re");
    char line[LINE_SIZE];
    struct mapping m = {0};
    while (maps && fgets(line, sizeof(line), maps)) {
        if (!read_head(line, &m) && m.constant && says_unchanged(line)) {
            /* NOLINTNEXTLINE(performance-no-int-to-ptr): the address comes from the kernel */
            madvise((void *)m.begin, m.end - m.begin, MADV_DONTNEED);
        }
    }
    if (maps) {
        fclose(maps);
    }
}

static void look(void *arg)
{
    struct footprint *f = arg;
    if (process_resident_bytes() - f->resident > GROWN) {
        malloc_trim(0);
        drop_file_pages();
        f->resident = process_resident_bytes();
    }
    timer_set(&f->timer, LOOK_EVERY);
}

void footprint_start(struct footprint *f, struct loop *l)
{
    f->resident = 0;
    timer_init(&f->timer, l, look, f);
    timer_set(&f->timer, LOOK_EVERY);
}

void footprint_stop(struct footprint *f)
{
    timer_cancel(&f->timer);
}
