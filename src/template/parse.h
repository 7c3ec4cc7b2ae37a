/* SPDX-License-Identifier: Apache-2.0
 *
 * parse: from the text of a template to its units. See template/node.h for what comes out.
 */
#ifndef PAWL_TEMPLATE_PARSE_H
#define PAWL_TEMPLATE_PARSE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "template/node.h"
#include "template/template.h"

struct template
{
    struct arena arena;
    struct str name;
    struct str text;
    bool missing_key_error;
    const struct unit *main;
    VEC(struct unit *) units;
};

/* Fills t->units and t->main. Errors have the shape "template: NAME:LINE: text". */
int parse(struct template *t, const struct template_options *options, struct err **err) MUST_USE;
/* NULL if no unit has this name. */
struct unit *template_unit(const struct template *t, struct str name);

#endif
