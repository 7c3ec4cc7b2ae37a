/* SPDX-License-Identifier: Apache-2.0
 *
 * The types of YAML 1.1 as Go's yaml v2 sees them, which is neither quite the specification of 1.1
 * nor that of 1.2: no base 60, integers as Go's strconv.ParseInt with base 0 reads them (0x, 0o,
 * 0b, a leading 0 for octal), underscores anywhere in a number.
 */
#include "codec/yaml_resolve.h"

#include <math.h>

#include "base/buf.h"
#include "base/datetime.h"
#include "base/num.h"

#define TAG_PREFIX "tag:yaml.org,2002:"

/* ---- words ---- */

static const struct {
    struct str text;
    struct yaml_scalar value;
} words[] = {
#define WORD(word, ...)                                                                            \
    {                                                                                              \
        STR_INIT(word),                                                                            \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define IS_TRUE     .kind = YAML_KIND_BOOL, .boolean = true
#define IS_FALSE    .kind = YAML_KIND_BOOL
#define IS_NULL     .kind = YAML_KIND_NULL
#define IS_FLOAT(v) .kind = YAML_KIND_FLOAT, .number = (v)
    WORD("y", IS_TRUE),
    WORD("Y", IS_TRUE),
    WORD("yes", IS_TRUE),
    WORD("Yes", IS_TRUE),
    WORD("YES", IS_TRUE),
    WORD("true", IS_TRUE),
    WORD("True", IS_TRUE),
    WORD("TRUE", IS_TRUE),
    WORD("on", IS_TRUE),
    WORD("On", IS_TRUE),
    WORD("ON", IS_TRUE),
    WORD("n", IS_FALSE),
    WORD("N", IS_FALSE),
    WORD("no", IS_FALSE),
    WORD("No", IS_FALSE),
    WORD("NO", IS_FALSE),
    WORD("false", IS_FALSE),
    WORD("False", IS_FALSE),
    WORD("FALSE", IS_FALSE),
    WORD("off", IS_FALSE),
    WORD("Off", IS_FALSE),
    WORD("OFF", IS_FALSE),
    WORD("", IS_NULL),
    WORD("~", IS_NULL),
    WORD("null", IS_NULL),
    WORD("Null", IS_NULL),
    WORD("NULL", IS_NULL),
    WORD(".nan", IS_FLOAT(NAN)),
    WORD(".NaN", IS_FLOAT(NAN)),
    WORD(".NAN", IS_FLOAT(NAN)),
    WORD(".inf", IS_FLOAT(INFINITY)),
    WORD(".Inf", IS_FLOAT(INFINITY)),
    WORD(".INF", IS_FLOAT(INFINITY)),
    WORD("+.inf", IS_FLOAT(INFINITY)),
    WORD("+.Inf", IS_FLOAT(INFINITY)),
    WORD("+.INF", IS_FLOAT(INFINITY)),
    WORD("-.inf", IS_FLOAT(-INFINITY)),
    WORD("-.Inf", IS_FLOAT(-INFINITY)),
    WORD("-.INF", IS_FLOAT(-INFINITY)),
};

enum { LONGEST_WORD = 5 };

static bool resolve_word(struct str text, struct yaml_scalar *out)
{
    if (text.n > LONGEST_WORD) {
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (str_eq(text, words[i].text)) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

/* ---- scanning ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take(struct str *s, char c)
{
    if (s->n == 0 || s->p[0] != c) {
        return false;
    }
    *s = str_from(*s, 1);
    return true;
}

static bool take_sign(struct str *s, bool *negative)
{
    *negative = take(s, '-');
    return *negative || take(s, '+');
}

/* Takes digits off the front, at most `most`. Returns how many. */
static size_t take_digits(struct str *s, size_t most)
{
    size_t n = 0;
    while (n < s->n && n < most && is_digit(s->p[n])) {
        n++;
    }
    *s = str_from(*s, n);
    return n;
}

/* ---- integers ---- */

static bool parse_digits(struct str s, unsigned base, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i] | 0x20; /* digits have this bit, too */
        unsigned digit = is_digit(s.p[i])       ? (unsigned)(s.p[i] - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                                                : 16;
        if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            return false;
        }
    }
    *out = value;
    return s.n > 0;
}

/* The base that a prefix asks for; takes the prefix off. */
static unsigned take_base(struct str *s)
{
    if (s->n < 2 || s->p[0] != '0') {
        return 10;
    }
    switch (s->p[1] | 0x20) {
    case 'x':
        *s = str_from(*s, 2);
        return 16;
    case 'o':
        *s = str_from(*s, 2);
        return 8;
    case 'b':
        *s = str_from(*s, 2);
        return 2;
    default:
        *s = str_from(*s, 1);
        return 8;
    }
}

/* Text without underscores. With a sign 64 bits with a sign must hold the number, without one 64
 * bits. */
static bool parse_int(struct str text, struct yaml_scalar *out)
{
    struct str s = text;
    bool negative;
    bool has_sign = take_sign(&s, &negative);
    unsigned base = take_base(&s);
    uint64_t magnitude;
    if (base == 2 && !has_sign && s.n > 0 && text.p[1] == 'b') {
        has_sign = take_sign(&s, &negative); /* an oddity of Go's: 0b-1 is minus one */
    }
    if (!parse_digits(s, base, &magnitude) ||
        (has_sign && magnitude > (uint64_t)INT64_MAX + negative)) {
        return false;
    }
    *out = (struct yaml_scalar){
        .kind = YAML_KIND_INT, .negative = negative && magnitude > 0, .magnitude = magnitude};
    return true;
}

/* ---- floats ---- */

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool has_float_form(struct str s)
{
    bool negative;
    (void)take_sign(&s, &negative);
    if (take(&s, '.')) {
        if (take_digits(&s, SIZE_MAX) == 0) {
            return false;
        }
    } else {
        if (take_digits(&s, SIZE_MAX) == 0) {
            return false;
        }
        if (take(&s, '.')) {
            take_digits(&s, SIZE_MAX);
        }
    }
    if (take(&s, 'e') || take(&s, 'E')) {
        (void)take_sign(&s, &negative);
        if (take_digits(&s, SIZE_MAX) == 0) {
            return false;
        }
    }
    return s.n == 0;
}

static bool parse_float(struct str text, struct yaml_scalar *out)
{
    double number;
    if (!has_float_form(text) || !num_parse_double(text, &number) || isinf(number)) {
        return false;
    }
    *out = (struct yaml_scalar){.kind = YAML_KIND_FLOAT, .number = number};
    return true;
}

/* ---- timestamps ---- */

/* A number of one or two digits within bounds. */
static bool take_field(struct str *s, int min, int max, int *value)
{
    struct str digits = *s;
    size_t n = take_digits(s, 2);
    *value = n == 0   ? -1
             : n == 1 ? digits.p[0] - '0'
                      : (digits.p[0] - '0') * 10 + digits.p[1] - '0';
    return *value >= min && *value <= max;
}

static bool take_clock(struct str *s)
{
    int value;
    if (!take_field(s, 0, 23, &value) || !take(s, ':') || !take_field(s, 0, 59, &value) ||
        !take(s, ':') || !take_field(s, 0, 59, &value)) {
        return false;
    }
    if (s->n >= 2 && (s->p[0] == '.' || s->p[0] == ',') && is_digit(s->p[1])) {
        *s = str_from(*s, 1);
        take_digits(s, SIZE_MAX);
    }
    return true;
}

/* Z or +hh:mm. */
static bool take_zone(struct str *s)
{
    bool negative;
    int value;
    if (take(s, 'Z')) {
        return true;
    }
    return take_sign(s, &negative) && s->n >= 5 && is_digit(s->p[1]) &&
           take_field(s, 0, 24, &value) && take(s, ':') && s->n >= 2 && is_digit(s->p[1]) &&
           take_field(s, 0, 60, &value);
}

static int days_in(int year, int month)
{
    return (int)(datetime_days(year, month + 1, 1) - datetime_days(year, month, 1));
}

/* A date, alone or with a time of day behind T or t (then with a zone) or blanks (without). */
static bool is_timestamp(struct str text)
{
    struct str s = text;
    int month;
    int day;
    if (take_digits(&s, SIZE_MAX) != 4 || !take(&s, '-') || !take_field(&s, 1, 12, &month) ||
        !take(&s, '-')) {
        return false;
    }
    int year = (text.p[0] - '0') * 1000 + (text.p[1] - '0') * 100 + (text.p[2] - '0') * 10 +
               (text.p[3] - '0');
    if (!take_field(&s, 1, days_in(year, month), &day)) {
        return false;
    }
    if (s.n == 0) {
        return true;
    }
    if (take(&s, 'T') || take(&s, 't')) {
        return take_clock(&s) && take_zone(&s) && s.n == 0;
    }
    if (!take(&s, ' ')) {
        return false;
    }
    while (take(&s, ' ')) {
    }
    return take_clock(&s) && s.n == 0;
}

bool yaml_is_base60(struct str text)
{
    struct str s = text;
    bool negative;
    int value;
    (void)take_sign(&s, &negative);
    if (s.n == 0 || !is_digit(s.p[0])) {
        return false;
    }
    while (take_digits(&s, SIZE_MAX) > 0 || take(&s, '_')) {
    }
    size_t groups = 0;
    for (; take(&s, ':'); groups++) {
        if (!take_field(&s, 0, 59, &value)) {
            return false;
        }
    }
    if (groups > 0 && take(&s, '.')) {
        while (take_digits(&s, SIZE_MAX) > 0 || take(&s, '_')) {
        }
    }
    return groups > 0 && s.n == 0;
}

/* ---- together ---- */

static void add_without_underscores(struct buf *out, struct str text)
{
    for (struct str rest = text, part; str_split(&rest, '_', &part);) {
        buf_add_str(out, part);
    }
}

static struct yaml_scalar resolve_number(struct str text)
{
    struct yaml_scalar out = {.kind = YAML_KIND_STR};
    AUTO(buf_done) struct buf plain = BUF_INIT_WIPE(text.n);
    if (is_timestamp(text)) {
        return (struct yaml_scalar){.kind = YAML_KIND_TIMESTAMP};
    }
    add_without_underscores(&plain, text);
    if (!parse_int(buf_str(&plain), &out)) {
        (void)parse_float(buf_str(&plain), &out);
    }
    return out;
}

/* A number that begins with its point may have underscores, too, but only between digits. */
static struct yaml_scalar resolve_fraction(struct str text)
{
    struct yaml_scalar out = {.kind = YAML_KIND_STR};
    AUTO(buf_done) struct buf plain = BUF_INIT_WIPE(text.n);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '_' &&
            !(i > 0 && is_digit(text.p[i - 1]) && i + 1 < text.n && is_digit(text.p[i + 1]))) {
            return out;
        }
    }
    add_without_underscores(&plain, text);
    (void)parse_float(buf_str(&plain), &out);
    return out;
}

struct yaml_scalar yaml_resolve(struct str text)
{
    struct yaml_scalar out = {.kind = YAML_KIND_STR};
    if (resolve_word(text, &out)) {
        return out;
    }
    if (is_digit(text.p[0]) || text.p[0] == '-' || text.p[0] == '+') {
        return resolve_number(text);
    }
    return text.p[0] == '.' ? resolve_fraction(text) : out;
}

static const struct {
    const char *tag; /* behind the prefix */
    enum yaml_kind kind;
} tags[] = {
    {"str", YAML_KIND_STR}, {"null", YAML_KIND_NULL},   {"bool", YAML_KIND_BOOL},
    {"int", YAML_KIND_INT}, {"float", YAML_KIND_FLOAT}, {"timestamp", YAML_KIND_TIMESTAMP},
};

static const char *tag_name(enum yaml_kind kind)
{
    for (size_t i = 0; i < COUNT_OF(tags); i++) {
        if (tags[i].kind == kind) {
            return tags[i].tag;
        }
    }
    return "binary";
}

/* False for tags that do not choose among the types of plain scalars. */
static bool known_tag(struct str tag, enum yaml_kind *kind)
{
    struct str name = str_trim_prefix(tag, STR(TAG_PREFIX));
    for (size_t i = 0; name.n < tag.n && i < COUNT_OF(tags); i++) {
        if (str_eq_c(name, tags[i].tag)) {
            *kind = tags[i].kind;
            return true;
        }
    }
    return false;
}

int yaml_resolve_tag(struct str tag, struct str text, struct yaml_scalar *out, struct err **err)
{
    enum yaml_kind wanted;
    if (!known_tag(tag, &wanted) || wanted == YAML_KIND_STR) {
        bool binary = str_eq(tag, STR(TAG_PREFIX "binary"));
        *out = (struct yaml_scalar){.kind = binary ? YAML_KIND_BINARY : YAML_KIND_STR};
        return 0;
    }
    struct yaml_scalar found = yaml_resolve(text);
    if (found.kind == YAML_KIND_TIMESTAMP && wanted != YAML_KIND_TIMESTAMP) {
        found.kind = YAML_KIND_STR; /* dates are only looked for where one may stand */
    }
    if (found.kind == YAML_KIND_INT && wanted == YAML_KIND_FLOAT) {
        found.kind = YAML_KIND_FLOAT;
        found.number = found.negative ? -(double)found.magnitude : (double)found.magnitude;
    }
    if (found.kind != wanted) {
        return err_set(err, ERR_INVALID, "yaml: cannot decode !!%s as a !!%s", tag_name(found.kind),
                       tag_name(wanted));
    }
    *out = found;
    return 0;
}
