/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http1.h"

#define MAX_CHUNK_OVERHEAD 8192

/* RFC 9110 section 5.6.2. */
static bool is_token_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_token_byte(s.p[i])) {
            return false;
        }
    }
    return s.n > 0;
}

static struct str trim_blanks(struct str s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s = str_from(s, 1);
    }
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) {
        s.n--;
    }
    return s;
}

/* No control characters but the tab; bytes beyond ASCII pass. */
static bool is_field_value(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

size_t http1_head_length(struct str bytes, size_t seen)
{
    size_t from = seen > 3 ? seen - 3 : 0;
    ptrdiff_t at = str_find(str_from(bytes, from), STR("\r\n\r\n"));
    return at < 0 ? 0 : from + (size_t)at + 4;
}

/* "GET /path HTTP/1.1" */
static int parse_request_line(struct str line, struct http1_request *out)
{
    ptrdiff_t first = str_find_byte(line, ' ');
    ptrdiff_t second = first < 0 ? -1 : str_find_byte(str_from(line, (size_t)first + 1), ' ');
    if (second < 1) {
        return 400;
    }
    out->method = str_head(line, (size_t)first);
    out->target = str_sub(line, (size_t)first + 1, (size_t)first + 1 + (size_t)second);
    struct str version = str_from(line, (size_t)first + (size_t)second + 2);
    if (!is_token(out->method) || !str_printable(out->target)) {
        return 400;
    }
    if (!str_starts(version, STR("HTTP/")) || version.n != strlen("HTTP/1.1")) {
        return 400;
    }
    if (!str_eq_c(version, "HTTP/1.0") && !str_eq_c(version, "HTTP/1.1")) {
        return 505;
    }
    out->minor = version.p[7] - '0';
    out->keep_alive = out->minor == 1;
    return 0;
}

/* Digits only, no sign, below 2^63. */
static int parse_length(struct str value, uint64_t *out)
{
    if (value.n == 0 || value.n > 18) {
        return 400;
    }
    uint64_t n = 0;
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] < '0' || value.p[i] > '9') {
            return 400;
        }
        n = n * 10 + (uint64_t)(value.p[i] - '0');
    }
    *out = n;
    return 0;
}

static void parse_connection(struct str value, struct http1_request *out)
{
    for (struct str rest = value, part; str_split(&rest, ',', &part);) {
        if (str_ieq(trim_blanks(part), STR("close"))) {
            out->keep_alive = false;
            return; /* wins over keep-alive, RFC 9112 section 9.3 */
        }
        if (str_ieq(trim_blanks(part), STR("keep-alive"))) {
            out->keep_alive = true;
        }
    }
}

/* How often the headers that decide about framing were there. */
struct framing {
    int lengths;
    int codings;
    int hosts;
};

static int note_header(const struct http1_header *h, struct framing *f, struct http1_request *out)
{
    if (str_ieq(h->name, STR("content-length"))) {
        f->lengths++;
        return parse_length(h->value, &out->length);
    }
    if (str_ieq(h->name, STR("transfer-encoding"))) {
        f->codings++;
        out->chunked = str_ieq(h->value, STR("chunked"));
        return out->chunked ? 0 : 501;
    }
    if (str_ieq(h->name, STR("host"))) {
        f->hosts++;
    } else if (str_ieq(h->name, STR("connection"))) {
        parse_connection(h->value, out);
    } else if (str_ieq(h->name, STR("expect"))) {
        out->expect_continue = str_ieq(h->value, STR("100-continue"));
        return out->expect_continue ? 0 : 417;
    }
    return 0;
}

static int parse_header(struct str line, struct http1_header *h)
{
    ptrdiff_t colon = str_find_byte(line, ':');
    if (colon < 1) {
        return 400;
    }
    h->name = str_head(line, (size_t)colon);
    h->value = trim_blanks(str_from(line, (size_t)colon + 1));
    return is_token(h->name) && is_field_value(h->value) ? 0 : 400;
}

/* Cuts the line before the next CRLF; false if there is none. */
static bool next_line(struct str *rest, struct str *line)
{
    ptrdiff_t end = str_find(*rest, STR("\r\n"));
    if (end < 0) {
        return false;
    }
    *line = str_head(*rest, (size_t)end);
    *rest = str_from(*rest, (size_t)end + 2);
    return true;
}

int http1_parse_request(struct str head, struct http1_request *out)
{
    memset(out, 0, sizeof(*out));
    struct framing f = {0};
    struct str line;
    int status = next_line(&head, &line) ? parse_request_line(line, out) : 400;
    while (status == 0) {
        if (!next_line(&head, &line)) {
            return 400;
        }
        if (line.n == 0) {
            break;
        }
        if (out->n_headers == HTTP1_MAX_HEADERS) {
            return 431;
        }
        struct http1_header *h = &out->headers[out->n_headers++];
        status = parse_header(line, h);
        status = status == 0 ? note_header(h, &f, out) : status;
    }
    if (status != 0) {
        return status;
    }
    bool framed = f.lengths + f.codings <= 1 && !(out->chunked && out->minor == 0);
    bool hosted = f.hosts == 1 || (f.hosts == 0 && out->minor == 0);
    return framed && hosted && head.n == 0 ? 0 : 400;
}

struct str http1_header(const struct http1_request *r, const char *name)
{
    for (size_t i = 0; i < r->n_headers; i++) {
        if (str_ieq(r->headers[i].name, str_c(name))) {
            return r->headers[i].value;
        }
    }
    return STR_EMPTY;
}

/* ---- chunks ---- */

enum {
    CHUNK_SIZE, /* hexadecimal digits */
    CHUNK_EXTENSION,
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    TRAILER_START, /* of a line */
    TRAILER,
    TRAILER_LF,
    FINAL_LF,
};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The line "1a2b;extension\r\n" byte by byte. */
static int feed_size(struct http1_chunks *c, char byte)
{
    int value = hex_value(byte);
    if (c->state == CHUNK_SIZE && value >= 0) {
        c->left = c->left * 16 + (uint64_t)value;
        return ++c->digits <= 12 ? 0 : 400;
    }
    if (c->digits == 0 || byte == '\n') {
        return 400;
    }
    if (byte == '\r') {
        c->state = CHUNK_SIZE_LF;
        return 0;
    }
    if (c->state == CHUNK_SIZE && byte != ';' && byte != ' ' && byte != '\t') {
        return 400;
    }
    c->state = CHUNK_EXTENSION;
    return ++c->overhead <= MAX_CHUNK_OVERHEAD ? 0 : 400;
}

/* Trailers are read over: nobody needs them, and they come after all decisions have been made. */
static int feed_trailer(struct http1_chunks *c, char byte)
{
    if (byte == '\n') {
        return 400;
    }
    if (byte == '\r') {
        c->state = c->state == TRAILER_START ? FINAL_LF : TRAILER_LF;
        return 0;
    }
    c->state = TRAILER;
    return ++c->overhead <= MAX_CHUNK_OVERHEAD ? 0 : 400;
}

static int expect_byte(struct http1_chunks *c, char byte, char wanted, int next)
{
    c->state = next;
    return byte == wanted ? 0 : 400;
}

static int feed_byte(struct http1_chunks *c, char byte)
{
    switch (c->state) {
    case CHUNK_SIZE:
    case CHUNK_EXTENSION:
        return feed_size(c, byte);
    case CHUNK_SIZE_LF:
        return expect_byte(c, byte, '\n', c->left > 0 ? CHUNK_DATA : TRAILER_START);
    case CHUNK_DATA_CR:
        return expect_byte(c, byte, '\r', CHUNK_DATA_LF);
    case CHUNK_DATA_LF:
        c->digits = 0;
        return expect_byte(c, byte, '\n', CHUNK_SIZE);
    case TRAILER_LF:
        return expect_byte(c, byte, '\n', TRAILER_START);
    case FINAL_LF:
        return byte == '\n' ? 1 : 400;
    default:
        return feed_trailer(c, byte);
    }
}

int http1_chunks_feed(struct http1_chunks *c, struct str in, struct buf *out, size_t *used)
{
    size_t i = 0;
    int status = 0;
    while (i < in.n && status == 0) {
        if (c->state != CHUNK_DATA) {
            status = feed_byte(c, in.p[i++]);
            continue;
        }
        size_t n = (size_t)MIN((uint64_t)(in.n - i), c->left);
        buf_add(out, in.p + i, n);
        status = buf_ok(out) ? 0 : 413;
        i += n;
        c->left -= n;
        c->state = c->left > 0 ? CHUNK_DATA : CHUNK_DATA_CR;
    }
    *used = i;
    return status;
}
