/* SPDX-License-Identifier: Apache-2.0 */
#define LOGGER "controllers.ExternalSecret"
#include "test.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

static int pipe_fds[2];

static const char *written(void)
{
    static char text[1000];
    ssize_t n = read(pipe_fds[0], text, sizeof(text) - 1);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static int setup(void **state)
{
    (void)state;
    clock_fake_start(0, 1795535078 * NS_S + 791691 * NS_US);
    return pipe(pipe_fds);
}

static void json_lines(void **state)
{
    (void)state;
    log_configure(&(struct log_config){.level = LOG_INFO, .format = LOG_JSON, .fd = pipe_fds[1]});
    AUTO(err_freep) struct err *err = NULL;
    err_set(&err, ERR_HTTP, "403 \"no\"");
    bool yes = true; /* the word true is an int in C17 */
    LOG_DEBUG("not shown");
    LOG_INFO("reconciled secret", F("namespace", STR("a")), F("n", 3), F("ok", yes),
             F("error", err), F_NS("took", 90 * NS_S), F("name", "db"));
    assert_string_equal(
        written(),
        "{\"level\":\"info\",\"ts\":1795535078.791691,\"logger\":\"controllers."
        "ExternalSecret\",\"msg\":\"reconciled secret\",\"namespace\":\"a\",\"n\":3,"
        "\"ok\":true,\"error\":\"403 \\\"no\\\"\",\"took\":\"1m30s\",\"name\":\"db\"}\n");
}

static void logfmt_lines(void **state)
{
    (void)state;
    log_configure(&(struct log_config){.level = LOG_WARN, .format = LOG_LOGFMT, .fd = pipe_fds[1]});
    LOG_WARN("Starting Reloader", F("k", "v"));
    assert_string_equal(written(), "time=\"2026-11-24T15:44:38Z\" level=warning "
                                   "msg=\"Starting Reloader\" k=\"v\"\n");
}

static void logrus_lines(void **state)
{
    (void)state;
    log_configure(&(struct log_config){.level = LOG_WARN, .format = LOG_LOGRUS, .fd = pipe_fds[1]});
    LOG_WARN("Starting Reloader", F("k", "v"));
    assert_string_equal(written(), "{\"level\":\"warning\",\"time\":\"2026-11-24T15:44:38Z\","
                                   "\"logger\":\"controllers.ExternalSecret\","
                                   "\"msg\":\"Starting Reloader\",\"k\":\"v\"}\n");
}

static void text_lines(void **state)
{
    (void)state;
    log_configure(&(struct log_config){.level = LOG_TRACE, .format = LOG_TEXT, .fd = pipe_fds[1]});
    LOG_TRACE("hello");
    assert_string_equal(written(), "15:44:38 trace hello\n");
}

static void levels(void **state)
{
    (void)state;
    enum log_level level;
    assert_true(log_level_parse(STR("warning"), &level) && level == LOG_WARN);
    assert_true(log_level_parse(STR("debug"), &level) && level == LOG_DEBUG);
    assert_false(log_level_parse(STR("INFO"), &level));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(json_lines), cmocka_unit_test(logfmt_lines),
                                       cmocka_unit_test(logrus_lines), cmocka_unit_test(text_lines),
                                       cmocka_unit_test(levels)};
    return cmocka_run_group_tests(tests, setup, NULL);
}
