/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "app/flags.h"
#include "codec/json.h"

struct options {
    bool verbose;
    char *mode;
    int64_t workers;
    ns_t interval;
    struct flag_list names;
};

static const struct flag rows[] = {
    {"verbose", 'v', FLAG_BOOL, offsetof(struct options, verbose), .help = "Says more."},
    {"mode", 0, FLAG_STRING, offsetof(struct options, mode), "fast", .env = "PAWL_TEST_MODE",
     .help = "How to go.", .choices = "fast|slow"},
    {"workers", 0, FLAG_INT, offsetof(struct options, workers), "1", .help = "How many."},
    {"interval", 'i', FLAG_DURATION, offsetof(struct options, interval), "5m",
     .help = "How often."},
    {"names", 0, FLAG_LIST, offsetof(struct options, names), .help = "Which."},
};
static const struct flag_set set = {"pawl test", "FILE", "Tests the table.", rows, COUNT_OF(rows)};
static const struct flag_set no_args = {"pawl test", NULL, "Tests.", rows, COUNT_OF(rows)};

static struct options parsed(int argc, const char *const *argv, struct flag_rest *rest)
{
    struct options o = {0};
    AUTO(err_freep) struct err *err = NULL;
    flags_init(&set, &o);
    assert_ok(flags_parse(&set, &o, argc, argv, rest, &err), err);
    return o;
}

static void reads_every_form(void **state)
{
    (void)state;
    struct flag_rest rest;
    const char *argv[] = {"--verbose", "--mode",      "slow",    "--workers=3", "-i", "1m30s",
                          "file",      "--names=a,b", "--names", "c",           "--", "--other"};
    struct options o = parsed(COUNT_OF(argv), argv, &rest);
    assert_true(o.verbose);
    assert_string_equal(o.mode, "slow");
    assert_int_equal(o.workers, 3);
    assert_int_equal(o.interval, 90 * NS_S);
    assert_int_equal(o.names.n, 3);
    assert_string_equal(o.names.v[2], "c");
    assert_int_equal(rest.n, 2);
    assert_string_equal(rest.args[1], "--other");
    flags_done(&set, &o);
}

static void has_defaults(void **state)
{
    (void)state;
    struct flag_rest rest;
    const char *argv[] = {"--verbose=false"};
    struct options o = parsed(1, argv, &rest);
    assert_false(o.verbose);
    assert_string_equal(o.mode, "fast");
    assert_int_equal(o.interval, 5 * NS_MIN);
    assert_int_equal(o.names.n, 0);
    flags_done(&set, &o);
}

static void reads_lists_as_csv(void **state)
{
    (void)state;
    static const struct {
        const char *arg;
        const char *want[3];
        size_t n;
    } cases[] = {
        {"--names=a, b", {"a", " b"}, 2},
        {"--names=\"a,b\"", {"a,b"}, 1},
        {"--names=\"a\"\"b\",c", {"a\"b", "c"}, 2},
        {"--names=", {NULL}, 0},
        {"--names=a,", {"a", ""}, 2},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct flag_rest rest;
        const char *argv[] = {cases[i].arg};
        struct options o = parsed(1, argv, &rest);
        assert_int_equal(o.names.n, cases[i].n);
        for (size_t k = 0; k < cases[i].n; k++) {
            assert_string_equal(o.names.v[k], cases[i].want[k]);
        }
        flags_done(&set, &o);
    }
}

static void refuses_what_it_does_not_know(void **state)
{
    (void)state;
    static const struct {
        const char *args[2];
        int n;
        const char *text;
    } cases[] = {
        {{"--nope"}, 1, "unknown flag: --nope"},
        {{"-x"}, 1, "unknown shorthand flag: 'x' in -x"},
        {{"--workers", "many"}, 2, "invalid argument \"many\" for \"--workers\" flag"},
        {{"--workers"}, 1, "flag needs an argument: --workers"},
        {{"-i", "300"}, 2, "for \"-i, --interval\" flag"},
        {{"--mode=other"}, 1, "must be one of fast|slow"},
        {{"--names=a\"b"}, 1, "a quote stands alone"},
        {{"--verbose=yes"}, 1, "must be true or false"},
        {{"file"}, 1, "unexpected argument \"file\""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct options o = {0};
        struct flag_rest rest;
        AUTO(err_freep) struct err *err = NULL;
        flags_init(&no_args, &o);
        assert_err(flags_parse(&no_args, &o, cases[i].n, cases[i].args, &rest, &err), err,
                   ERR_INVALID, cases[i].text);
        flags_done(&no_args, &o);
    }
}

static void stronger_sources_win(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    struct options o = {0};
    flags_init(&set, &o);
    struct json *file = json_parse(
        &a, STR("{\"workers\":4,\"mode\":\"slow\",\"verbose\":true,\"names\":[\"x,y\",\"z\"]}"),
        JSON_PLAIN, &err);
    assert_ok(flags_read_config(&set, &o, file, &err), err);
    assert_int_equal(o.workers, 4);
    assert_true(o.verbose);
    assert_string_equal(o.names.v[0], "x,y");
    assert_int_equal(setenv("PAWL_TEST_MODE", "fast", 1), 0);
    assert_ok(flags_read_env(&set, &o, &err), err);
    assert_string_equal(o.mode, "fast");
    struct flag_rest rest;
    const char *argv[] = {"--mode=slow", "--names=n"};
    assert_ok(flags_parse(&set, &o, 2, argv, &rest, &err), err);
    assert_string_equal(o.mode, "slow");
    assert_int_equal(o.names.n, 1);
    assert_int_equal(setenv("PAWL_TEST_MODE", "other", 1), 0);
    assert_err(flags_read_env(&set, &o, &err), err, ERR_INVALID,
               "environment variable PAWL_TEST_MODE: invalid argument");
    file = json_parse(&a, STR("{\"wrokers\":4}"), JSON_PLAIN, NULL);
    assert_err(flags_read_config(&set, &o, file, &err), err, ERR_INVALID,
               "unknown option \"wrokers\"");
    flags_done(&set, &o);
}

static void explains_itself(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT(10000);
    flags_help(&set, &out);
    assert_non_null(strstr(out.p, "Usage: pawl test [flags] FILE\n"));
    assert_non_null(strstr(out.p, "\n      --mode fast|slow\n          How to go. Default: fast. "
                                  "[$PAWL_TEST_MODE]\n"));
    assert_non_null(strstr(out.p, "\n  -v, --verbose\n          Says more.\n"));
    struct flag_rest rest;
    const char *argv[] = {"--nope", "-h"};
    struct options o = parsed(2, argv, &rest);
    assert_true(rest.help);
    flags_done(&set, &o);
}

static void makes_a_page(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf out = BUF_INIT(10000);
    flags_page(&set, &out);
    assert_true(str_starts(buf_str(&out), STR("## pawl test FILE\n\n")));
    assert_non_null(strstr(out.p, "\n| `--mode fast\\|slow` | `fast` | `PAWL_TEST_MODE` | How to "
                                  "go. |\n"));
    assert_non_null(strstr(out.p, "\n| `-v, --verbose` | `false` |  | Says more. |\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_form),     cmocka_unit_test(has_defaults),
        cmocka_unit_test(reads_lists_as_csv),   cmocka_unit_test(refuses_what_it_does_not_know),
        cmocka_unit_test(stronger_sources_win), cmocka_unit_test(explains_itself),
        cmocka_unit_test(makes_a_page),
    };
    return RUN(tests);
}
