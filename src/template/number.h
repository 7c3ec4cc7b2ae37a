/* SPDX-License-Identifier: Apache-2.0
 *
 * number: the value of a number or character constant in a template.
 */
#ifndef PAWL_TEMPLATE_NUMBER_H
#define PAWL_TEMPLATE_NUMBER_H

#include "template/node.h"

/* NULL, or what is wrong with it. */
const char *number_parse(struct str text, struct number *out);
bool number_parse_rune(struct str text, struct number *out);

#endif
