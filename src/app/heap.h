/* SPDX-License-Identifier: Apache-2.0
 *
 * heap: gives memory back to the system. A burst (the first sync, a list after a gap) leaves free
 * pieces between what is kept; glibc returns only the end of the heap by itself. Every few seconds
 * it is looked whether the process has grown since the last time, and then the pieces go, too.
 */
#ifndef PAWL_APP_HEAP_H
#define PAWL_APP_HEAP_H

#include "net/loop.h"

struct heap_keeper {
    struct timer timer;
    int64_t resident; /* bytes after the last time */
};

/* The keeper must live until heap_keeper_stop. Loop thread only. */
void heap_keeper_start(struct heap_keeper *k, struct loop *l);
void heap_keeper_stop(struct heap_keeper *k);

#endif
