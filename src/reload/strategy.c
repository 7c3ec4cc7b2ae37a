/* SPDX-License-Identifier: Apache-2.0 */
#include "reload/strategy.h"

#include "base/datetime.h"

/* An annotation is at most 256 KiB, an object 1.5 MiB. */
enum { PATCH_MAX = 1024 * 1024, VALUE_MAX = 64 * 1024 };

void strategy_env_name(struct buf *out, enum source_type type, struct str name)
{
    bool kept = false;
    buf_add_c(out, RELOAD_ENV_PREFIX);
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (c >= 'a' && c <= 'z') {
            c = (char)(c - 'a' + 'A');
        }
        if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
            buf_add_byte(out, c);
            kept = true;
        } else {
            if (kept) {
                buf_add_byte(out, '_');
            }
            kept = false;
        }
    }
    buf_addf(out, "_%s", source_type_info(type)->word);
}

void strategy_hash(const struct cause *c, char out[DIGEST_HEX + 1])
{
    struct digest deleted = digest_delete_marker();
    digest_hex(c->deleted ? &deleted : &c->content, out);
}

void strategy_last_reloaded(struct buf *out, const struct workload *target, const struct cause *c,
                            ns_t now)
{
    char hex[DIGEST_HEX + 1];
    struct json_writer w = json_writer(out);
    strategy_hash(c, hex);
    json_w_object(&w);
    json_w_strings(&w, "type", source_type_info(c->type)->word, NULL);
    json_w_key(&w, "name");
    json_w_str(&w, c->name);
    json_w_key(&w, "namespace");
    json_w_str(&w, target->ns);
    json_w_strings(&w, "hash", hex, NULL);
    json_w_key(&w, "containerRefs");
    json_w_array(&w);
    json_w_str(&w, target->containers[c->container].name);
    json_w_end(&w);
    json_w_key(&w, "observedAt");
    json_w_int(&w, now / NS_S);
    json_w_end(&w);
}

bool strategy_parse_last_reloaded(struct arena *a, struct str text, struct cause *out)
{
    const struct json *doc = text.n > 0 ? json_parse(a, text, JSON_COPY, NULL) : NULL;
    struct str word = json_str(json_get(doc, "type"));
    struct digest marker = digest_delete_marker();
    *out = (struct cause){.name = json_str(json_get(doc, "name")), .container = NO_CONTAINER};
    if (out->name.n == 0 || !digest_parse(json_str(json_get(doc, "hash")), &out->content)) {
        return false;
    }
    out->deleted = digest_eq(&out->content, &marker);
    for (enum source_type type = 0; type < SOURCE_TYPES; type++) {
        if (str_eq_c(word, source_type_info(type)->word)) {
            out->type = type;
            return true;
        }
    }
    return false;
}

/* ---- what happens to the variables of one container ---- */

/* A deleted source takes its variable along; where there was none the marker makes the pods roll.
 */
static bool removes_variable(const struct move *m, const struct cause *c, struct str name)
{
    const struct variable *v = workload_variable(m->target, name, c->container);
    return c->deleted && v && v->container == c->container;
}

/* Another cause of this move has the same variable ("a.b" and "a-b") and comes later. */
static bool overridden(const struct move *m, size_t i, struct str name)
{
    AUTO(buf_done) struct buf other = BUF_INIT(VALUE_MAX);
    for (size_t k = i + 1; k < m->n_causes; k++) {
        buf_clear(&other);
        strategy_env_name(&other, m->causes[k].type, m->causes[k].name);
        if (m->causes[k].container == m->causes[i].container && str_eq(buf_str(&other), name)) {
            return true;
        }
    }
    return false;
}

/* Calls fn for each variable of the container that is set (value) or removed (value NULL). */
typedef void variable_fn(void *arg, int container, struct str name, const char *value);

static void each_change(const struct move *m, int container, variable_fn *fn, void *arg)
{
    AUTO(buf_done) struct buf name = BUF_INIT(VALUE_MAX);
    char hex[DIGEST_HEX + 1];
    for (size_t i = 0; m->strategy == RELOAD_ENV_VARS && i < m->n_causes; i++) {
        const struct cause *c = &m->causes[i];
        if (c->container != container) {
            continue;
        }
        buf_clear(&name);
        strategy_env_name(&name, c->type, c->name);
        if (!overridden(m, i, buf_str(&name))) {
            strategy_hash(c, hex);
            fn(arg, container, buf_str(&name), removes_variable(m, c, buf_str(&name)) ? NULL : hex);
        }
    }
    for (size_t i = 0; i < m->n_leftovers; i++) {
        if (m->leftovers[i]->container == container) {
            fn(arg, container, m->leftovers[i]->name, NULL);
        }
    }
}

static void mark_changed(void *arg, int container, struct str name, const char *value)
{
    (void)container;
    (void)name;
    (void)value;
    *(bool *)arg = true;
}

static bool container_changes(const struct move *m, int container)
{
    bool changes = false;
    each_change(m, container, mark_changed, &changes);
    return changes;
}

static bool any_container_changes(const struct move *m)
{
    for (size_t i = 0; i < m->target->n_containers; i++) {
        if (container_changes(m, (int)i)) {
            return true;
        }
    }
    return false;
}

/* ---- merge patches, strategic or not ---- */

static void write_metadata(struct json_writer *w, const struct move *m)
{
    char now[RFC3339_SIZE];
    json_w_key(w, "metadata");
    json_w_object(w);
    json_w_key(w, "uid");
    json_w_str(w, m->target->uid);
    if (m->ledger.p || m->pause_annotation) {
        json_w_key(w, "annotations");
        json_w_object(w);
        if (m->ledger.p) {
            json_w_key(w, RELOAD_LEDGER_ANNOTATION);
            json_w_str(w, m->ledger);
        }
        if (m->pause_annotation) {
            json_w_strings(w, m->pause_annotation, rfc3339_format(m->now, now), NULL);
        }
        json_w_end(w);
    }
    json_w_end(w);
}

static void write_variable(void *arg, int container, struct str name, const char *value)
{
    struct json_writer *w = arg;
    (void)container;
    json_w_object(w);
    json_w_key(w, "name");
    json_w_str(w, name);
    if (value) {
        json_w_strings(w, "value", value, NULL);
    } else {
        json_w_strings(w, "$patch", "delete", NULL);
    }
    json_w_end(w);
}

static void write_containers(struct json_writer *w, const struct move *m)
{
    json_w_key(w, "spec");
    json_w_object(w);
    json_w_key(w, "containers");
    json_w_array(w);
    for (size_t i = 0; i < m->target->n_containers; i++) {
        if (container_changes(m, (int)i)) {
            json_w_object(w);
            json_w_key(w, "name");
            json_w_str(w, m->target->containers[i].name);
            json_w_key(w, "env");
            json_w_array(w);
            each_change(m, (int)i, write_variable, w);
            json_w_end(w);
            json_w_end(w);
        }
    }
    json_w_end(w);
    json_w_end(w);
}

static void write_template_annotation(struct json_writer *w, const struct move *m)
{
    AUTO(buf_done) struct buf value = BUF_INIT(VALUE_MAX);
    strategy_last_reloaded(&value, m->target, &m->causes[m->n_causes - 1], m->now);
    json_w_key(w, "metadata");
    json_w_object(w);
    json_w_key(w, "annotations");
    json_w_object(w);
    json_w_key(w, RELOAD_LAST_RELOADED_FROM);
    json_w_str(w, buf_str(&value));
    json_w_end(w);
    json_w_end(w);
}

static void write_merge(const struct move *m, struct buf *out)
{
    struct json_writer w = json_writer(out);
    json_w_object(&w);
    write_metadata(&w, m);
    json_w_key(&w, "spec");
    json_w_object(&w);
    if (m->pause_annotation) {
        json_w_key(&w, "paused");
        json_w_bool(&w, true);
    }
    json_w_key(&w, "template");
    json_w_object(&w);
    if (m->strategy == RELOAD_ANNOTATIONS) {
        write_template_annotation(&w, m);
    }
    if (any_container_changes(m) && workload_kind_info(m->target->kind)->built_in) {
        write_containers(&w, m);
    }
    json_w_end(&w);
    json_w_end(&w);
    json_w_end(&w);
}

/* ---- JSON patch, for the variables of a custom resource ---- */

struct op_writer {
    struct json_writer w;
    const struct move *m;
    bool add_env; /* the container has no list of variables yet */
};

static void begin_op(struct json_writer *w, const char *op, struct str path)
{
    json_w_object(w);
    json_w_strings(w, "op", op, NULL);
    json_w_key(w, "path");
    json_w_str(w, path);
}

static void write_op(struct json_writer *w, const char *op, struct str path, struct str value)
{
    begin_op(w, op, path);
    json_w_key(w, "value");
    json_w_str(w, value);
    json_w_end(w);
}

static void write_op_object(struct json_writer *w, const char *path)
{
    begin_op(w, "add", str_c(path));
    json_w_key(w, "value");
    json_w_object(w);
    json_w_end(w);
    json_w_end(w);
}

/* ".../env/INDEX/FIELD" of a variable; without a field the variable itself. */
static void variable_path(struct buf *out, const struct variable *v, const char *field)
{
    buf_clear(out);
    buf_addf(out, "/spec/template/spec/containers/%u/env/%u", v->container, v->index);
    if (field) {
        buf_addf(out, "/%s", field);
    }
}

static void append_variable(struct op_writer *o, int container, struct str name, const char *value)
{
    AUTO(buf_done) struct buf path = BUF_INIT(VALUE_MAX);
    buf_addf(&path, "/spec/template/spec/containers/%d/env", container);
    if (o->add_env) {
        begin_op(&o->w, "add", buf_str(&path));
        json_w_key(&o->w, "value");
        json_w_array(&o->w);
        json_w_end(&o->w);
        json_w_end(&o->w);
        o->add_env = false;
    }
    buf_add_c(&path, "/-");
    begin_op(&o->w, "add", buf_str(&path));
    json_w_key(&o->w, "value");
    write_variable(&o->w, container, name, value);
    json_w_end(&o->w);
}

/* Sets only: removals come last, because they shift what stands behind them. */
static void write_set_op(void *arg, int container, struct str name, const char *value)
{
    struct op_writer *o = arg;
    const struct variable *v = workload_variable(o->m->target, name, container);
    AUTO(buf_done) struct buf path = BUF_INIT(VALUE_MAX);
    if (!value) {
        return;
    }
    if (!v || v->container != container) {
        append_variable(o, container, name, value);
        return;
    }
    variable_path(&path, v, "name");
    write_op(&o->w, "test", buf_str(&path), name);
    variable_path(&path, v, "value");
    write_op(&o->w, "replace", buf_str(&path), str_c(value));
}

struct removal {
    const struct variable *variable; /* what to look for */
    bool found;
};

static void match_removal(void *arg, int container, struct str name, const char *value)
{
    struct removal *r = arg;
    if (!value && container == r->variable->container && str_eq(name, r->variable->name)) {
        r->found = true;
    }
}

/* The variables are in order of their positions; walking backwards keeps the earlier ones valid. */
static void write_remove_ops(struct op_writer *o)
{
    AUTO(buf_done) struct buf path = BUF_INIT(VALUE_MAX);
    for (size_t i = o->m->target->n_variables; i-- > 0;) {
        struct removal r = {.variable = &o->m->target->variables[i]};
        each_change(o->m, r.variable->container, match_removal, &r);
        if (r.found) {
            variable_path(&path, r.variable, "name");
            write_op(&o->w, "test", buf_str(&path), r.variable->name);
            variable_path(&path, r.variable, NULL);
            begin_op(&o->w, "remove", buf_str(&path));
            json_w_end(&o->w);
        }
    }
}

static void write_container_ops(struct op_writer *o, size_t index)
{
    AUTO(buf_done) struct buf path = BUF_INIT(VALUE_MAX);
    const struct container *c = &o->m->target->containers[index];
    buf_addf(&path, "/spec/template/spec/containers/%zu/name", index);
    write_op(&o->w, "test", buf_str(&path), c->name);
    o->add_env = !c->has_env;
    each_change(o->m, (int)index, write_set_op, o);
}

static void write_ledger_op(struct op_writer *o)
{
    if (!o->m->ledger.p) {
        return;
    }
    if (!o->m->target->has_annotations) {
        write_op_object(&o->w, "/metadata/annotations");
    }
    write_op(&o->w, "add", STR("/metadata/annotations/pawl.dev~1applied"), o->m->ledger);
}

static void write_json_patch(const struct move *m, struct buf *out)
{
    struct op_writer o = {.w = json_writer(out), .m = m};
    json_w_array(&o.w);
    write_op(&o.w, "test", STR("/metadata/uid"), m->target->uid);
    write_ledger_op(&o);
    for (size_t i = 0; i < m->target->n_containers; i++) {
        if (container_changes(m, (int)i)) {
            write_container_ops(&o, i);
        }
    }
    write_remove_ops(&o);
    json_w_end(&o.w);
}

/* ---- the patches ---- */

void strategy_patch(const struct move *m, struct patch *out)
{
    bool built_in = workload_kind_info(m->target->kind)->built_in;
    out->body = BUF_INIT(PATCH_MAX);
    if (built_in) {
        out->type = KUBE_PATCH_STRATEGIC;
        write_merge(m, &out->body);
    } else if (m->strategy == RELOAD_ANNOTATIONS) {
        out->type = KUBE_PATCH_MERGE;
        write_merge(m, &out->body);
    } else {
        out->type = KUBE_PATCH_JSON;
        write_json_patch(m, &out->body);
    }
}

/* The time has whole seconds: a second restart within one would be none. */
static ns_t restart_time(const struct move *m)
{
    ns_t last = m->target->restart_at;
    bool just_now = last > m->now - NS_S && last < m->now + NS_MIN;
    return just_now ? last + NS_S : m->now;
}

void strategy_patch_restart_at(const struct move *m, struct patch *out)
{
    char now[RFC3339_SIZE];
    out->type = KUBE_PATCH_MERGE;
    out->body = BUF_INIT(PATCH_MAX);
    struct json_writer w = json_writer(&out->body);
    json_w_object(&w);
    write_metadata(&w, m);
    json_w_key(&w, "spec");
    json_w_object(&w);
    json_w_strings(&w, "restartAt", rfc3339_format(restart_time(m), now), NULL);
    json_w_end(&w);
    json_w_end(&w);
}

void strategy_patch_ledger(const struct workload *w, struct str ledger, struct patch *out)
{
    struct move m = {.target = w, .ledger = ledger};
    out->type = KUBE_PATCH_MERGE;
    out->body = BUF_INIT(PATCH_MAX);
    struct json_writer writer = json_writer(&out->body);
    json_w_object(&writer);
    write_metadata(&writer, &m);
    json_w_end(&writer);
}

/* ---- the same in an object ---- */

struct applier {
    struct arena *a;
    struct json *env;
};

static struct json *find_env(struct json *env, struct str name, size_t *index)
{
    for (size_t i = 0; i < json_len(env); i++) {
        if (str_eq(json_str(json_get(json_at(env, i), "name")), name)) {
            *index = i;
            return json_at(env, i);
        }
    }
    return NULL;
}

static void apply_variable(void *arg, int container, struct str name, const char *value)
{
    struct applier *p = arg;
    size_t index = 0;
    struct json *item = find_env(p->env, name, &index);
    (void)container;
    if (!value) {
        if (item) {
            json_del_at(p->env, index);
        }
        return;
    }
    if (!item) {
        item = json_new_object(p->a);
        json_set_str(p->a, item, "name", name);
        json_push(p->a, p->env, item);
    }
    json_set_str(p->a, item, "value", str_c(value));
}

static void apply_variables(const struct move *m, struct arena *a, struct json *pod_template)
{
    const struct json *containers = json_find(pod_template, "spec.containers");
    for (size_t i = 0; i < m->target->n_containers && i < json_len(containers); i++) {
        struct json *container = json_at(containers, i);
        if (!json_is(container, JSON_OBJECT) || !container_changes(m, (int)i)) {
            continue;
        }
        struct applier p = {.a = a, .env = json_get(container, "env")};
        if (!json_is(p.env, JSON_ARRAY)) {
            p.env = json_set(a, container, STR("env"), json_new_array(a));
        }
        each_change(m, (int)i, apply_variable, &p);
    }
}

void strategy_apply(const struct move *m, struct arena *a, struct json *pod_template)
{
    apply_variables(m, a, pod_template);
    if (m->strategy == RELOAD_ANNOTATIONS) {
        AUTO(buf_done) struct buf value = BUF_INIT(VALUE_MAX);
        strategy_last_reloaded(&value, m->target, &m->causes[m->n_causes - 1], m->now);
        struct json *annotations = json_edit(a, pod_template, "metadata.annotations");
        if (annotations) {
            json_set_str(a, annotations, RELOAD_LAST_RELOADED_FROM, buf_str(&value));
        }
    }
}
