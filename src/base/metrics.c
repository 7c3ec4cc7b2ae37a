/* SPDX-License-Identifier: Apache-2.0
 *
 * A series is found by its label values joined with bytes that cannot occur in UTF-8 text; the text
 * of its labels is rendered once, when it is made.
 */
#include "base/metrics.h"

#include <math.h>

#include "base/map.h"
#include "base/vec.h"

enum { KEY_MAX = 16 * 1024 };
static const char key_separator = (char)0xff;

struct series {
    char *labels; /* a="x",b="y" or "" */
    double value; /* histogram: sum */
    uint64_t count;
    uint64_t buckets[]; /* not cumulative; the last one is for +Inf */
};

struct metric {
    const struct metric_desc *desc;
    struct metrics *registry;
    size_t n_labels;
    struct map series;
};

struct collector {
    void (*fn)(void *arg);
    void *arg;
};

struct metrics {
    VEC(struct metric *) families;
    VEC(struct collector) collectors;
    struct metric *dropped;
};

static const struct metric_desc dropped_desc = {
    .name = "pawl_metrics_dropped_total",
    .help = "Values that were not kept because a metric had too many series.",
    .type = METRIC_COUNTER,
    .labels = {"metric"},
};

struct metrics *metrics_new(void)
{
    struct metrics *m = xcalloc(1, sizeof(*m));
    m->dropped = metrics_add(m, &dropped_desc);
    return m;
}

static void free_series(void *arg)
{
    struct series *s = arg;
    free(s->labels);
    free(s);
}

void metrics_free(struct metrics *m)
{
    if (!m) {
        return;
    }
    for (size_t i = 0; i < m->families.n; i++) {
        map_done_with(&m->families.v[i]->series, free_series);
        free(m->families.v[i]);
    }
    vec_done(&m->families);
    vec_done(&m->collectors);
    free(m);
}

struct metric *metrics_find(const struct metrics *m, const char *name)
{
    for (size_t i = 0; i < m->families.n; i++) {
        if (strcmp(m->families.v[i]->desc->name, name) == 0) {
            return m->families.v[i];
        }
    }
    return NULL;
}

struct metric *metrics_add(struct metrics *m, const struct metric_desc *desc)
{
    struct metric *f = m ? metrics_find(m, desc->name) : NULL;
    if (f || !m) {
        return f;
    }
    f = xcalloc(1, sizeof(*f));
    f->desc = desc;
    f->registry = m;
    while (desc->labels[f->n_labels]) {
        f->n_labels++;
    }
    vec_push(&m->families, f);
    return f;
}

void metrics_on_collect(struct metrics *m, void (*fn)(void *arg), void *arg)
{
    vec_push(&m->collectors, (struct collector){fn, arg});
}

static void join(struct buf *out, const struct str *labels, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_add_str(out, labels[i]);
        buf_add_byte(out, key_separator);
    }
}

static void escape(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\' || s.p[i] == '"') {
            buf_add_byte(out, '\\');
            buf_add_byte(out, s.p[i]);
        } else if (s.p[i] == '\n') {
            buf_add_c(out, "\\n");
        } else {
            buf_add_byte(out, s.p[i]);
        }
    }
}

static char *render_labels(const struct metric *f, const struct str *labels)
{
    struct buf text = BUF_INIT(2 * KEY_MAX);
    for (size_t i = 0; i < f->n_labels; i++) {
        buf_addf(&text, "%s%s=\"", i ? "," : "", f->desc->labels[i]);
        escape(&text, labels[i]);
        buf_add_byte(&text, '"');
    }
    return buf_take(&text);
}

static struct series *add_series(struct metric *f, struct str key, const struct str *labels)
{
    if (f->series.n >= METRIC_MAX_SERIES) {
        if (f != f->registry->dropped) {
            metric_inc(f->registry->dropped, LABELS(str_c(f->desc->name)));
        }
        return NULL;
    }
    size_t n_buckets = f->desc->type == METRIC_HISTOGRAM ? f->desc->n_buckets + 1 : 0;
    struct series *s = xcalloc(1, sizeof(*s) + n_buckets * sizeof(s->buckets[0]));
    s->labels = render_labels(f, labels);
    map_set(&f->series, key, s);
    return s;
}

static struct series *find(const struct metric *f, const struct str *labels)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    join(&key, labels, f->n_labels);
    return map_get(&f->series, buf_str(&key));
}

static struct series *find_or_add(struct metric *f, const struct str *labels)
{
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    join(&key, labels, f->n_labels);
    struct series *s = map_get(&f->series, buf_str(&key));
    return s ? s : add_series(f, buf_str(&key), labels);
}

void metric_add(struct metric *f, const struct str *labels, double by)
{
    struct series *s = f ? find_or_add(f, labels) : NULL;
    if (s) {
        s->value += by;
    }
}

void metric_inc(struct metric *f, const struct str *labels)
{
    metric_add(f, labels, 1);
}

void metric_set(struct metric *f, const struct str *labels, double value)
{
    struct series *s = f ? find_or_add(f, labels) : NULL;
    if (s) {
        s->value = value;
    }
}

void metric_observe(struct metric *f, const struct str *labels, double value)
{
    struct series *s = f ? find_or_add(f, labels) : NULL;
    if (!s) {
        return;
    }
    size_t i = 0;
    while (i < f->desc->n_buckets && value > f->desc->buckets[i]) {
        i++;
    }
    s->buckets[i]++;
    s->count++;
    s->value += value;
}

void metric_remove(struct metric *f, const struct str *labels)
{
    if (!f) {
        return;
    }
    AUTO(buf_done) struct buf key = BUF_INIT(KEY_MAX);
    join(&key, labels, f->n_labels);
    struct series *s = map_del(&f->series, buf_str(&key));
    if (s) {
        free_series(s);
    }
}

void metric_remove_prefix(struct metric *f, const struct str *labels, size_t n)
{
    if (!f) {
        return;
    }
    AUTO(buf_done) struct buf prefix = BUF_INIT(KEY_MAX);
    join(&prefix, labels, n);
    for (struct map_iter it = {0}; map_next(&f->series, &it);) {
        if (str_starts(it.key, buf_str(&prefix))) {
            free_series(map_del(&f->series, it.key));
        }
    }
}

double metric_value(const struct metric *f, const struct str *labels)
{
    struct series *s = f ? find(f, labels) : NULL;
    if (!s) {
        return 0;
    }
    return f->desc->type == METRIC_HISTOGRAM ? (double)s->count : s->value;
}

/* ---- writing ---- */

static void add_number(struct buf *out, double v)
{
    if (isinf(v)) {
        buf_add_c(out, v > 0 ? "+Inf" : "-Inf");
    } else if (v == floor(v) && fabs(v) < 1e15) {
        buf_addf(out, "%.0f", v);
    } else {
        buf_addf(out, "%.15g", v);
    }
}

static void sample(struct buf *out, const char *name, const char *suffix, const char *labels,
                   double value)
{
    buf_addf(out, "%s%s", name, suffix);
    if (*labels) {
        buf_addf(out, "{%s}", labels);
    }
    buf_add_byte(out, ' ');
    add_number(out, value);
    buf_add_byte(out, '\n');
}

static void write_histogram(struct buf *out, const struct metric_desc *d, const struct series *s)
{
    uint64_t sum = 0;
    for (size_t i = 0; i <= d->n_buckets; i++) {
        AUTO(buf_done) struct buf labels = BUF_INIT(2 * KEY_MAX);
        buf_addf(&labels, "%s%sle=\"", s->labels, *s->labels ? "," : "");
        add_number(&labels, i < d->n_buckets ? d->buckets[i] : INFINITY);
        buf_add_byte(&labels, '"');
        sum += s->buckets[i];
        sample(out, d->name, "_bucket", labels.p, (double)sum);
    }
    sample(out, d->name, "_sum", s->labels, s->value);
    sample(out, d->name, "_count", s->labels, (double)s->count);
}

static int by_labels(const void *a, const void *b)
{
    const struct series *const *x = a;
    const struct series *const *y = b;
    return strcmp((*x)->labels, (*y)->labels);
}

const char *metric_type_name(enum metric_type type)
{
    static const char *const names[] = {
        [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};
    return names[type];
}

void metrics_each(const struct metrics *m, void (*fn)(void *arg, const struct metric_desc *desc),
                  void *arg)
{
    for (size_t i = 0; i < m->families.n; i++) {
        fn(arg, m->families.v[i]->desc);
    }
}

static void write_family(struct buf *out, const struct metric *f)
{
    if (f->series.n == 0) {
        return;
    }
    const struct metric_desc *d = f->desc;
    buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", d->name, d->help, d->name,
             metric_type_name(d->type));
    AUTO(freep) struct series **sorted = xcalloc(f->series.n, sizeof(struct series *));
    size_t n = 0;
    for (struct map_iter it = {0}; map_next(&f->series, &it);) {
        sorted[n++] = it.value;
    }
    qsort(sorted, n, sizeof(struct series *), by_labels);
    for (size_t i = 0; i < n; i++) {
        if (d->type == METRIC_HISTOGRAM) {
            write_histogram(out, d, sorted[i]);
        } else {
            sample(out, d->name, "", sorted[i]->labels, sorted[i]->value);
        }
    }
}

void metrics_write(struct metrics *m, struct buf *out)
{
    for (size_t i = 0; i < m->collectors.n; i++) {
        m->collectors.v[i].fn(m->collectors.v[i].arg);
    }
    for (size_t i = 0; i < m->families.n; i++) {
        write_family(out, m->families.v[i]);
    }
}
