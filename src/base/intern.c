/* SPDX-License-Identifier: Apache-2.0 */
#include "base/intern.h"

#include "base/map.h"

struct entry {
    size_t refs;
    size_t n;
    char text[];
};

static struct map entries;

static struct entry *entry_of(const char *interned)
{
    return (struct entry *)((uintptr_t)interned - offsetof(struct entry, text));
}

const char *intern(struct str s)
{
    struct entry *e = map_get(&entries, s);
    if (!e) {
        e = xmalloc(sizeof(*e) + s.n + 1);
        e->refs = 0;
        e->n = s.n;
        if (s.n) {
            memcpy(e->text, s.p, s.n);
        }
        e->text[s.n] = '\0';
        map_set(&entries, s, e);
    }
    e->refs++;
    return e->text;
}

const char *intern_ref(const char *interned)
{
    entry_of(interned)->refs++;
    return interned;
}

void intern_unref(const char *interned)
{
    if (!interned) {
        return;
    }
    struct entry *e = entry_of(interned);
    must(e->refs > 0);
    if (--e->refs > 0) {
        return;
    }
    must(map_del(&entries, intern_str(interned)) == e);
    free(e);
    if (entries.n == 0) {
        map_done(&entries);
    }
}

struct str intern_str(const char *interned)
{
    return interned ? (struct str){interned, entry_of(interned)->n} : STR_EMPTY;
}

size_t intern_count(void)
{
    return entries.n;
}
