/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/vault_internal.h"
#include "base/clock.h"

/* Two changes within one second of the vault's clock look like one in a list. What was read within
 * two seconds of its last change may be older than the second one. */
#define YOUNG_S 2
/* The same by our own clock, which may differ, if the vault did not tell its time. */
#define YOUNG_BY_OUR_CLOCK_S 60

static void entry_key(enum vault_kind kind, struct str name, struct str version, struct buf *out)
{
    buf_addf(out, "%d/", (int)kind);
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        buf_add_byte(out, (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c));
    }
    buf_add_byte(out, '/');
    buf_add_str(out, version);
}

static int check_name(struct str name, struct str version, struct err **err)
{
    const struct str parts[] = {name, version};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        struct str s = parts[i];
        /* These change the path, which would make another request of it. */
        if (str_eq_c(s, ".") || str_eq_c(s, "..") || s.n > 1024 || (i == 0 && s.n == 0)) {
            return err_set(err, ERR_INVALID, "\"%.*s\" is no %s of an object in a key vault",
                           STR_ARG(str_head(s, 100)), i == 0 ? "name" : "version");
        }
    }
    return 0;
}

struct vault_entry *vault_entry_get(struct vault_reader *r, enum vault_kind kind, struct str name,
                                    struct str version, struct err **err)
{
    if (check_name(name, version, err) != 0) {
        return NULL;
    }
    AUTO(buf_done) struct buf key = BUF_INIT(4096);
    entry_key(kind, name, version, &key);
    struct vault_entry *e = map_get(&r->entries, buf_str(&key));
    if (!e) {
        e = xcalloc(1, sizeof(*e));
        e->reader = vault_reader_ref(r);
        e->kind = kind;
        e->name = str_dup(name);
        e->version = str_dup(version);
        e->key = buf_take(&key);
        e->facts_at = NEVER;
        e->born = r->lists;
        TAILQ_INIT(&e->flights);
        TAILQ_INIT(&e->asks);
        map_set(&r->entries, str_c(e->key), e);
    }
    return vault_entry_ref(e);
}

struct vault_entry *vault_entry_ref(struct vault_entry *e)
{
    e->refs++;
    return e;
}

void vault_entry_unref(struct vault_entry *e)
{
    if (!e || --e->refs > 0) {
        return;
    }
    must(TAILQ_EMPTY(&e->asks));
    flights_free(e);
    entry_set_state(e, ENTRY_IDLE);
    map_del(&e->reader->entries, str_c(e->key));
    vault_reader_unref(e->reader);
    free(e->name);
    free(e->version);
    free(e->key);
    free(e);
}

struct vault_entry *entry_find(struct vault_reader *r, enum vault_kind kind, struct str name)
{
    AUTO(buf_done) struct buf key = BUF_INIT(4096);
    entry_key(kind, name, STR_EMPTY, &key);
    return buf_ok(&key) ? map_get(&r->entries, buf_str(&key)) : NULL;
}

static bool is_young(const struct vault_stamp *stamp, ns_t date)
{
    if (stamp->absent || stamp->updated == VAULT_NO_TIME) {
        return !stamp->absent;
    }
    if (date > 0) {
        return stamp->updated >= date / NS_S - YOUNG_S;
    }
    return stamp->updated >= clock_real() / NS_S - YOUNG_BY_OUR_CLOCK_S;
}

void entry_learn(struct vault_entry *e, const struct vault_stamp *stamp, ns_t sent, ns_t date)
{
    if (sent < e->facts_at) {
        return; /* overtaken by a later GET */
    }
    e->stamp = *stamp;
    e->facts_at = sent;
    e->young = is_young(stamp, date);
}

void entry_learn_from_list(struct vault_entry *e, const struct listing *l)
{
    bool same;
    if (e->seen == l->id) {
        same = !e->stamp.absent && !e->young && e->listed_created == e->stamp.created &&
               e->listed_updated == e->stamp.updated && e->listed_enabled == e->stamp.enabled;
    } else {
        /* Only a whole list can tell that something is not there, and only of what it had a chance
         * to look for. */
        same = l->complete && e->stamp.absent && e->born < l->id;
    }
    if (same && e->stamp.known && l->started > e->facts_at) {
        e->facts_at = l->started;
    }
}
