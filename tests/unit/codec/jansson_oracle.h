/* SPDX-License-Identifier: Apache-2.0
 *
 * jansson_oracle: what jansson says. In a file of its own because its names collide with ours.
 */
#ifndef PAWL_TESTS_JANSSON_ORACLE_H
#define PAWL_TESTS_JANSSON_ORACLE_H

#include "base/str.h"

bool jansson_accepts(struct str text);
/* Both are accepted and are the same value. */
bool jansson_same(struct str a, struct str b);

#endif
