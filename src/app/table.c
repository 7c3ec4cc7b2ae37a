/* SPDX-License-Identifier: Apache-2.0 */
#include "app/table.h"

enum { CELL_MAX = 4096, GAP = 2 };

struct table table_new(const char *const *heads, size_t columns)
{
    return (struct table){.heads = heads, .columns = columns};
}

/* Escape sequences begin with a byte below the blank, or with U+0080 to U+009F (the second byte of
 * two in UTF-8). */
static bool is_control(const struct buf *text, size_t i)
{
    unsigned char c = (unsigned char)text->p[i];
    unsigned char next = (unsigned char)text->p[i + 1]; /* the end has a NUL */
    return c < ' ' || c == 0x7f || (c == 0xc2 && next >= 0x80 && next < 0xa0);
}

void table_clean(struct buf *text)
{
    for (size_t i = 0; i < text->n; i++) {
        if (is_control(text, i)) {
            bool two = (unsigned char)text->p[i] == 0xc2;
            text->p[i] = ' ';
            text->p[i + two] = ' ';
        }
    }
}

void table_cell(struct table *t, const char *fmt, ...)
{
    struct buf text = BUF_INIT(CELL_MAX);
    va_list args;
    va_start(args, fmt);
    buf_addv(&text, fmt, args);
    va_end(args);
    table_clean(&text);
    vec_push(&t->cells, buf_take(&text));
}

/* In code points, which is what a terminal shows side by side for all but a few scripts. */
static size_t width(const char *text)
{
    size_t n = 0;
    for (; *text; text++) {
        n += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return n;
}

/* 0: the column is empty. */
static size_t column_width(const struct table *t, size_t column)
{
    size_t widest = 0;
    for (size_t i = column; i < t->cells.n; i += t->columns) {
        widest = MAX(widest, width(t->cells.v[i]));
    }
    return widest > 0 ? MAX(widest, width(t->heads[column])) : 0;
}

static void write_row(const struct table *t, char *const *cells, const size_t *widths,
                      struct buf *out)
{
    size_t blanks = 0;
    for (size_t i = 0; i < t->columns; i++) {
        if (widths[i] > 0) {
            const char *cell = cells ? cells[i] : t->heads[i];
            if (*cell) {
                buf_add_repeat(out, ' ', blanks);
                buf_add_c(out, cell);
                blanks = 0;
            }
            blanks += widths[i] - width(cell) + GAP;
        }
    }
    buf_add_byte(out, '\n');
}

void table_write(const struct table *t, struct buf *out)
{
    AUTO(freep) size_t *widths = xcalloc(t->columns, sizeof(*widths));
    if (t->cells.n == 0) {
        return;
    }
    for (size_t i = 0; i < t->columns; i++) {
        widths[i] = column_width(t, i);
    }
    write_row(t, NULL, widths, out);
    for (size_t i = 0; i + t->columns <= t->cells.n; i += t->columns) {
        write_row(t, &t->cells.v[i], widths, out);
    }
}

void table_done(struct table *t)
{
    for (size_t i = 0; i < t->cells.n; i++) {
        free(t->cells.v[i]);
    }
    vec_done(&t->cells);
}
