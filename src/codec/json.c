/* SPDX-License-Identifier: Apache-2.0
 *
 * Following and comparing documents. Parsing is in json_read.c.
 */
#include "codec/json.h"

#include "base/num.h"
#include "codec/json_object.h"

struct json *json_get_str(const struct json *object, struct str key)
{
    if (!json_is(object, JSON_OBJECT)) {
        return NULL;
    }
    struct json_member *member = json_object_find(object, key);
    return member ? member->value : NULL;
}

struct json *json_get(const struct json *object, const char *key)
{
    return json_get_str(object, str_c(key));
}

struct json *json_at(const struct json *array, size_t i)
{
    return json_is(array, JSON_ARRAY) && i < array->n ? array->items[i] : NULL;
}

struct json *json_find(const struct json *object, const char *path)
{
    struct json *found = NULL;
    for (struct str rest = str_c(path), key; str_split(&rest, '.', &key);) {
        found = json_get_str(object, key);
        object = found;
    }
    return found;
}

bool json_is(const struct json *j, enum json_type type)
{
    return j && j->type == type;
}

bool json_is_null(const struct json *j)
{
    return !j || j->type == JSON_NULL;
}

struct str json_str(const struct json *j)
{
    return json_is(j, JSON_STRING) ? j->text : STR_EMPTY;
}

struct str json_find_str(const struct json *object, const char *path)
{
    return json_str(json_find(object, path));
}

bool json_bool(const struct json *j, bool otherwise)
{
    return json_is(j, JSON_BOOL) ? j->boolean : otherwise;
}

size_t json_len(const struct json *j)
{
    return j ? j->n : 0;
}

/* A number as 0.D1 D2 ... Dn times ten to the power of `exponent`, D1 and Dn not zero: one form for
 * each value. The digits stay where they are, in a text that may hold the point among them. */
struct decimal {
    bool negative;
    struct str digits;
    size_t count; /* 0: the value is zero */
    int64_t exponent;
};

/* Far beyond every length of text, so that sums with a length do not overflow. */
#define EXPONENT_LIMIT ((int64_t)1 << 60)

static int64_t parse_exponent(struct str text)
{
    int64_t value;
    if (num_parse_i64(text, &value)) {
        return value > EXPONENT_LIMIT    ? EXPONENT_LIMIT
               : value < -EXPONENT_LIMIT ? -EXPONENT_LIMIT
                                         : value;
    }
    return text.n > 0 && text.p[0] == '-' ? -EXPONENT_LIMIT : EXPONENT_LIMIT;
}

static bool is_filler(char c)
{
    return c == '0' || c == '.';
}

static struct decimal decimal_of(struct str text)
{
    struct decimal d = {0};
    size_t e = 0;
    while (e < text.n && text.p[e] != 'e' && text.p[e] != 'E') {
        e++;
    }
    struct str mantissa = str_head(text, e);
    d.negative = mantissa.n > 0 && mantissa.p[0] == '-';
    mantissa = str_from(mantissa, d.negative);
    ptrdiff_t point = str_find_byte(mantissa, '.');
    ptrdiff_t units = point < 0 ? (ptrdiff_t)mantissa.n : point;
    size_t first = 0;
    size_t end = mantissa.n;
    while (first < end && is_filler(mantissa.p[first])) {
        first++;
    }
    while (end > first && is_filler(mantissa.p[end - 1])) {
        end--;
    }
    d.digits = str_sub(mantissa, first, end);
    bool point_inside = point > (ptrdiff_t)first && point < (ptrdiff_t)end;
    d.count = d.digits.n - point_inside;
    if (d.count == 0) {
        return (struct decimal){0};
    }
    d.exponent = units - (ptrdiff_t)first + (point >= 0 && point < (ptrdiff_t)first);
    if (e < text.n) {
        d.exponent += parse_exponent(str_from(text, e + 1));
    }
    return d;
}

static bool number_eq(struct str a, struct str b)
{
    if (str_eq(a, b)) {
        return true;
    }
    struct decimal x = decimal_of(a);
    struct decimal y = decimal_of(b);
    if (x.negative != y.negative || x.count != y.count || x.exponent != y.exponent) {
        return false;
    }
    for (size_t i = 0, k = 0, done = 0; done < x.count; i++, k++, done++) {
        i += x.digits.p[i] == '.';
        k += y.digits.p[k] == '.';
        if (x.digits.p[i] != y.digits.p[k]) {
            return false;
        }
    }
    return true;
}

int64_t json_int(const struct json *j, int64_t otherwise)
{
    int64_t value;
    if (!json_is(j, JSON_NUMBER)) {
        return otherwise;
    }
    if (num_parse_i64(j->text, &value)) {
        return value;
    }
    struct decimal d = decimal_of(j->text);
    if (d.count == 0) {
        return 0;
    }
    if (d.exponent < (int64_t)d.count || d.exponent > 19) {
        return otherwise;
    }
    /* At most 19 digits: written out they are an integer or out of range. */
    char plain[24];
    size_t n = 0;
    if (d.negative) {
        plain[n++] = '-';
    }
    for (size_t i = 0; i < d.digits.n; i++) {
        if (d.digits.p[i] != '.') {
            plain[n++] = d.digits.p[i];
        }
    }
    for (int64_t zeros = d.exponent - (int64_t)d.count; zeros > 0; zeros--) {
        plain[n++] = '0';
    }
    return num_parse_i64(str_n(plain, n), &value) ? value : otherwise;
}

static bool object_eq(const struct json *a, const struct json *b)
{
    for (size_t i = 0; i < a->n; i++) {
        struct json_member *other = json_object_find(b, a->members[i].key);
        if (!other || !json_eq(a->members[i].value, other->value)) {
            return false;
        }
    }
    return true;
}

static bool array_eq(const struct json *a, const struct json *b)
{
    for (size_t i = 0; i < a->n; i++) {
        if (!json_eq(a->items[i], b->items[i])) {
            return false;
        }
    }
    return true;
}

bool json_eq(const struct json *a, const struct json *b)
{
    if (!a || !b) {
        return a == b;
    }
    if (a->type != b->type || a->n != b->n) {
        return false;
    }
    switch (a->type) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return a->boolean == b->boolean;
    case JSON_NUMBER:
        return number_eq(a->text, b->text);
    case JSON_STRING:
        return str_eq(a->text, b->text);
    case JSON_ARRAY:
        return array_eq(a, b);
    case JSON_OBJECT:
        return object_eq(a, b);
    }
    return false;
}
