/* SPDX-License-Identifier: Apache-2.0 */
#include "app/status_page.h"

#include "base/datetime.h"

enum { NAME_MAX_SIZE = 1024 };

struct page {
    struct json_writer *w;
    struct str ns;
};

static void write_time(struct json_writer *w, const char *key, ns_t time)
{
    char text[RFC3339_SIZE];
    if (time > 0) {
        json_w_strings(w, key, rfc3339_format(time, text));
    }
}

static void write_text(struct json_writer *w, const char *key, struct str text)
{
    if (text.n > 0) {
        json_w_key(w, key);
        json_w_str(w, text);
    }
}

/* "secret/db" */
static void write_name(struct json_writer *w, const char *key, const char *word, struct str name)
{
    AUTO(buf_done) struct buf text = BUF_INIT(NAME_MAX_SIZE);
    buf_addf(&text, "%s/%.*s", word, STR_ARG(name));
    write_text(w, key, buf_str(&text));
}

static void write_sources(struct json_writer *w, const struct reload_row *row)
{
    json_w_key(w, "sources");
    json_w_array(w);
    for (size_t i = 0; i < row->n_sources; i++) {
        const struct reload_source_row *s = &row->sources[i];
        json_w_object(w);
        write_name(w, "source", source_type_info(s->type)->ledger, s->name);
        json_w_strings(w, "state", s->state);
        json_w_end(w);
    }
    json_w_end(w);
}

void status_page_workload(struct json_writer *w, const struct reload_row *row)
{
    json_w_object(w);
    write_text(w, "namespace", row->ns);
    write_name(w, "workload", workload_kind_info(row->kind)->word, row->name);
    json_w_strings(w, "state", row->state);
    write_sources(w, row);
    write_time(w, "restartedAt", row->moved);
    write_text(w, "restartedFor", row->moved_for);
    write_time(w, "dueSince", row->due_since);
    write_time(w, "failingSince", row->failing_since);
    if (row->failures > 0) {
        json_w_key(w, "failures");
        json_w_int(w, row->failures);
    }
    write_text(w, "lastError", row->last_error);
    write_time(w, "nextTry", row->retry);
    write_time(w, "pausedUntil", row->paused_until);
    if (row->paused_by_user) {
        json_w_key(w, "pausedByUser");
        json_w_bool(w, true);
    }
    json_w_end(w);
}

void status_page_object(struct json_writer *w, const struct sync_row *row)
{
    json_w_object(w);
    json_w_strings(w, "kind", row->kind);
    write_text(w, "namespace", row->ns);
    write_text(w, "name", row->name);
    write_text(w, "ready", row->ready);
    write_text(w, "reason", row->reason);
    write_text(w, "message", row->message);
    write_text(w, "lastError", row->last_error);
    write_time(w, "refreshedAt", row->refreshed);
    write_time(w, "nextRefresh", row->next);
    write_text(w, "store", row->store);
    write_text(w, "secret", row->target);
    json_w_end(w);
}

static bool wanted(const struct page *p, struct str ns)
{
    return p->ns.n == 0 || ns.n == 0 || str_eq(p->ns, ns);
}

static void workload(void *arg, const struct reload_row *row)
{
    const struct page *p = arg;
    if (wanted(p, row->ns)) {
        status_page_workload(p->w, row);
    }
}

static void object(void *arg, const struct sync_row *row)
{
    const struct page *p = arg;
    if (wanted(p, row->ns)) {
        status_page_object(p->w, row);
    }
}

void status_page_write(void *arg, struct str ns, struct json_writer *w)
{
    const struct roles *roles = arg;
    struct page p = {w, ns};
    if (roles->reload) {
        json_w_key(w, "workloads");
        json_w_array(w);
        reload_each_row(roles->reload, workload, &p);
        json_w_end(w);
    }
    if (roles->sync) {
        json_w_key(w, "objects");
        json_w_array(w);
        sync_each_row(roles->sync, object, &p);
        json_w_end(w);
    }
}
