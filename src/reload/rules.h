/* SPDX-License-Identifier: Apache-2.0
 *
 * rules: what the annotations of a workload say about when it moves, worked out once per version of
 * the workload, and the decision for one changed source.
 *
 * For each type of source the four keys "list", "search", "auto" and "typed auto" are taken from
 * the workload's own annotations if at least one of the four is present there, whatever its value,
 * else all four from the pod template's. Exclude lists count only on the workload.
 *
 * The decision, first hit wins:
 *     ignore on the source                                  no
 *     name in the exclude list                              no
 *     a pattern of the list matches the name                yes, whether referenced or not
 *     search here and match on the source                   yes, if referenced
 *     auto or typed auto                                    yes, if referenced
 *     --auto-reload-all and neither of the two has a value  yes, if referenced
 *     otherwise                                             no
 *
 * Patterns are separated by commas, trimmed, RE2 syntax, and must match the whole name. Pure.
 */
#ifndef PAWL_RELOAD_RULES_H
#define PAWL_RELOAD_RULES_H

#include "codec/json.h"
#include "reload/options.h"

enum rule_step {
    STEP_NONE,
    STEP_IGNORED,  /* the source carries ignore */
    STEP_EXCLUDED, /* the workload excludes the name */
    STEP_LISTED,   /* from here on: yes */
    STEP_SEARCH,
    STEP_AUTO,
    STEP_AUTO_TYPED,
    STEP_AUTO_ALL,
};

struct regex;
struct pattern {
    struct str text;
    enum { PATTERN_NAME, PATTERN_DOTS, PATTERN_REGEX } kind; /* exact; '.' is any byte; RE2 */
    struct regex *regex;
};

struct bad_pattern {
    struct str text;
    struct str problem;
};

struct rule {
    bool from_template; /* where list, search and the autos come from */
    bool search;
    bool auto_any;
    bool auto_typed;
    bool auto_unset; /* both autos are absent or empty: --auto-reload-all applies */
    const struct pattern *list;
    size_t n_list;
    const struct str *exclude;
    size_t n_exclude;
};

struct rules {
    struct rule by_type[SOURCE_TYPES];
    const struct bad_pattern *bad; /* left out of the lists; to be logged */
    size_t n_bad;
};

/* What a source says about itself. */
struct source_marks {
    bool ignore;
    bool match;
};

/* Annotations as JSON objects, NULL for none. Everything kept is in the arena, except the regexes,
 * which rules_done frees. */
void rules_parse(struct arena *a, const struct reload_keys *keys, const struct json *workload,
                 const struct json *pod_template, struct rules *out);
void rules_done(struct rules *r);

struct source_marks rules_marks(const struct reload_keys *keys, const struct json *annotations);

enum rule_step rules_decide(const struct rules *r, enum source_type type, struct str name,
                            struct source_marks marks, bool auto_reload_all);
/* As if the source carried the best marks: could this name move the workload at all? */
enum rule_step rules_could(const struct rules *r, enum source_type type, struct str name,
                           bool auto_reload_all);
static inline bool rule_step_moves(enum rule_step step)
{
    return step >= STEP_LISTED;
}
/* True if some source could move the workload. */
bool rules_active(const struct rules *r, bool auto_reload_all);
/* True if a name that is not known yet may match: the list of this type has more than plain names.
 */
bool rules_open(const struct rules *r, enum source_type type);
/* The key that decided, "" for the steps without one. */
const char *rule_step_key(const struct reload_keys *keys, enum source_type type,
                          enum rule_step step);

#endif
