/* SPDX-License-Identifier: Apache-2.0
 *
 * footprint: gives memory back that the process does not need any more.
 *
 * Two things are left behind by a burst (the start, the first sync, a list after a gap). Free
 * pieces of heap between what is kept: glibc returns only the end of the heap by itself. And the
 * pages of code and constants that were needed only then: of the shared libraries that Debian's
 * libcurl brings along nearly everything is touched by the dynamic linker and never again. They are
 * clean copies of a file; what is needed after all comes back from the page cache.
 *
 * Every few seconds it is looked whether the process has grown since the last time.
 */
#ifndef PAWL_APP_FOOTPRINT_H
#define PAWL_APP_FOOTPRINT_H

#include "net/loop.h"

struct footprint {
    struct timer timer;
    int64_t resident; /* bytes after the last time */
};

/* It must live until footprint_stop. Loop thread only. */
void footprint_start(struct footprint *f, struct loop *l);
void footprint_stop(struct footprint *f);

#endif
