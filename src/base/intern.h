/* SPDX-License-Identifier: Apache-2.0
 *
 * intern: one copy of each of the strings that thousands of objects share (namespaces, kinds).
 *
 * Two equal strings give the same pointer, so that they can be compared as pointers. Copies are
 * counted: each intern and intern_ref needs one intern_unref. Loop thread only.
 */
#ifndef PAWL_BASE_INTERN_H
#define PAWL_BASE_INTERN_H

#include "base/str.h"

/* The copy, terminated by a NUL. */
const char *intern(struct str s) MUST_USE;
const char *intern_ref(const char *interned) MUST_USE;
/* NULL is fine. */
void intern_unref(const char *interned);
/* The length needs no search. NULL gives the empty view. */
struct str intern_str(const char *interned);
/* Strings held now, for tests. */
size_t intern_count(void);

#endif
