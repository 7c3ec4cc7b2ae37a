/* SPDX-License-Identifier: Apache-2.0
 *
 * render: spec.target.template made into labels, annotations and keys, in the order of External
 * Secrets Operator: templateFrom in turn, then data, labels, annotations; later ones win. Pure.
 */
#ifndef PAWL_SYNC_RENDER_H
#define PAWL_SYNC_RENDER_H

#include "sync/spec.h"
#include "sync/target.h"
#include "template/apply.h"

/* The data of the objects that one entry of templateFrom names, as far as it names them. */
struct render_source {
    struct kvs config_map;
    struct kvs secret;
};

/* sources: one for each entry of templateFrom. The text of an error may hold a value: whoever shows
 * it to others than the owner of the values calls render_redact first. */
int render_template(struct arena *a, const struct es_template *t, const struct kvs *values,
                    const struct render_source *sources, const struct apply_options *options,
                    struct rendered *out, struct err **err) MUST_USE;

/* Takes out of the text what a function of a template said about its arguments: it says where it
 * was and, where the reason consists of the template's own words, why. */
void render_redact(struct err *err);

#endif
