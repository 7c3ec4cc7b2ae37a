/* SPDX-License-Identifier: Apache-2.0
 *
 * Small languages of Go in one: quoted literals, numbers, URLs, versions and constraints, times by
 * layouts. The first line is the left operand where there are two.
 */
#include "codec/gonum.h"
#include "codec/goquote.h"
#include "codec/gourl.h"
#include "codec/semver.h"
#include "template/gotime.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static void quoting(struct str s)
{
    AUTO(buf_done) struct buf quoted = BUF_INIT(1 << 22);
    AUTO(buf_done) struct buf back = BUF_INIT(1 << 22);
    goquote(&quoted, s, GOQUOTE_PLAIN);
    must(gounquote(&back, buf_str(&quoted)) && str_eq(buf_str(&back), s));
    (void)gounquote(&back, s);
    uint32_t rune;
    (void)gounquote_rune(s, &rune);
}

static void numbers(struct str s)
{
    int64_t i;
    double f;
    (void)gonum_parse_int(s, 0, &i);
    if (gonum_parse_float(s, &f) == GONUM_OK) {
        AUTO(buf_done) struct buf b = BUF_INIT(4096);
        gonum_format_float(&b, f, 'x', -1);
        double back;
        must(gonum_parse_float(buf_str(&b), &back) == GONUM_OK && (back == f || f != f));
    }
}

static void addresses(struct str s)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct gourl url;
    if (gourl_parse(&a, s, &url, NULL) == 0) {
        AUTO(buf_done) struct buf b = BUF_INIT(1 << 22);
        gourl_print(&b, &url);
        (void)gourl_hostname(url.host);
    }
}

static void versions(struct str left, struct str right)
{
    struct semver v;
    bool ok;
    if (semver_parse(right, &v, NULL) == 0) {
        int rc = semver_check(left, &v, &ok, NULL);
        must(rc == 0 || !ok);
        must(semver_compare(&v, &v) == 0);
    }
}

static void times(struct str layout, struct str text)
{
    struct gotime t;
    AUTO(buf_done) struct buf problem = BUF_INIT(1 << 20);
    if (gotime_parse(layout, text, &t, &problem)) {
        AUTO(buf_done) struct buf b = BUF_INIT(1 << 20);
        gotime_format(&b, &t, layout);
        gotime_string(&b, &t);
    } else {
        must(problem.n > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct str s = str_n(input, size);
    struct str right = s;
    struct str left = STR_EMPTY;
    (void)str_split(&right, '\n', &left);
    quoting(s);
    numbers(left);
    addresses(left);
    versions(left, right);
    times(left, right);
    return 0;
}
