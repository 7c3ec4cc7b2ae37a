/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/url.h"

#include "base/num.h"

/* ---- characters ---- */

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_digit(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    char lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool all(struct str s, bool (*fits)(char c))
{
    for (size_t i = 0; i < s.n; i++) {
        if (!fits(s.p[i])) {
            return false;
        }
    }
    return true;
}

static bool fits_scheme(char c)
{
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
}

static bool fits_name(char c)
{
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
}

static bool fits_ipv6(char c)
{
    return hex_digit(c) >= 0 || c == ':' || c == '.';
}

/* Path, query and fragment: visible ASCII, without what never stands there unescaped, but with the
 * brackets and braces that people write. Bytes above 0x7F are for the server to judge. */
static bool fits_rest(char c)
{
    return (unsigned char)c > 0x20 && c != 0x7F && c != '"' && c != '<' && c != '>' && c != '\\';
}

/* ---- absolute URLs ---- */

static int bad_url(struct str text, const char *why, struct err **err)
{
    struct str shown = text;
    ptrdiff_t cut = str_find_byte(text, '?');
    if (cut >= 0) {
        shown = str_head(text, (size_t)cut);
    }
    /* What stands before an @ may be a password. */
    ptrdiff_t at = str_rfind_byte(shown, '@');
    bool hidden = at >= 0;
    shown = hidden ? str_from(shown, (size_t)at) : shown;
    shown = str_head(shown, 200);
    return err_set(err, ERR_INVALID, "URL \"%s%.*s\": %s", hidden ? "..." : "", STR_ARG(shown),
                   why);
}

/* Takes what stands before the first of the stop characters off *rest. */
static struct str take_until(struct str *rest, const char *stops)
{
    size_t n = 0;
    while (n < rest->n && (rest->p[n] == '\0' || !strchr(stops, rest->p[n]))) {
        n++;
    }
    struct str taken = str_head(*rest, n);
    *rest = str_from(*rest, n);
    return taken;
}

static const char *parse_port(struct str text, struct url *out)
{
    int64_t port;
    if (text.n == 0) {
        return NULL;
    }
    struct str digits = str_from(text, 1);
    if (text.p[0] != ':' || !all(digits, is_digit) || !num_parse_range(digits, 1, 65535, &port)) {
        return "the port is not a number from 1 to 65535";
    }
    out->port = (uint16_t)port;
    return NULL;
}

static const char *parse_authority(struct str text, struct url *out)
{
    out->authority = text;
    if (str_find_byte(text, '@') >= 0) {
        return "a user name or password in a URL is not supported";
    }
    struct str port = text;
    if (str_starts(text, STR("["))) {
        ptrdiff_t close = str_find_byte(text, ']');
        out->ipv6 = true;
        out->host = close < 0 ? STR_EMPTY : str_sub(text, 1, (size_t)close);
        port = close < 0 ? STR_EMPTY : str_from(text, (size_t)close + 1);
        if (str_find_byte(out->host, ':') < 0 || !all(out->host, fits_ipv6)) {
            return "the brackets do not hold an IPv6 address";
        }
    } else {
        out->host = take_until(&port, ":");
        if (out->host.n == 0) {
            return "it has no host";
        }
        if (!all(out->host, fits_name)) {
            return "the host has a character that no host name has";
        }
    }
    return parse_port(port, out);
}

int url_parse(struct str text, struct url *out, struct err **err)
{
    struct url url = {.path = STR_EMPTY, .query = STR_EMPTY, .fragment = STR_EMPTY};
    struct str rest = text;
    url.scheme = take_until(&rest, ":/?#");
    if (url.scheme.n == 0 || !is_alpha(url.scheme.p[0]) || !all(url.scheme, fits_scheme) ||
        !str_starts(rest, STR("://"))) {
        return bad_url(text, "it does not begin with a scheme like https://", err);
    }
    rest = str_from(rest, 3);
    const char *why = parse_authority(take_until(&rest, "/?#"), &url);
    if (why) {
        return bad_url(text, why, err);
    }
    if (!all(rest, fits_rest)) {
        return bad_url(text, "it has a character that must be escaped", err);
    }
    struct str target = take_until(&rest, "#");
    url.target = target;
    url.path = take_until(&target, "?");
    url.query = str_from(target, 1);
    url.fragment = str_from(rest, 1);
    *out = url;
    return 0;
}

uint16_t url_port(const struct url *url)
{
    if (url->port != 0) {
        return url->port;
    }
    return str_ieq(url->scheme, STR("https")) ? 443 : str_ieq(url->scheme, STR("http")) ? 80 : 0;
}

void url_split_target(struct str target, struct str *path, struct str *query)
{
    *path = take_until(&target, "?");
    *query = str_from(target, 1);
}

/* ---- percent escapes ---- */

static bool stands_for_itself(char c, enum url_part part)
{
    return is_alpha(c) || is_digit(c) || (c != '\0' && strchr("-._~", c)) ||
           (part == URL_SEGMENT && c != '\0' && strchr("$&+:=@", c));
}

void url_encode(struct buf *out, struct str s, enum url_part part)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (stands_for_itself(s.p[i], part)) {
            buf_add_byte(out, s.p[i]);
        } else if (c == ' ' && part == URL_FORM) {
            buf_add_byte(out, '+');
        } else {
            buf_add(out, (const char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
        }
    }
}

/* The byte that the escape at the start of s stands for, or -1. */
static int escape_value(struct str s)
{
    if (s.n < 3) {
        return -1;
    }
    int high = hex_digit(s.p[1]);
    int low = hex_digit(s.p[2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

int url_decode(struct buf *out, struct str s, enum url_part part, struct err **err)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '%') {
            int value = escape_value(str_from(s, i));
            if (value < 0) {
                struct str shown = str_head(str_from(s, i), 3);
                return err_set(err, ERR_PARSE, "invalid URL escape \"%.*s\"", STR_ARG(shown));
            }
            c = (char)value;
            i += 2;
        } else if (c == '+' && part == URL_FORM) {
            c = ' ';
        }
        buf_add_byte(out, c);
    }
    return 0;
}

/* ---- queries and forms ---- */

static int decode_into(struct arena *a, struct str s, enum url_part part, struct str *out,
                       struct err **err)
{
    AUTO(buf_done)
    struct buf decoded = a->flags & ARENA_WIPE ? BUF_INIT_WIPE(s.n) : BUF_INIT(s.n);
    if (url_decode(&decoded, s, part, err) != 0) {
        return -1;
    }
    *out = arena_str(a, buf_str(&decoded));
    return 0;
}

static int parse_param(struct arena *a, struct str text, enum url_part part, struct url_param *out,
                       struct err **err)
{
    struct str value = text;
    struct str name = take_until(&value, "=");
    if (decode_into(a, name, part, &out->name, err) != 0) {
        return err_wrap(err, "a parameter's name");
    }
    if (decode_into(a, str_from(value, 1), part, &out->value, NULL) != 0) {
        return err_set(err, ERR_PARSE, "parameter %.*s: invalid URL escape",
                       STR_ARG(str_head(out->name, 100)));
    }
    return 0;
}

int url_params_parse(struct arena *a, struct str text, enum url_part part, struct url_params *out,
                     struct err **err)
{
    size_t count = 0;
    for (struct str rest = text, one; str_split(&rest, '&', &one);) {
        count += one.n > 0;
    }
    if (count > URL_PARAMS_MAX) {
        return err_set(err, ERR_LIMIT, "more than %d parameters", URL_PARAMS_MAX);
    }
    struct url_params params = {.v = arena_array(a, struct url_param, count)};
    for (struct str rest = text, one; str_split(&rest, '&', &one);) {
        if (one.n > 0 && parse_param(a, one, part, &params.v[params.n++], err) != 0) {
            return -1;
        }
    }
    *out = params;
    return 0;
}

bool url_params_get(const struct url_params *params, const char *name, struct str *value)
{
    for (size_t i = 0; i < params->n; i++) {
        if (str_eq_c(params->v[i].name, name)) {
            if (value) {
                *value = params->v[i].value;
            }
            return true;
        }
    }
    return false;
}

struct str url_params_str(const struct url_params *params, const char *name)
{
    struct str value = STR_EMPTY;
    (void)url_params_get(params, name, &value);
    return value;
}

void url_add_segment(struct buf *url, struct str segment)
{
    if (!str_ends(buf_str(url), STR("/"))) {
        buf_add_byte(url, '/');
    }
    url_encode(url, segment, URL_SEGMENT);
}

void url_add_param(struct buf *url, const char *name, struct str value)
{
    buf_add_byte(url, str_find_byte(buf_str(url), '?') < 0 ? '?' : '&');
    url_encode(url, str_c(name), URL_COMPONENT);
    buf_add_byte(url, '=');
    url_encode(url, value, URL_COMPONENT);
}

void url_add_field(struct buf *form, const char *name, struct str value)
{
    if (form->n > 0) {
        buf_add_byte(form, '&');
    }
    url_encode(form, str_c(name), URL_FORM);
    buf_add_byte(form, '=');
    url_encode(form, value, URL_FORM);
}
