/* SPDX-License-Identifier: Apache-2.0
 *
 * An ExternalSecret rendered without a cluster and without a vault: the same plan, rewriting,
 * templates and building as in a pass, with values from the caller.
 */
#include "sync/sync.h"

#include "codec/regex.h"
#include "sync/plan.h"
#include "sync/render.h"
#include "sync/rewrite.h"
#include "sync/validate.h"

enum { SECRET_MAX = 8 << 20 };

struct offline {
    struct arena *arena;
    const struct kvs *values;
    const struct json *objects;
    struct apply_options templates;
    struct es_spec *spec;
    struct plan plan;
    struct plan_result result;
};

/* ---- values ---- */

static const struct kv *given(struct offline *o, const struct plan_item *item)
{
    static const char *const PREFIXES[] = {
        [VAULT_SECRET] = "secret/",
        [VAULT_CERTIFICATE] = "cert/",
        [VAULT_KEY] = "key/",
    };
    struct str full = arena_printf(o->arena, "%s%.*s", PREFIXES[item->object], STR_ARG(item->name));
    const struct kv *value = kvs_find(o->values, full);
    return value || item->object != VAULT_SECRET ? value : kvs_find(o->values, item->name);
}

static void fill_items(struct offline *o)
{
    for (size_t i = 0; i < o->plan.items.n; i++) {
        struct plan_item *item = &o->plan.items.v[i];
        if (item->state != PLAN_PENDING) {
            continue;
        }
        const struct kv *value = given(o, item);
        item->state = value ? PLAN_FOUND : PLAN_MISSING;
        if (value) {
            item->value = value->value;
        } else {
            err_set(&item->err, ERR_NOT_FOUND, "no value is given for \"%.*s\"",
                    STR_ARG(item->name));
        }
    }
}

static int fill_find(struct offline *o, size_t index, struct err **err)
{
    struct plan_find *find = &o->plan.finds.v[index];
    const struct es_data_from *from = &o->spec->data_from[find->entry];
    AUTO(regex_freep) struct regex *regex = NULL;
    if (from->find_regexp.n) {
        regex = regex_new(from->find_regexp, err);
        if (!regex) {
            return err_wrap(err, "spec.dataFrom[%zu].find.name.regexp", find->entry);
        }
    }
    for (size_t i = 0; i < o->values->n; i++) {
        struct str name = o->values->v[i].key;
        if (str_find_byte(name, '/') < 0 && (!regex || regex_match(regex, name))) {
            plan_add_match(&o->plan, index, name);
        }
    }
    o->plan.finds.v[index].state = PLAN_FOUND;
    return 0;
}

static int collect(struct offline *o, struct err **err)
{
    for (size_t i = 0; i < o->plan.finds.n; i++) {
        if (fill_find(o, i, err) < 0) {
            return -1;
        }
    }
    fill_items(o);
    return plan_values(&o->plan, rewrite_values, &o->result, err);
}

/* ---- templates ---- */

static const struct json *find_object(const struct json *objects, const char *kind, struct str name)
{
    for (size_t i = 0; i < json_len(objects); i++) {
        const struct json *object = json_at(objects, i);
        if (str_eq_c(json_str(json_get(object, "kind")), kind) &&
            str_eq(json_find_str(object, "metadata.name"), name)) {
            return object;
        }
    }
    return NULL;
}

static int source(struct offline *o, const char *kind, struct str name, struct kvs *out,
                  struct err **err)
{
    *out = KVS_INIT(o->arena);
    if (!name.n) {
        return 0;
    }
    const struct json *object = find_object(o->objects, kind, name);
    if (!object) {
        return err_set(err, ERR_NOT_FOUND, "%s \"%.*s\" of templateFrom is not given", kind,
                       STR_ARG(name));
    }
    if (str_eq_c(str_c(kind), "ConfigMap")) {
        *out = kvs_from_json(o->arena, json_get(object, "data"));
        return 0;
    }
    struct target t;
    if (target_parse(o->arena, object, &t, err) < 0) {
        return -1;
    }
    *out = t.data;
    struct kvs plain = kvs_from_json(o->arena, json_get(object, "stringData"));
    kvs_merge(out, &plain);
    return 0;
}

static int render(struct offline *o, struct rendered *out, struct err **err)
{
    const struct es_template *t = o->spec->template;
    struct render_source *sources = arena_array(o->arena, struct render_source, t->n_from);
    for (size_t i = 0; i < t->n_from; i++) {
        if (source(o, "ConfigMap", t->from[i].config_map.name, &sources[i].config_map, err) < 0 ||
            source(o, "Secret", t->from[i].secret.name, &sources[i].secret, err) < 0) {
            return -1;
        }
    }
    return render_template(o->arena, t, &o->result.values, sources, &o->templates, out, err);
}

/* ---- the Secret ---- */

static struct json *build(struct offline *o, const struct json *es, struct err **err)
{
    const struct json *meta = json_get(es, "metadata");
    struct target_owner owner = {
        .ns = json_str(json_get(meta, "namespace")),
        .name = json_str(json_get(meta, "name")),
        .labels = kvs_from_json(o->arena, json_get(meta, "labels")),
        .annotations = kvs_from_json(o->arena, json_get(meta, "annotations")),
    };
    struct rendered rendered;
    struct target t;
    enum target_failure why;
    if (o->spec->template &&
        (es_template_validate(o->spec->template, err) < 0 || render(o, &rendered, err) < 0)) {
        return NULL;
    }
    if (target_build(o->arena, &owner, o->spec, NULL, &o->result.values,
                     o->spec->template ? &rendered : NULL, &t, &why, err) < 0) {
        return NULL;
    }
    t.owners = NULL; /* it has no uid */
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(SECRET_MAX);
    target_write(&b, &t);
    return json_parse(o->arena, buf_str(&b), JSON_COPY, err);
}

struct json *sync_render(struct arena *a, const struct json *external_secret,
                         const struct kvs *values, const struct json *objects,
                         const struct apply_options *templates, struct err **err)
{
    struct offline o = {.arena = a, .values = values, .objects = objects};
    if (templates) {
        o.templates = *templates;
    }
    o.spec = es_spec_parse(a, json_get(external_secret, "spec"), err);
    if (!o.spec || es_spec_validate(o.spec, err) < 0) {
        return NULL;
    }
    plan_make(&o.plan, a, o.spec);
    struct json *secret = collect(&o, err) < 0 ? NULL : build(&o, external_secret, err);
    plan_result_done(&o.result);
    plan_done(&o.plan);
    return secret;
}
