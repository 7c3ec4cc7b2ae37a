/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"

void *vec_grow(void *v, size_t *cap, size_t size)
{
    size_t want = *cap ? *cap + *cap / 2 + 1 : 8;
    v = xreallocarray(v, want, size);
    *cap = want;
    return v;
}
