/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "codec/url.h"

static void absolute(void **state)
{
    (void)state;
    static const struct {
        const char *in, *scheme, *host, *authority, *path, *query, *fragment;
        uint16_t written, port;
    } cases[] = {
        {"https://a.vault.azure.net", "https", "a.vault.azure.net", "a.vault.azure.net", "", "", "",
         0, 443},
        {"http://localhost:8080/", "http", "localhost", "localhost:8080", "/", "", "", 8080, 8080},
        {"HTTPS://H/p/q?x=1&y=a/b?c#f?g#h", "HTTPS", "H", "H", "/p/q", "x=1&y=a/b?c", "f?g#h", 0,
         443},
        {"https://[::1]:6443/api", "https", "::1", "[::1]:6443", "/api", "", "", 6443, 6443},
        {"https://[fe80::1.2.3.4]", "https", "fe80::1.2.3.4", "[fe80::1.2.3.4]", "", "", "", 0,
         443},
        {"https://h?q", "https", "h", "h", "", "q", "", 0, 443},
        {"https://h#f", "https", "h", "h", "", "", "f", 0, 443},
        {"unix+x://h_1:1/%2F", "unix+x", "h_1", "h_1:1", "/%2F", "", "", 1, 1},
        {"ftp://h", "ftp", "h", "h", "", "", "", 0, 0},
        {"https://h/\xc3\xa9", "https", "h", "h", "/\xc3\xa9", "", "", 0, 443},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct url url;
        assert_ok(url_parse(str_c(cases[i].in), &url, &err), err);
        assert_str(url.scheme, cases[i].scheme);
        assert_str(url.host, cases[i].host);
        assert_str(url.authority, cases[i].authority);
        assert_str(url.path, cases[i].path);
        assert_str(url.query, cases[i].query);
        assert_str(url.fragment, cases[i].fragment);
        assert_int_equal(url.port, cases[i].written);
        assert_int_equal(url_port(&url), cases[i].port);
        assert_int_equal(url.ipv6, strchr(cases[i].in, '[') != NULL);
    }
    struct url url;
    assert_int_equal(url_parse(STR("https://h/a/b?c=d#e"), &url, NULL), 0);
    assert_str(url.target, "/a/b?c=d");
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *in, *why;
    } cases[] = {
        {"", "scheme"},
        {"/a/b", "scheme"},
        {"a.vault.azure.net", "scheme"},
        {"localhost:8080", "scheme"},
        {"https:/h", "scheme"},
        {"https//h", "scheme"},
        {"1http://h", "scheme"},
        {"ht tp://h", "scheme"},
        {"://h", "scheme"},
        {"https://", "no host"},
        {"https:///p", "no host"},
        {"https://:80", "no host"},
        {"https://user@h/", "user name"},
        {"https://u:p@h/", "user name"},
        {"https://good.example@evil.example/", "user name"},
        {"https://h:0", "port"},
        {"https://h:65536", "port"},
        {"https://h:", "port"},
        {"https://h:+1", "port"},
        {"https://h:8a", "port"},
        {"https://h:1:2", "port"},
        {"https://a b/", "character that no host name has"},
        {"https://a%41/", "character that no host name has"},
        {"https://a\\b/", "character that no host name has"},
        {"https://a,b/", "character that no host name has"},
        {"https://[::1", "IPv6"},
        {"https://[]", "IPv6"},
        {"https://[abc]", "IPv6"},
        {"https://[::1%25eth0]", "IPv6"},
        {"https://[::1]x", "port"},
        {"https://h/a b", "must be escaped"},
        {"https://h/a\nb", "must be escaped"},
        {"https://h/\x7f", "must be escaped"},
        {"https://h/?a=\"b\"", "must be escaped"},
        {"https://h/a\\b", "must be escaped"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(err_freep) struct err *err = NULL;
        struct url url;
        if (url_parse(str_c(cases[i].in), &url, &err) == 0 || !strstr(err->msg, cases[i].why)) {
            fail_msg("%s: %s", cases[i].in, err_msg(err));
        }
    }
    struct url url;
    assert_int_equal(url_parse(str_n("https://h/\0x", 12), &url, NULL), -1);
}

static void errors_hide_secrets(void **state)
{
    (void)state;
    AUTO(err_freep) struct err *err = NULL;
    struct url url;
    assert_int_equal(url_parse(STR("https://user:hunter2@h/"), &url, &err), -1);
    assert_null(strstr(err->msg, "hunter2"));
    assert_int_equal(url_parse(STR("https://h/p?sig=hunter2 "), &url, &err), -1);
    assert_null(strstr(err->msg, "hunter2"));
    assert_non_null(strstr(err->msg, "https://h/p"));

    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct url_params params;
    assert_int_equal(url_params_parse(&a, STR("a=1&sig=hunter2%zz"), URL_FORM, &params, &err), -1);
    assert_null(strstr(err->msg, "hunter2"));
    assert_string_equal(err->msg, "parameter sig: invalid URL escape");
}

static void encoding(void **state)
{
    (void)state;
    static const struct {
        const char *in, *component, *segment, *form;
    } cases[] = {
        {"", "", "", ""},
        {"AZaz09-._~", "AZaz09-._~", "AZaz09-._~", "AZaz09-._~"},
        {"a b", "a%20b", "a%20b", "a+b"},
        {"a+b", "a%2Bb", "a+b", "a%2Bb"},
        {"$&=:@", "%24%26%3D%3A%40", "$&=:@", "%24%26%3D%3A%40"},
        {"/?#[]%", "%2F%3F%23%5B%5D%25", "%2F%3F%23%5B%5D%25", "%2F%3F%23%5B%5D%25"},
        {"!'()*,;", "%21%27%28%29%2A%2C%3B", "%21%27%28%29%2A%2C%3B", "%21%27%28%29%2A%2C%3B"},
        {"\xc3\xa9\n", "%C3%A9%0A", "%C3%A9%0A", "%C3%A9%0A"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *wanted[] = {cases[i].component, cases[i].segment, cases[i].form};
        for (size_t part = 0; part < COUNT_OF(wanted); part++) {
            AUTO(buf_done) struct buf out = BUF_INIT(100);
            AUTO(buf_done) struct buf back = BUF_INIT(100);
            url_encode(&out, str_c(cases[i].in), (enum url_part)part);
            assert_buf(&out, wanted[part]);
            assert_int_equal(url_decode(&back, buf_str(&out), (enum url_part)part, NULL), 0);
            assert_buf(&back, cases[i].in);
        }
    }
}

static void decoding(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT(100);
    AUTO(err_freep) struct err *err = NULL;
    assert_ok(url_decode(&out, STR("a+%2b%2B%00"), URL_COMPONENT, &err), err);
    assert_int_equal(out.n, 5);
    assert_memory_equal(out.p, "a+++\0", 5);
    buf_clear(&out);
    assert_ok(url_decode(&out, STR("a+b%20c"), URL_FORM, &err), err);
    assert_buf(&out, "a b c");
    assert_err(url_decode(&out, STR("x%zzy"), URL_FORM, &err), err, ERR_PARSE,
               "invalid URL escape \"%zz\"");
    assert_err(url_decode(&out, STR("x%4"), URL_FORM, &err), err, ERR_PARSE,
               "invalid URL escape \"%4\"");
    assert_err(url_decode(&out, STR("%"), URL_FORM, &err), err, ERR_PARSE,
               "invalid URL escape \"%\"");
}

static void params(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    struct url_params p;
    struct str value;
    assert_ok(url_params_parse(&a, STR("api-version=7.4&%24top=5&&b&c==&a=1&a=2&x=a+b"),
                               URL_COMPONENT, &p, &err),
              err);
    assert_int_equal(p.n, 7);
    assert_str(url_params_str(&p, "api-version"), "7.4");
    assert_str(url_params_str(&p, "$top"), "5");
    assert_true(url_params_get(&p, "b", &value) && value.n == 0);
    assert_false(url_params_get(&p, "d", NULL));
    assert_str(url_params_str(&p, "d"), "");
    assert_str(url_params_str(&p, "c"), "=");
    assert_str(url_params_str(&p, "a"), "1");
    assert_str(url_params_str(&p, "x"), "a+b");
    assert_ok(url_params_parse(&a, STR("scope=a%2Fb+c&%3D=%26"), URL_FORM, &p, &err), err);
    assert_str(url_params_str(&p, "scope"), "a/b c");
    assert_str(url_params_str(&p, "="), "&");
    assert_ok(url_params_parse(&a, STR_EMPTY, URL_FORM, &p, &err), err);
    assert_int_equal(p.n, 0);

    AUTO(buf_done) struct buf many = BUF_INIT(1 << 20);
    for (int i = 0; i < URL_PARAMS_MAX; i++) {
        buf_add_c(&many, "a&");
    }
    assert_ok(url_params_parse(&a, buf_str(&many), URL_FORM, &p, &err), err);
    buf_add_c(&many, "a");
    assert_err(url_params_parse(&a, buf_str(&many), URL_FORM, &p, &err), err, ERR_LIMIT, "1000");
}

static void building(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf url = BUF_INIT(200);
    buf_add_c(&url, "https://h/");
    url_add_segment(&url, STR("secrets"));
    url_add_segment(&url, STR("a b/c"));
    url_add_param(&url, "api-version", STR("7.4"));
    url_add_param(&url, "$top", STR("a&b +"));
    assert_buf(&url, "https://h/secrets/a%20b%2Fc?api-version=7.4&%24top=a%26b%20%2B");
    AUTO(buf_done) struct buf form = BUF_INIT(200);
    url_add_field(&form, "grant_type", STR("client_credentials"));
    url_add_field(&form, "scope", STR("https://vault.azure.net/.default a"));
    assert_buf(&form,
               "grant_type=client_credentials&scope=https%3A%2F%2Fvault.azure.net%2F.default+a");
    struct str path;
    struct str query;
    url_split_target(STR("/a?b?c"), &path, &query);
    assert_str(path, "/a");
    assert_str(query, "b?c");
    url_split_target(STR("/a"), &path, &query);
    assert_str(path, "/a");
    assert_str(query, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absolute),
        cmocka_unit_test(refused),
        cmocka_unit_test(errors_hide_secrets),
        cmocka_unit_test(encoding),
        cmocka_unit_test(decoding),
        cmocka_unit_test(params),
        cmocka_unit_test(building),
    };
    return RUN(tests);
}
