/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "codec/gourl.h"

static void parts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *scheme, *userinfo, *host, *path, *query, *fragment, *opaque;
        const char *printed;
    } cases[] = {
        {"http://u:p@h:81/p%20q?q=1#f%41", "http", "u:p", "h:81", "/p q", "q=1", "fA", "",
         "http://u:p@h:81/p%20q?q=1#fA"},
        {"HTTPS://[::1]:443", "https", "", "[::1]:443", "", "", "", "", "https://[::1]:443"},
        {"x://h:1:2/", "x", "", "h:1:2", "/", "", "", "", "x://h:1:2/"},
        {"mailto:a@b", "mailto", "", "", "", "", "", "a@b", "mailto:a@b"},
        {"/a/b", "", "", "", "/a/b", "", "", "", "/a/b"},
        {"//h/p", "", "", "h", "/p", "", "", "", "//h/p"},
        {"a/b:c", "", "", "", "a/b:c", "", "", "", "a/b:c"},
        {"", "", "", "", "", "", "", "", ""},
        {"*", "", "", "", "*", "", "", "", "*"},
        {"http://a%40b:c%2f@h/", "http", "a%40b:c%2F", "h", "/", "", "", "",
         "http://a%40b:c%2F@h/"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        AUTO(err_freep) struct err *err = NULL;
        struct gourl url;
        assert_ok(gourl_parse(&a, str_c(cases[i].text), &url, &err), err);
        assert_str(url.scheme, cases[i].scheme);
        assert_str(url.userinfo, cases[i].userinfo);
        assert_str(url.host, cases[i].host);
        assert_str(url.path, cases[i].path);
        assert_str(url.query, cases[i].query);
        assert_str(url.fragment, cases[i].fragment);
        assert_str(url.opaque, cases[i].opaque);
        AUTO(buf_done) struct buf b = BUF_INIT(1000);
        gourl_print(&b, &url);
        assert_buf(&b, cases[i].printed);
    }
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *part;
    } cases[] = {
        {":bad", "parse \":bad\": missing protocol scheme"},
        {"a b:c", "first path segment"},
        {"http://h:x/", "invalid port"},
        {"http://h:1:2/", "invalid port"},
        {"http://[::1", "missing ']'"},
        {"http://[zz]/", "invalid host"},
        {"http://h/%zz", "invalid URL escape \"%zz\""},
        {"http://h%41/", "invalid URL escape"},
        {"http://a b/", "invalid character"},
        {"http://u\"@h/", "invalid userinfo"},
        {"a\x01", "invalid control character"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
        AUTO(err_freep) struct err *err = NULL;
        struct gourl url;
        assert_err(gourl_parse(&a, str_c(cases[i].text), &url, &err), err, ERR_PARSE,
                   cases[i].part);
    }
    assert_str(gourl_hostname(STR("[::1]:80")), "::1");
    assert_str(gourl_hostname(STR("h:80")), "h");
    assert_str(gourl_hostname(STR("h")), "h");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts),
        cmocka_unit_test(refusals),
    };
    return RUN(tests);
}
