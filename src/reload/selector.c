/* SPDX-License-Identifier: Apache-2.0 */
#include "reload/selector.h"

static bool name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Letters, digits, '-', '_' and '.', alphanumeric at both ends, at most 63. */
static bool valid_name(struct str s)
{
    if (s.n == 0 || s.n > 63 || !name_byte(s.p[0]) || !name_byte(s.p[s.n - 1])) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (!name_byte(s.p[i]) && s.p[i] != '-' && s.p[i] != '_' && s.p[i] != '.') {
            return false;
        }
    }
    return true;
}

/* A DNS subdomain: lower case. */
static bool valid_prefix(struct str s)
{
    if (s.n == 0 || s.n > 253) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        bool edge = i == 0 || i == s.n - 1 || s.p[i - 1] == '.' || s.p[i + 1] == '.';
        bool letter = (s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9');
        if (!letter && (edge || (s.p[i] != '-' && s.p[i] != '.'))) {
            return false;
        }
    }
    return true;
}

static int check_key(struct str key, struct err **err)
{
    ptrdiff_t slash = str_find_byte(key, '/');
    struct str name = slash < 0 ? key : str_from(key, (size_t)slash + 1);
    if (!valid_name(name) || (slash >= 0 && !valid_prefix(str_head(key, (size_t)slash)))) {
        return err_set(err, ERR_INVALID, "\"%.*s\" is no label key", STR_ARG(key));
    }
    return 0;
}

static int check_value(struct str value, struct err **err)
{
    if (value.n > 0 && !valid_name(value)) {
        return err_set(err, ERR_INVALID, "\"%.*s\" is no label value", STR_ARG(value));
    }
    return 0;
}

static int check_values(struct str list, struct err **err)
{
    for (struct str rest = list, value; str_split(&rest, ',', &value);) {
        if (check_value(str_trim(value), err)) {
            return -1;
        }
    }
    return 0;
}

/* "key OP value" with one of the operators made of signs. False if there is none. */
static bool split_signs(struct str text, struct str *key, struct str *value)
{
    static const char *const operators[] = {"!=", "==", "=", ">", "<"};
    for (size_t i = 0; i < COUNT_OF(operators); i++) {
        ptrdiff_t at = str_find(text, str_c(operators[i]));
        if (at >= 0) {
            *key = str_trim(str_head(text, (size_t)at));
            *value = str_trim(str_from(text, (size_t)at + strlen(operators[i])));
            return true;
        }
    }
    return false;
}

/* "key in (a,b)", "key notin (a,b)" */
static int check_set(struct str text, size_t open, struct err **err)
{
    struct str head = str_trim(str_head(text, open));
    struct str key = str_trim(str_trim_suffix(head, STR("in")));
    if (text.p[text.n - 1] != ')' || key.n == head.n) {
        return err_set(err, ERR_INVALID, "\"%.*s\" is no requirement", STR_ARG(text));
    }
    ptrdiff_t blank = str_rfind_byte(head, ' ');
    struct str word = blank < 0 ? STR_EMPTY : str_from(head, (size_t)blank + 1);
    if (!str_eq(word, STR("in")) && !str_eq(word, STR("notin"))) {
        return err_set(err, ERR_INVALID, "\"%.*s\": only in and notin take a list", STR_ARG(text));
    }
    if (check_key(str_trim(str_head(head, (size_t)blank)), err)) {
        return -1;
    }
    return check_values(str_sub(text, open + 1, text.n - 1), err);
}

static int check_requirement(struct str text, struct err **err)
{
    struct str key;
    struct str value;
    ptrdiff_t open = str_find_byte(text, '(');
    if (text.n == 0) {
        return err_set(err, ERR_INVALID, "an empty requirement");
    }
    if (open >= 0) {
        return check_set(text, (size_t)open, err);
    }
    if (split_signs(text, &key, &value)) {
        return check_key(key, err) ? -1 : check_value(value, err);
    }
    return check_key(str_trim(str_trim_prefix(text, STR("!"))), err);
}

/* Where the requirement that starts at `from` ends: the next comma outside parentheses. */
static size_t requirement_end(struct str s, size_t from)
{
    bool inside = false;
    size_t i = from;
    for (; i < s.n && (inside || s.p[i] != ','); i++) {
        inside = s.p[i] == '(' || (inside && s.p[i] != ')');
    }
    return i;
}

int label_selector_check(struct str selector, struct err **err)
{
    for (size_t at = 0; selector.n > 0 && at <= selector.n;) {
        size_t end = requirement_end(selector, at);
        if (check_requirement(str_trim(str_sub(selector, at, end)), err)) {
            return err_wrap(err, "label selector \"%.*s\"", STR_ARG(selector));
        }
        at = end + 1;
    }
    return 0;
}

void label_selector_rewrite(struct buf *out, struct str entry)
{
    size_t at = 0;
    while (at < entry.n && entry.p[at] != ':' && entry.p[at] != '=') {
        at++;
    }
    struct str value = str_from(entry, at + 1);
    buf_add_str(out, str_head(entry, at));
    if (at < entry.n && !str_eq(value, STR("*"))) {
        buf_add_byte(out, '=');
        buf_add_str(out, value);
    }
}

int label_selector_from_flags(struct buf *out, struct reload_list entries, struct err **err)
{
    buf_clear(out);
    for (size_t i = 0; i < entries.n; i++) {
        if (i > 0) {
            buf_add_byte(out, ',');
        }
        label_selector_rewrite(out, str_c(entries.v[i]));
    }
    return label_selector_check(buf_str(out), err);
}
