/* SPDX-License-Identifier: Apache-2.0 */
#include "app/plan_view.h"

#include "app/table.h"

enum { TEXT_MAX = 4096 };

struct plan_view_row {
    char *ns;
    char *source;
    char *workload;
    char *container;
    char *why;
    const char *annotation; /* lives as long as the options */
    bool from_template;
    bool exists;
    bool moves;
};

static void free_row(struct plan_view_row *r)
{
    free(r->ns);
    free(r->source);
    free(r->workload);
    free(r->container);
    free(r->why);
    free(r);
}

void plan_view_done(struct plan_view *v)
{
    for (size_t i = 0; i < v->rows.n; i++) {
        free_row(v->rows.v[i]);
    }
    vec_done(&v->rows);
}

void plan_view_add(struct plan_view *v, const struct plan_row *row)
{
    struct buf why = BUF_INIT(TEXT_MAX);
    struct plan_view_row *r = xcalloc(1, sizeof(*r));
    const char *type = source_type_info(row->type)->ledger;
    const char *kind = workload_kind_info(row->kind)->word;
    plan_row_why(row, v->keys, &why);
    r->ns = str_dup(row->ns);
    r->source = xasprintf("%s/%.*s", type, STR_ARG(row->source));
    r->workload = xasprintf("%s/%.*s", kind, STR_ARG(row->name));
    r->container = str_dup(row->container);
    r->why = buf_take(&why);
    r->annotation = row->key;
    r->from_template = row->from_template;
    r->exists = row->exists;
    r->moves = row->moves;
    vec_push(&v->rows, r);
}

static int compare(const void *a, const void *b)
{
    const struct plan_view_row *x = *(struct plan_view_row *const *)a;
    const struct plan_view_row *y = *(struct plan_view_row *const *)b;
    int order = strcmp(x->ns, y->ns);
    order = order != 0 ? order : strcmp(x->source, y->source);
    order = order != 0 ? order : (int)y->moves - (int)x->moves;
    return order != 0 ? order : strcmp(x->workload, y->workload);
}

static void sort(struct plan_view *v)
{
    if (v->rows.n > 1) {
        qsort(v->rows.v, v->rows.n, sizeof(*v->rows.v), compare);
    }
}

void plan_view_table(struct plan_view *v, struct buf *out)
{
    static const char *const heads[] = {"NAMESPACE", "SOURCE", "WORKLOAD", "RESTARTS", "WHY"};
    struct table t = table_new(heads, COUNT_OF(heads));
    sort(v);
    for (size_t i = 0; i < v->rows.n; i++) {
        const struct plan_view_row *r = v->rows.v[i];
        table_cell(&t, "%s", v->namespaces ? r->ns : "");
        table_cell(&t, "%s", r->source);
        table_cell(&t, "%s", r->workload);
        table_cell(&t, "%s", r->moves ? "yes" : "no");
        table_cell(&t, "%s", r->why);
    }
    table_write(&t, out);
    table_done(&t);
}

static void write_row(struct json_writer *w, const struct plan_view_row *r)
{
    json_w_object(w);
    json_w_strings(w, "namespace", r->ns, "source", r->source);
    json_w_key(w, "sourceExists");
    json_w_bool(w, r->exists);
    json_w_strings(w, "workload", r->workload);
    json_w_key(w, "restarts");
    json_w_bool(w, r->moves);
    json_w_strings(w, "why", r->why);
    if (*r->annotation) {
        json_w_strings(w, "annotation", r->annotation);
    }
    if (r->from_template) {
        json_w_key(w, "onPodTemplate");
        json_w_bool(w, true);
    }
    if (*r->container) {
        json_w_strings(w, "container", r->container);
    }
    json_w_end(w);
}

void plan_view_json(struct plan_view *v, bool found, struct buf *out)
{
    struct json_writer w = json_writer(out);
    sort(v);
    json_w_object(&w);
    json_w_key(&w, "found");
    json_w_bool(&w, found);
    json_w_key(&w, "pairs");
    json_w_array(&w);
    for (size_t i = 0; i < v->rows.n; i++) {
        write_row(&w, v->rows.v[i]);
    }
    json_w_end(&w);
    json_w_end(&w);
    buf_add_byte(out, '\n');
}

int plan_target_parse(struct str text, struct plan_target *out, struct err **err)
{
    ptrdiff_t slash = str_find_byte(text, '/');
    struct str word = slash < 0 ? text : str_head(text, (size_t)slash);
    *out = (struct plan_target){.subject = PLAN_EVERYTHING};
    if (slash >= 0) {
        out->name = str_from(text, (size_t)slash + 1);
    }
    if (out->name.n == 0 || str_find_byte(out->name, '/') >= 0) {
        return err_set(err, ERR_INVALID, "wanted is TYPE/NAME, as in secret/db, not \"%.*s\"",
                       STR_ARG(text));
    }
    if (source_type_parse(word, &out->type)) {
        out->subject = PLAN_SOURCE;
    } else if (workload_kind_parse(word, &out->kind)) {
        out->subject = PLAN_WORKLOAD;
    } else {
        return err_set(
            err, ERR_INVALID,
            "\"%.*s\" is neither a source (secret, configmap, secretproviderclass) nor a "
            "workload (deployment, statefulset, daemonset, cronjob, job, rollout)",
            STR_ARG(word));
    }
    return 0;
}
