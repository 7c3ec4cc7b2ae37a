/* SPDX-License-Identifier: Apache-2.0 */
#include "jansson_oracle.h"

#include <jansson.h>

static json_t *load(struct str text)
{
    json_error_t error;
    return json_loadb(text.p, text.n, JSON_DECODE_ANY, &error);
}

bool jansson_accepts(struct str text)
{
    json_t *j = load(text);
    json_decref(j);
    return j != NULL;
}

bool jansson_same(struct str a, struct str b)
{
    json_t *x = load(a);
    json_t *y = load(b);
    bool same = x && y && json_equal(x, y);
    json_decref(x);
    json_decref(y);
    return same;
}
