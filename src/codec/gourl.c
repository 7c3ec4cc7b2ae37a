/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/gourl.h"

#include <arpa/inet.h>

#include "codec/goquote.h"

enum part { PART_PATH, PART_HOST, PART_ZONE, PART_USER, PART_FRAGMENT };

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

/* May the character stand for itself in this part? */
static bool plain(char c, enum part part)
{
    if (is_alnum(c) || one_of(c, "-_.~")) {
        return true;
    }
    switch (part) {
    case PART_PATH:
        return one_of(c, "$&+,/:;=@");
    case PART_HOST:
    case PART_ZONE:
        return one_of(c, "!$&'()*+,;=:[]<>\"");
    case PART_USER:
        return one_of(c, "$&+,;=");
    case PART_FRAGMENT:
        return one_of(c, "$&+,/:;=?@!()*");
    }
    return false;
}

static void escape(struct buf *out, struct str s, enum part part)
{
    for (size_t i = 0; i < s.n; i++) {
        if (plain(s.p[i], part)) {
            buf_add_byte(out, s.p[i]);
        } else {
            buf_addf(out, "%%%02X", (unsigned char)s.p[i]);
        }
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char l = (char)(c | 0x20);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

static int fail_quoted(struct err **err, const char *before, struct str s, const char *after)
{
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(8192);
    goquote(&b, s, GOQUOTE_PLAIN);
    return err_set(err, ERR_PARSE, "%s%s%s", before, b.p, after);
}

/* Is this escape one that a host may have? */
static bool escape_allowed(unsigned char v, struct str escaped, enum part part)
{
    if (str_eq(escaped, STR("%25"))) {
        return true;
    }
    if (part == PART_HOST) {
        return v >= 0x80;
    }
    return part != PART_ZONE || v == ' ' || plain((char)v, PART_HOST);
}

static int unescape(struct buf *out, struct str s, enum part part, struct err **err)
{
    for (size_t i = 0; i < s.n;) {
        char c = s.p[i];
        if (c != '%') {
            bool host = part == PART_HOST || part == PART_ZONE;
            if (host && (unsigned char)c < 0x80 && !plain(c, part)) {
                return fail_quoted(err, "invalid character ", str_n(&c, 1), " in host name");
            }
            buf_add_byte(out, c);
            i++;
            continue;
        }
        struct str escaped = str_sub(s, i, MIN(i + 3, s.n));
        int high = escaped.n > 2 ? hex_digit(escaped.p[1]) : -1;
        int low = escaped.n > 2 ? hex_digit(escaped.p[2]) : -1;
        if (high < 0 || low < 0 ||
            !escape_allowed((unsigned char)(high << 4 | low), escaped, part)) {
            return fail_quoted(err, "invalid URL escape ", escaped, "");
        }
        buf_add_byte(out, (char)(high << 4 | low));
        i += 3;
    }
    return 0;
}

static int unescape_to(struct arena *a, struct str s, enum part part, struct str *out,
                       struct err **err)
{
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(s.n);
    if (unescape(&b, s, part, err) != 0) {
        return -1;
    }
    *out = arena_str(a, buf_str(&b));
    return 0;
}

/* ---- parts ---- */

/* "" and the whole text if there is no scheme. */
static int take_scheme(struct arena *a, struct str *s, struct str *scheme, struct err **err)
{
    *scheme = STR_EMPTY;
    for (size_t i = 0; i < s->n; i++) {
        char c = s->p[i];
        bool letter = is_alnum(c) && !(c >= '0' && c <= '9');
        if (letter || (i > 0 && (is_alnum(c) || one_of(c, "+-.")))) {
            continue;
        }
        if (c == ':' && i == 0) {
            return err_set(err, ERR_PARSE, "missing protocol scheme");
        }
        if (c == ':') {
            char *lower = arena_dup(a, str_head(*s, i));
            for (size_t k = 0; k < i; k++) {
                lower[k] = (char)(lower[k] >= 'A' && lower[k] <= 'Z' ? lower[k] | 0x20 : lower[k]);
            }
            *scheme = str_n(lower, i);
            *s = str_from(*s, i + 1);
        }
        return 0;
    }
    return 0;
}

/* "" or ":" and digits. */
static bool port_ok(struct str s)
{
    if (s.n > 0 && s.p[0] != ':') {
        return false;
    }
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
    }
    return true;
}

static int check_port(struct str port, struct err **err)
{
    return port_ok(port) ? 0 : fail_quoted(err, "invalid port ", port, " after host");
}

static bool is_ipv6(struct str s)
{
    char text[64];
    struct in6_addr address;
    if (s.n >= sizeof(text) || s.n == 0) {
        return false;
    }
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    return strlen(text) == s.n && inet_pton(AF_INET6, text, &address) == 1;
}

static int parse_bracketed(struct arena *a, struct str host, struct str *out, struct err **err)
{
    ptrdiff_t close = str_rfind_byte(host, ']');
    if (close < 0) {
        return err_set(err, ERR_PARSE, "missing ']' in host");
    }
    struct str port = str_from(host, (size_t)close + 1);
    if (check_port(port, err) != 0) {
        return -1;
    }
    struct str address = str_sub(host, 1, (size_t)close);
    ptrdiff_t zone = str_find(address, STR("%25"));
    struct str name = zone < 0 ? STR_EMPTY : str_from(address, (size_t)zone);
    address = zone < 0 ? address : str_head(address, (size_t)zone);
    AUTO(buf_done) struct buf b = BUF_INIT(host.n);
    AUTO(buf_done) struct buf plain_address = BUF_INIT(host.n);
    if (unescape(&plain_address, address, PART_HOST, err) != 0) {
        return -1;
    }
    if (!is_ipv6(buf_str(&plain_address))) {
        return err_set(err, ERR_PARSE, "invalid host: ParseAddr(\"%.*s\"): unable to parse IP",
                       STR_ARG(buf_str(&plain_address)));
    }
    buf_add_byte(&b, '[');
    buf_add_str(&b, buf_str(&plain_address));
    if (unescape(&b, name, PART_ZONE, err) != 0) {
        return -1;
    }
    buf_add_byte(&b, ']');
    buf_add_str(&b, port);
    *out = arena_str(a, buf_str(&b));
    return 0;
}

static int parse_host(struct arena *a, struct str host, bool web, struct str *out, struct err **err)
{
    if (host.n > 0 && host.p[0] == '[') {
        return parse_bracketed(a, host, out, err);
    }
    ptrdiff_t colon = web ? str_find_byte(host, ':') : str_rfind_byte(host, ':');
    if (colon >= 0 && check_port(str_from(host, (size_t)colon), err) != 0) {
        return -1;
    }
    return unescape_to(a, host, PART_HOST, out, err);
}

static int parse_user(struct arena *a, struct str user, struct str *out, struct err **err)
{
    for (size_t i = 0; i < user.n; i++) {
        if (!is_alnum(user.p[i]) && !one_of(user.p[i], "-._:~!$&'()*+,;=%@")) {
            return err_set(err, ERR_PARSE, "net/url: invalid userinfo");
        }
    }
    ptrdiff_t colon = str_find_byte(user, ':');
    struct str name = colon < 0 ? user : str_head(user, (size_t)colon);
    AUTO(buf_done) struct buf decoded = BUF_INIT_WIPE(user.n);
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(3 * user.n);
    if (unescape(&decoded, name, PART_USER, err) != 0) {
        return -1;
    }
    escape(&b, buf_str(&decoded), PART_USER);
    if (colon >= 0) {
        buf_clear(&decoded);
        if (unescape(&decoded, str_from(user, (size_t)colon + 1), PART_USER, err) != 0) {
            return -1;
        }
        buf_add_byte(&b, ':');
        escape(&b, buf_str(&decoded), PART_USER);
    }
    *out = arena_str(a, buf_str(&b));
    return 0;
}

static int parse_authority(struct arena *a, struct str s, struct gourl *out, struct err **err)
{
    ptrdiff_t at = str_rfind_byte(s, '@');
    bool web = str_eq(out->scheme, STR("http")) || str_eq(out->scheme, STR("https"));
    if (parse_host(a, str_from(s, (size_t)(at + 1)), web, &out->host, err) != 0) {
        return -1;
    }
    return at < 0 ? 0 : parse_user(a, str_head(s, (size_t)at), &out->userinfo, err);
}

static int parse_rest(struct arena *a, struct str rest, struct gourl *out, struct err **err)
{
    bool rooted = rest.n > 0 && rest.p[0] == '/';
    if (!rooted && out->scheme.n > 0) {
        out->opaque = rest;
        return 0;
    }
    if (!rooted) {
        struct str segment = rest;
        struct str all = rest;
        (void)str_split(&all, '/', &segment);
        if (str_find_byte(segment, ':') >= 0) {
            return err_set(err, ERR_PARSE, "first path segment in URL cannot contain colon");
        }
    }
    bool authority =
        str_starts(rest, STR("//")) && (out->scheme.n > 0 || !str_starts(rest, STR("///")));
    if (authority) {
        struct str s = str_from(rest, 2);
        ptrdiff_t slash = str_find_byte(s, '/');
        rest = slash < 0 ? STR_EMPTY : str_from(s, (size_t)slash);
        s = slash < 0 ? s : str_head(s, (size_t)slash);
        if (parse_authority(a, s, out, err) != 0) {
            return -1;
        }
    }
    return unescape_to(a, rest, PART_PATH, &out->path, err);
}

static int parse(struct arena *a, struct str s, struct gourl *out, struct err **err)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f) {
            return err_set(err, ERR_PARSE, "net/url: invalid control character in URL");
        }
    }
    if (str_eq(s, STR("*"))) {
        out->path = s;
        return 0;
    }
    if (take_scheme(a, &s, &out->scheme, err) != 0) {
        return -1;
    }
    ptrdiff_t question = str_find_byte(s, '?');
    if (question >= 0) {
        out->query = str_from(s, (size_t)question + 1);
        s = str_head(s, (size_t)question);
    }
    return parse_rest(a, s, out, err);
}

int gourl_parse(struct arena *a, struct str text, struct gourl *out, struct err **err)
{
    *out = (struct gourl){0};
    ptrdiff_t hash = str_find_byte(text, '#');
    struct str s = hash < 0 ? text : str_head(text, (size_t)hash);
    struct str fragment = hash < 0 ? STR_EMPTY : str_from(text, (size_t)hash + 1);
    struct str shown = s;
    int rc = parse(a, s, out, err);
    if (rc == 0 && fragment.n > 0) {
        shown = text;
        rc = unescape_to(a, fragment, PART_FRAGMENT, &out->fragment, err);
    }
    if (rc != 0) {
        AUTO(buf_done) struct buf b = BUF_INIT_WIPE(8192);
        goquote(&b, shown, GOQUOTE_PLAIN);
        err_wrap(err, "parse %s", b.p);
    }
    return rc;
}

struct str gourl_hostname(struct str host)
{
    ptrdiff_t colon = str_rfind_byte(host, ':');
    if (colon >= 0 && port_ok(str_from(host, (size_t)colon))) {
        host = str_head(host, (size_t)colon);
    }
    if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']') {
        host = str_sub(host, 1, host.n - 1);
    }
    return host;
}

static void print_location(struct buf *out, const struct gourl *url)
{
    size_t before = out->n;
    bool user = url->userinfo.n > 0;
    if ((url->scheme.n > 0 || url->host.n > 0 || user) &&
        (url->host.n > 0 || url->path.n > 0 || user)) {
        buf_add_c(out, "//");
    }
    if (user) {
        buf_add_str(out, url->userinfo);
        buf_add_byte(out, '@');
    }
    escape(out, url->host, PART_HOST);
    if (url->path.n > 0 && url->path.p[0] != '/' && url->host.n > 0) {
        buf_add_byte(out, '/');
    }
    if (out->n == before && url->scheme.n == 0) {
        struct str segment = STR_EMPTY;
        struct str all = url->path;
        (void)str_split(&all, '/', &segment);
        buf_add_c(out, str_find_byte(segment, ':') >= 0 ? "./" : "");
    }
    if (str_eq(url->path, STR("*"))) {
        buf_add_byte(out, '*');
    } else {
        escape(out, url->path, PART_PATH);
    }
}

void gourl_print(struct buf *out, const struct gourl *url)
{
    if (url->scheme.n > 0) {
        buf_add_str(out, url->scheme);
        buf_add_byte(out, ':');
    }
    if (url->opaque.n > 0) {
        buf_add_str(out, url->opaque);
    } else {
        print_location(out, url);
    }
    if (url->query.n > 0) {
        buf_add_byte(out, '?');
        buf_add_str(out, url->query);
    }
    if (url->fragment.n > 0) {
        buf_add_byte(out, '#');
        escape(out, url->fragment, PART_FRAGMENT);
    }
}
