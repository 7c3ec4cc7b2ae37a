/* SPDX-License-Identifier: Apache-2.0
 *
 * conditions: the list status.conditions. A condition is replaced only when its status, reason or
 * message changes; lastTransitionTime moves only when the status does. Pure.
 */
#ifndef PAWL_SYNC_CONDITIONS_H
#define PAWL_SYNC_CONDITIONS_H

#include "codec/json.h"

struct condition {
    struct str type;
    struct str status; /* True, False, Unknown */
    struct str reason;
    struct str message;
    struct str transition; /* RFC 3339 */
};

enum { CONDITIONS_MAX = 8 };
struct conditions {
    struct condition v[CONDITIONS_MAX];
    size_t n;
};

/* Views of the document; what is beyond CONDITIONS_MAX is left out. */
struct conditions conditions_parse(const struct json *list);
/* NULL if absent. */
const struct condition *conditions_find(const struct conditions *c, const char *type);
/* Sets one; `now` is RFC 3339 and must live as long as the list. False if nothing changed. */
bool conditions_set(struct conditions *c, const struct condition *want, struct str now);
bool conditions_eq(const struct conditions *a, const struct conditions *b);
struct json *conditions_json(struct arena *a, const struct conditions *c);
/* Copies all texts into the arena. */
struct conditions conditions_copy(struct arena *a, const struct conditions *c);

#endif
