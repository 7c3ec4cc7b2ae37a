/* SPDX-License-Identifier: Apache-2.0 */
#include "sync/selector.h"

static const struct {
    const char *name;
    enum selector_operator op;
    bool values;
} OPERATORS[] = {
    {"In", SELECT_IN, true},
    {"NotIn", SELECT_NOT_IN, true},
    {"Exists", SELECT_EXISTS, false},
    {"DoesNotExist", SELECT_NOT_EXISTS, false},
};

static int parse_expression(struct arena *a, const struct json *json,
                            struct selector_expression *out, struct err **err)
{
    struct str name = json_str(json_get(json, "operator"));
    const struct json *values = json_get(json, "values");
    *out = (struct selector_expression){.key = json_str(json_get(json, "key"))};
    out->n_values = json_is(values, JSON_ARRAY) ? json_len(values) : 0;
    out->values = arena_array(a, struct str, out->n_values);
    for (size_t i = 0; i < out->n_values; i++) {
        out->values[i] = json_str(json_at(values, i));
    }
    for (size_t i = 0; i < COUNT_OF(OPERATORS); i++) {
        if (!str_eq_c(name, OPERATORS[i].name)) {
            continue;
        }
        if (OPERATORS[i].values != (out->n_values > 0)) {
            return err_set(err, ERR_INVALID, "label selector: operator %s %s values",
                           OPERATORS[i].name, OPERATORS[i].values ? "needs" : "takes no");
        }
        out->op = OPERATORS[i].op;
        return 0;
    }
    return err_set(err, ERR_INVALID,
                   "label selector: \"%.*s\" is not one of In, NotIn, Exists, DoesNotExist",
                   STR_ARG(str_head(name, 64)));
}

int selector_parse(struct arena *a, const struct json *json, struct selector *out, struct err **err)
{
    const struct json *expressions = json_get(json, "matchExpressions");
    struct selector s = {.labels = kvs_from_json(a, json_get(json, "matchLabels"))};
    s.n_expressions = json_is(expressions, JSON_ARRAY) ? json_len(expressions) : 0;
    s.expressions = arena_array(a, struct selector_expression, s.n_expressions);
    for (size_t i = 0; i < s.n_expressions; i++) {
        if (parse_expression(a, json_at(expressions, i), &s.expressions[i], err) < 0) {
            return -1;
        }
    }
    *out = s;
    return 0;
}

static bool expression_matches(const struct selector_expression *e, const struct kvs *labels)
{
    const struct kv *label = kvs_find(labels, e->key);
    bool listed = false;
    for (size_t i = 0; label && i < e->n_values; i++) {
        listed = listed || str_eq(e->values[i], label->value);
    }
    switch (e->op) {
    case SELECT_IN:
        return listed;
    case SELECT_NOT_IN:
        return !listed;
    case SELECT_EXISTS:
        return label != NULL;
    case SELECT_NOT_EXISTS:
        return label == NULL;
    }
    return false;
}

bool selector_matches(const struct selector *s, const struct kvs *labels)
{
    for (size_t i = 0; i < s->labels.n; i++) {
        const struct kv *label = kvs_find(labels, s->labels.v[i].key);
        if (!label || !str_eq(label->value, s->labels.v[i].value)) {
            return false;
        }
    }
    for (size_t i = 0; i < s->n_expressions; i++) {
        if (!expression_matches(&s->expressions[i], labels)) {
            return false;
        }
    }
    return true;
}
