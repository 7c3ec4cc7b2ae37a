/* SPDX-License-Identifier: Apache-2.0
 *
 * validate: what the schema cannot say about an ExternalSecret. External Secrets Operator has these
 * rules in its webhook; Pawl has none, stores what it is given and says in the condition what is
 * wrong. Pure.
 */
#ifndef PAWL_SYNC_VALIDATE_H
#define PAWL_SYNC_VALIDATE_H

#include "sync/spec.h"

/* All broken rules in one text, separated by "; ". */
int es_spec_validate(const struct es_spec *spec, struct err **err) MUST_USE;
/* Templates that would make a Secret which the cluster itself takes for a credential. */
int es_template_validate(const struct es_template *template, struct err **err) MUST_USE;

#endif
