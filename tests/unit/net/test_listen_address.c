/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "net/listen_address.h"

static void reads_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *host; /* NULL: refused */
        uint16_t port;
    } rows[] = {
        {":9090", "0.0.0.0", 9090},
        {"127.0.0.1:0", "127.0.0.1", 0},
        {"[::1]:80", "::1", 80},
        {"9090", NULL, 0},
        {":99999", NULL, 0},
        {"::1:80", NULL, 0},
        {":", NULL, 0},
        {"host:x", NULL, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct listen_address a = {0};
        AUTO(err_freep) struct err *err = NULL;
        int rc = listen_address_parse(str_c(rows[i].text), &a, &err);
        if (rows[i].host) {
            assert_ok(rc, err);
            assert_string_equal(a.host, rows[i].host);
            assert_int_equal(a.port, rows[i].port);
        } else {
            assert_err(rc, err, ERR_INVALID, rows[i].text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_addresses)};
    return RUN(tests);
}
