/* SPDX-License-Identifier: Apache-2.0
 *
 * Secrets are few (tokens, client secrets, the HMAC key) and small, so each lies in whole pages of
 * its own: simple, and a stray read past the end of one does not meet another.
 */
#include "base/secret.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

struct secret {
    size_t refs;
    size_t mapped;
    size_t n;
    char bytes[];
};

static size_t unlocked;

static size_t page_round(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (n + page - 1) / page * page;
}

struct secret *secret_new(struct str bytes)
{
    size_t mapped = page_round(sizeof(struct secret) + bytes.n + 1);
    void *at = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(at != MAP_FAILED);
    (void)madvise(at, mapped, MADV_DONTDUMP);
    if (mlock(at, mapped) != 0) {
        unlocked++;
    }
    struct secret *s = at;
    s->refs = 1;
    s->mapped = mapped;
    s->n = bytes.n;
    if (bytes.n > 0) {
        memcpy(s->bytes, bytes.p, bytes.n);
    }
    return s;
}

struct secret *secret_ref(struct secret *s)
{
    s->refs++;
    return s;
}

void secret_unref(struct secret *s)
{
    if (!s || --s->refs > 0) {
        return;
    }
    size_t mapped = s->mapped;
    wipe(s, mapped);
    must(munmap(s, mapped) == 0);
}

void secret_unrefp(struct secret **s)
{
    secret_unref(*s);
    *s = NULL;
}

struct str secret_str(const struct secret *s)
{
    return s ? (struct str){s->bytes, s->n} : STR_EMPTY;
}

bool secret_eq_bytes(struct str a, struct str b)
{
    if (a.n != b.n) {
        return false;
    }
    volatile unsigned char difference = 0;
    for (size_t i = 0; i < a.n; i++) {
        difference = (unsigned char)(difference | (a.p[i] ^ b.p[i]));
    }
    return difference == 0;
}

bool secret_eq(const struct secret *s, struct str other)
{
    return secret_eq_bytes(secret_str(s), other);
}

void secret_wipe_copy(struct str copy)
{
    wipe((void *)(uintptr_t)copy.p, copy.n);
}

void secret_harden_process(void)
{
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

size_t secret_unlocked_pages(void)
{
    return unlocked;
}
