/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps that make the Secret: fetching the ConfigMaps and Secrets that templates are kept in,
 * rendering, and building. Building is repeated when the Secret turns out to be another one than
 * the cache said; what was fetched stays.
 */
#define LOGGER "controllers.ExternalSecret"

#include "sync/engine.h"

#include "base/encode.h"
#include "sync/render.h"
#include "sync/validate.h"

/* ---- sources ---- */

static enum step update_failed(struct es_pass *p, struct err *err)
{
    if (p->existing) {
        err_wrap(&err, "unable to mutate secret %.*s", STR_ARG(p->target_name));
    }
    return es_pass_settle(p, OUT_UPDATE, err);
}

static int decode_secret(struct arena *a, const struct json *object, struct kvs *out,
                         struct err **err)
{
    struct target t;
    if (target_parse(a, json_clone(a, object), &t, err) < 0) {
        return -1;
    }
    *out = t.data;
    return 0;
}

static void source_read(void *arg, const struct json *object, const struct err *failure)
{
    struct pass_source *source = arg;
    struct es_pass *p = source->pass;
    struct err *err = err_copy(failure);
    source->call = NULL;
    if (!failure && source->secret) {
        (void)decode_secret(&p->arena, object, source->data, &err);
    } else if (!failure) {
        *source->data = kvs_from_json(&p->arena, json_clone(&p->arena, json_get(object, "data")));
    }
    if (err && !p->source_err) {
        p->source_err = err;
    } else {
        err_free(err);
    }
    if (--p->waiting) {
        return;
    }
    if (p->source_err) {
        struct err *first = TAKE(p->source_err);
        err_wrap(&first, "could not apply template: error fetching templateFrom data");
        es_pass_go(p, update_failed(p, first));
        return;
    }
    es_pass_go(p, STEP_BUILD);
}

static void fetch(struct es_pass *p, const struct template_object *object, bool secret,
                  struct kvs *into)
{
    *into = KVS_INIT(&p->arena);
    if (!object->name.n) {
        return;
    }
    struct pass_source *source = &p->sources[p->n_sources++];
    *source = (struct pass_source){.pass = p, .secret = secret, .data = into};
    p->waiting++;
    source->call = live_get(p->sync->live, resource_of(secret ? RES_SECRETS : RES_CONFIGMAPS),
                            p->es.ns, object->name, 0, source_read, source);
}

enum step es_step_sources(struct es_pass *p)
{
    const struct es_template *t = p->spec->template;
    if (!t || !target_needs_values(p->spec, p->existing) || p->spec->creation == CREATE_NONE) {
        return STEP_BUILD;
    }
    p->sources = arena_array(&p->arena, struct pass_source, t->n_from * 2);
    p->source_data = arena_array(&p->arena, struct render_source, t->n_from);
    p->waiting = 0;
    for (size_t i = 0; i < t->n_from; i++) {
        fetch(p, &t->from[i].config_map, false, &p->source_data[i].config_map);
        fetch(p, &t->from[i].secret, true, &p->source_data[i].secret);
    }
    return p->waiting ? STEP_WAIT : STEP_BUILD;
}

/* ---- build ---- */

static enum outcome outcome_of(enum target_failure why)
{
    static const enum outcome OUTCOMES[] = {
        [TARGET_OK] = OUT_UPDATE,
        [TARGET_OWNED_BY_OTHER_ES] = OUT_OTHER_ES,
        [TARGET_FOREIGN_CONTROLLER] = OUT_OWNERSHIP,
        [TARGET_IMMUTABLE] = OUT_IMMUTABLE,
        [TARGET_FAILED] = OUT_UPDATE,
    };
    return OUTCOMES[why];
}

static int make(struct es_pass *p, enum target_failure *why, struct err **err)
{
    struct target_owner owner = {
        .ns = p->es.ns,
        .name = p->es.name,
        .uid = p->es.uid,
        .labels = p->es.labels,
        .annotations = p->es.annotations,
    };
    struct apply_options options = {
        .left = p->sync->options.left_delimiter,
        .right = p->sync->options.right_delimiter,
        .cache = p->sync->templates,
    };
    struct rendered rendered;
    bool render = p->spec->template && target_needs_values(p->spec, p->existing);
    *why = TARGET_FAILED;
    if (render && (es_template_validate(p->spec->template, err) < 0 ||
                   render_template(&p->arena, p->spec->template, &p->result.values, p->source_data,
                                   &options, &rendered, err) < 0)) {
        return -1;
    }
    return target_build(&p->arena, &owner, p->spec, p->existing, &p->result.values,
                        render ? &rendered : NULL, &p->want, why, err);
}

enum step es_step_build(struct es_pass *p)
{
    if (p->spec->creation == CREATE_NONE) {
        return es_pass_settle(p, OUT_SYNCED, NULL);
    }
    bool merge = p->spec->creation == CREATE_MERGE;
    if (!p->existing && merge) {
        return p->existing_is_live ? es_pass_settle(p, OUT_MISSING, NULL) : es_pass_read_secret(p);
    }
    if (p->existing && target_needs_data(p->spec, p->existing) && !p->existing->has_data) {
        return es_pass_read_secret(p);
    }
    struct err *err = NULL;
    enum target_failure why;
    if (make(p, &why, &err) == 0) {
        return STEP_ORPHANS;
    }
    render_redact(err);
    enum outcome outcome = outcome_of(why);
    return outcome == OUT_UPDATE ? update_failed(p, err) : es_pass_settle(p, outcome, err);
}
