/* SPDX-License-Identifier: Apache-2.0 */
#include "sync/namespace_rules.h"

#include "codec/regex.h"

bool namespace_rules_need_labels(const struct store_spec *spec)
{
    for (size_t i = 0; i < spec->n_conditions; i++) {
        if (spec->conditions[i].has_selector) {
            return true;
        }
    }
    return false;
}

static int bad_regex(size_t regex, size_t condition, struct err **err)
{
    return err_wrap(err, "failed to compile %zuth namespace regex in %zuth condition", regex,
                    condition);
}

static int matches_regex(const struct store_condition *c, size_t condition, struct str ns,
                         bool *match, struct err **err)
{
    for (size_t i = 0; i < c->n_regexes; i++) {
        AUTO(regex_freep) struct regex *regex = regex_new(c->regexes[i], err);
        if (!regex) {
            return bad_regex(i, condition, err);
        }
        *match = *match || regex_match(regex, ns);
    }
    return 0;
}

static bool matches_name(const struct store_condition *c, struct str ns)
{
    for (size_t i = 0; i < c->n_namespaces; i++) {
        if (str_eq(c->namespaces[i], ns)) {
            return true;
        }
    }
    return false;
}

int namespace_rules_allow(const struct store_spec *spec, struct str ns, const struct kvs *labels,
                          bool *allowed, struct err **err)
{
    bool match = spec->n_conditions == 0;
    for (size_t i = 0; i < spec->n_conditions && !match; i++) {
        const struct store_condition *c = &spec->conditions[i];
        match = matches_name(c, ns) ||
                (c->has_selector && labels && selector_matches(&c->selector, labels));
        if (!match && matches_regex(c, i, ns, &match, err) < 0) {
            return -1;
        }
    }
    *allowed = match;
    return 0;
}

int namespace_rules_check(const struct store_spec *spec, struct err **err)
{
    bool match = false;
    for (size_t i = 0; i < spec->n_conditions; i++) {
        if (matches_regex(&spec->conditions[i], i, STR_EMPTY, &match, err) < 0) {
            return -1;
        }
    }
    return 0;
}
