/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"

void *vec_grow(void *v, size_t *cap, size_t size)
{
    size_t want = *cap ? *cap + *cap / 2 + 1 : 8;
    v = xreallocarray(v, want, size);
    *cap = want;
    return v;
}

size_t vec_sorted_place(const void *v, size_t n, size_t size, struct str key, bool *found)
{
    size_t low = 0;
    size_t high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct str *at = (const void *)((const char *)v + mid * size);
        int order = str_cmp(*at, key);
        if (order == 0) {
            *found = true;
            return mid;
        }
        if (order < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    *found = false;
    return low;
}
