/* SPDX-License-Identifier: Apache-2.0 */
#include "sync/conditions.h"

/* The members of a condition, in the order in which they are written. */
static const struct {
    const char *name;
    size_t offset;
} FIELDS[] = {
    {"type", offsetof(struct condition, type)},
    {"status", offsetof(struct condition, status)},
    {"reason", offsetof(struct condition, reason)},
    {"message", offsetof(struct condition, message)},
    {"lastTransitionTime", offsetof(struct condition, transition)},
};

static struct str *field(struct condition *c, size_t i)
{
    return (struct str *)(void *)((char *)c + FIELDS[i].offset);
}

struct conditions conditions_parse(const struct json *list)
{
    struct conditions c = {0};
    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->n && c.n < CONDITIONS_MAX; i++) {
        struct condition *one = &c.v[c.n++];
        for (size_t f = 0; f < COUNT_OF(FIELDS); f++) {
            *field(one, f) = json_str(json_get(json_at(list, i), FIELDS[f].name));
        }
    }
    return c;
}

const struct condition *conditions_find(const struct conditions *c, const char *type)
{
    for (size_t i = 0; i < c->n; i++) {
        if (str_eq_c(c->v[i].type, type)) {
            return &c->v[i];
        }
    }
    return NULL;
}

bool conditions_set(struct conditions *c, const struct condition *want, struct str now)
{
    size_t at = 0;
    while (at < c->n && !str_eq(c->v[at].type, want->type)) {
        at++;
    }
    if (at == CONDITIONS_MAX) {
        return false;
    }
    struct condition *old = &c->v[at];
    bool there = at < c->n;
    bool same_status = there && str_eq(old->status, want->status);
    if (same_status && str_eq(old->reason, want->reason) && str_eq(old->message, want->message)) {
        return false;
    }
    struct str transition = same_status && old->transition.n ? old->transition : now;
    *old = *want;
    old->transition = transition;
    c->n += there ? 0 : 1;
    return true;
}

bool conditions_eq(const struct conditions *a, const struct conditions *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        struct condition left = a->v[i];
        struct condition right = b->v[i];
        for (size_t f = 0; f < COUNT_OF(FIELDS); f++) {
            if (!str_eq(*field(&left, f), *field(&right, f))) {
                return false;
            }
        }
    }
    return true;
}

struct json *conditions_json(struct arena *a, const struct conditions *c)
{
    struct json *list = json_new_array(a);
    for (size_t i = 0; i < c->n; i++) {
        struct condition one = c->v[i];
        struct json *object = json_new_object(a);
        for (size_t f = 0; f < COUNT_OF(FIELDS); f++) {
            if (field(&one, f)->n) {
                json_set_str(a, object, FIELDS[f].name, *field(&one, f));
            }
        }
        json_push(a, list, object);
    }
    return list;
}

struct conditions conditions_copy(struct arena *a, const struct conditions *c)
{
    struct conditions out = *c;
    for (size_t i = 0; i < out.n; i++) {
        for (size_t f = 0; f < COUNT_OF(FIELDS); f++) {
            *field(&out.v[i], f) = arena_str(a, *field(&out.v[i], f));
        }
    }
    return out;
}
