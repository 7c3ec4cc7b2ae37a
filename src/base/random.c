/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

void random_bytes(void *out, size_t n)
{
    char *p = out;
    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);
        if (got < 0) {
            must(errno == EINTR);
            continue;
        }
        p += got;
        n -= (size_t)got;
    }
}

uint64_t random_below(uint64_t bound)
{
    if (bound == 0) {
        return 0;
    }
    /* Values under this mark would make the small remainders more likely. */
    uint64_t mark = -bound % bound;
    uint64_t x;
    do {
        random_bytes(&x, sizeof(x));
    } while (x < mark);
    return x % bound;
}

ns_t random_jitter(ns_t base, double fraction)
{
    ns_t span = (ns_t)((double)base * fraction);
    if (span <= 0) {
        return base;
    }
    return base - span + (ns_t)random_below((uint64_t)span * 2 + 1);
}

void random_uuid(char out[UUID_SIZE])
{
    unsigned char b[16];
    random_bytes(b, sizeof(b));
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    static const char digits[] = "0123456789abcdef";
    char *p = out;
    for (size_t i = 0; i < sizeof(b); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *p++ = '-';
        }
        *p++ = digits[b[i] >> 4];
        *p++ = digits[b[i] & 15];
    }
    *p = '\0';
}
