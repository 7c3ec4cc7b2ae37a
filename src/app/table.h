/* SPDX-License-Identifier: Apache-2.0
 *
 * table: what `-o table` prints: columns as wide as their widest cell, two blanks between them, a
 * head in capitals. A column without any content is left out.
 *
 *     static const char *const heads[] = {"NAMESPACE", "NAME"};
 *     struct table t = table_new(heads, COUNT_OF(heads));
 *     table_cell(&t, "%s", ns); table_cell(&t, "%s", name);      row by row
 *     table_write(&t, &out);
 *     table_done(&t);
 */
#ifndef PAWL_APP_TABLE_H
#define PAWL_APP_TABLE_H

#include "base/buf.h"
#include "base/vec.h"

struct table {
    const char *const *heads; /* borrowed */
    size_t columns;
    VEC(char *) cells;
};

struct table table_new(const char *const *heads, size_t columns);
/* The next cell, from left to right. Line ends and other control characters become blanks. */
void table_cell(struct table *t, const char *fmt, ...) PRINTF(2, 3);
/* The same in a text that is no cell: what others wrote must not command the terminal. */
void table_clean(struct buf *text);
/* Nothing at all without a row. */
void table_write(const struct table *t, struct buf *out);
void table_done(struct table *t);

#endif
