/* SPDX-License-Identifier: Apache-2.0
 *
 * A block is found from its end: the first END line, and the last BEGIN line before it.
 */
#include "codec/pem.h"

#include "base/encode.h"

enum { LINE = 64 };

#define BEGIN  STR("-----BEGIN ")
#define END    STR("\n-----END ")
#define DASHES STR("-----")

static struct str trim_blanks(struct str s)
{
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) {
        s = str_head(s, s.n - 1);
    }
    return s;
}

/* The line without its end and trailing blanks. */
static struct str take_line(struct str *s)
{
    ptrdiff_t newline = str_find_byte(*s, '\n');
    struct str line = newline < 0 ? *s : str_head(*s, (size_t)newline);
    *s = newline < 0 ? str_from(*s, s->n) : str_from(*s, (size_t)newline + 1);
    if (newline > 0 && line.p[line.n - 1] == '\r') {
        line = str_head(line, line.n - 1);
    }
    return trim_blanks(line);
}

static ptrdiff_t find_last(struct str s, struct str needle)
{
    for (size_t i = s.n; i-- > 0;) {
        if (s.p[i] == needle.p[0] && str_starts(str_from(s, i), needle)) {
            return (ptrdiff_t)i;
        }
    }
    return -1;
}

/* A header that comes again replaces the first. */
static bool set_header(struct pem_block *out, struct str name, struct str value)
{
    size_t i = 0;
    while (i < out->n_headers && !str_eq(out->headers[i].name, name)) {
        i++;
    }
    if (i == PEM_HEADERS_MAX) {
        return false;
    }
    out->headers[i] = (struct pem_header){name, value};
    out->n_headers = i == out->n_headers ? i + 1 : out->n_headers;
    return true;
}

static bool take_headers(struct str *s, struct pem_block *out)
{
    for (;;) {
        if (s->n == 0) {
            return false;
        }
        struct str after = *s;
        struct str line = take_line(&after);
        ptrdiff_t colon = str_find_byte(line, ':');
        if (colon < 0) {
            return true;
        }
        if (!set_header(out, str_trim(str_head(line, (size_t)colon)),
                        str_trim(str_from(line, (size_t)colon + 1)))) {
            return false;
        }
        *s = after;
    }
}

static bool decode_body(struct arena *a, struct str body, struct str *der)
{
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(body.n);
    for (size_t i = 0; i < body.n; i++) {
        if (body.p[i] != ' ' && body.p[i] != '\t') {
            buf_add_byte(&text, body.p[i]);
        }
    }
    AUTO(buf_done) struct buf bytes = BUF_INIT_WIPE(base64_decoded_max(text.n));
    if (base64_decode(&bytes, buf_str(&text), BASE64_STD, NULL) != 0) {
        return false;
    }
    *der = arena_str(a, buf_str(&bytes));
    return true;
}

/* One candidate: `inside` is what follows "-----BEGIN ", `end` the offset of the newline before
 * "-----END " in it. *rest is what follows the END line. */
static bool read_block(struct arena *a, struct str inside, size_t end, struct pem_block *out,
                       struct str *rest)
{
    struct str s = inside;
    struct str first = take_line(&s);
    if (!str_ends(first, DASHES)) {
        return false;
    }
    *out = (struct pem_block){.type = str_head(first, first.n - DASHES.n)};
    if (!take_headers(&s, out)) {
        return false;
    }
    size_t consumed = inside.n - s.n;
    if (out->n_headers > 0 && consumed > end) {
        return false;
    }
    struct str trailer = str_from(inside, end + END.n);
    if (!str_starts(trailer, out->type) || !str_starts(str_from(trailer, out->type.n), DASHES)) {
        return false;
    }
    struct str after = str_from(trailer, out->type.n + DASHES.n);
    if (take_line(&after).n != 0) {
        return false;
    }
    struct str body = consumed < end ? str_sub(inside, consumed, end) : STR_EMPTY;
    if (!decode_body(a, body, &out->der)) {
        return false;
    }
    *rest = after;
    return true;
}

bool pem_next(struct arena *a, struct str *rest, struct pem_block *out)
{
    struct str s = *rest;
    for (ptrdiff_t end; (end = str_find(s, END)) >= 0; s = str_from(s, (size_t)end + END.n)) {
        ptrdiff_t begin = find_last(str_head(s, (size_t)end), BEGIN);
        if (begin < 0 || (begin > 0 && s.p[begin - 1] != '\n')) {
            continue;
        }
        struct str inside = str_from(s, (size_t)begin + BEGIN.n);
        if (read_block(a, inside, (size_t)end - (size_t)begin - BEGIN.n, out, rest)) {
            return true;
        }
    }
    return false;
}

/* ---- writing ---- */

static void write_header(struct buf *out, const struct pem_header *h)
{
    buf_addf(out, "%.*s: %.*s\n", STR_ARG(h->name), STR_ARG(h->value));
}

/* Proc-Type first, the others sorted. */
static void write_headers(struct buf *out, const struct pem_block *block)
{
    bool written[PEM_HEADERS_MAX] = {false};
    for (size_t i = 0; i < block->n_headers; i++) {
        if (str_eq(block->headers[i].name, STR("Proc-Type"))) {
            write_header(out, &block->headers[i]);
            written[i] = true;
        }
    }
    for (;;) {
        size_t best = block->n_headers;
        for (size_t i = 0; i < block->n_headers; i++) {
            if (!written[i] && (best == block->n_headers ||
                                str_cmp(block->headers[i].name, block->headers[best].name) < 0)) {
                best = i;
            }
        }
        if (best == block->n_headers) {
            break;
        }
        write_header(out, &block->headers[best]);
        written[best] = true;
    }
    buf_add_byte(out, '\n');
}

void pem_write_block(struct buf *out, const struct pem_block *block)
{
    buf_addf(out, "-----BEGIN %.*s-----\n", STR_ARG(block->type));
    if (block->n_headers > 0) {
        write_headers(out, block);
    }
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(base64_encoded_size(block->der.n, BASE64_STD));
    base64_encode(&text, block->der, BASE64_STD);
    for (struct str s = buf_str(&text); s.n > 0; s = str_from(s, LINE)) {
        buf_add_str(out, str_head(s, LINE));
        buf_add_byte(out, '\n');
    }
    buf_addf(out, "-----END %.*s-----\n", STR_ARG(block->type));
}

void pem_write(struct buf *out, const char *type, struct str der)
{
    const struct pem_block block = {.type = str_c(type), .der = der};
    pem_write_block(out, &block);
}
