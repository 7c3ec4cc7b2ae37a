/* SPDX-License-Identifier: Apache-2.0 */
#include "app/heap.h"

#include <malloc.h>

#include "app/process_metrics.h"

#define LOOK_EVERY (5 * NS_S)

/* What is less is not worth walking the heap for. */
enum { GROWN = 512 * 1024 };

static void look(void *arg)
{
    struct heap_keeper *k = arg;
    if (process_resident_bytes() - k->resident > GROWN) {
        malloc_trim(0);
        k->resident = process_resident_bytes();
    }
    timer_set(&k->timer, LOOK_EVERY);
}

void heap_keeper_start(struct heap_keeper *k, struct loop *l)
{
    k->resident = 0;
    timer_init(&k->timer, l, look, k);
    timer_set(&k->timer, LOOK_EVERY);
}

void heap_keeper_stop(struct heap_keeper *k)
{
    timer_cancel(&k->timer);
}
