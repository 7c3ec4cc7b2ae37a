/* SPDX-License-Identifier: Apache-2.0
 *
 * store: the emulator's data in one SQLite file, and short ways to ask it.
 *
 * Every request is one transaction. A failure of the database (disk full, a damaged file) is
 * remembered: later statements of that transaction do nothing and give no rows, and store_commit
 * returns the first error and rolls back. So handlers read and write without a check after each
 * line, and nothing is answered before the commit has reached the disk (synchronous=FULL): what got
 * a 200 survives `kill -9` and a power cut.
 *
 * The file is locked for this process alone; a second emulator on the same folder fails at start.
 * Loop thread only.
 */
#ifndef PAWL_EMULATOR_STORE_H
#define PAWL_EMULATOR_STORE_H

#include "base/arena.h"
#include "base/err.h"

struct store;
struct sql; /* one statement, prepared once and kept */

/* path NULL: in memory. Creates the file (mode 0600) and its tables where they are missing. */
struct store *store_open(const char *path, struct err **err) MUST_USE;
void store_close(struct store *s);

void store_begin(struct store *s);
int store_commit(struct store *s, struct err **err) MUST_USE;
void store_rollback(struct store *s);
bool store_in_transaction(const struct store *s);

/* The statement for this text, ready for its parameters. text must be a literal (it is the key of
 * the cache). Only one use of a statement at a time. */
struct sql *store_sql(struct store *s, const char *text);
/* Parameters, in order. The bytes must live until the last sql_row or sql_run. */
void sql_str(struct sql *q, struct str v); /* as text */
void sql_c(struct sql *q, const char *v);
void sql_blob(struct sql *q, struct str v);
void sql_int(struct sql *q, int64_t v);
void sql_null(struct sql *q);
/* The next row; false when there is none (the statement is free again then). */
bool sql_row(struct sql *q);
/* To stop before the last row. */
void sql_end(struct sql *q);
/* For statements without rows. Returns how many rows it changed. */
int64_t sql_run(struct sql *q);
/* Exactly one row or none: like sql_row, but the columns must be read before the next sql_end. */
int64_t sql_col_int(const struct sql *q, int column);
bool sql_col_is_null(const struct sql *q, int column);
/* Copied into the arena; the empty view for NULL. */
struct str sql_col_str(const struct sql *q, int column, struct arena *a);
int64_t store_last_id(const struct store *s);

#endif
