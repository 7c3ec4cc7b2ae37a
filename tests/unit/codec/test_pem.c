/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "codec/pem.h"

static void expect(const char *text, const char *blocks, const char *rest_wanted)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf b = BUF_INIT(10000);
    struct str rest = str_c(text);
    struct pem_block block;
    while (pem_next(&a, &rest, &block)) {
        buf_addf(&b, "%.*s=%.*s;", STR_ARG(block.type), STR_ARG(block.der));
    }
    assert_buf(&b, blocks);
    assert_str(rest, rest_wanted);
}

#define BLOCK(type, body) "-----BEGIN " type "-----\n" body "\n-----END " type "-----\n"

static void finding(void **state)
{
    (void)state;
    expect("", "", "");
    expect(BLOCK("A", "aGk="), "A=hi;", "");
    expect("junk\n" BLOCK("A", "aGk=") "more" BLOCK("B", "eA=="), "A=hi;",
           "more" BLOCK("B", "eA=="));
    expect(BLOCK("A", "aGk=") "text\n" BLOCK("B C", "e\nA=\r\n="), "A=hi;B C=x;", "");
    expect("-----BEGIN A-----\r\naGk=\r\n-----END A-----\r\n", "A=hi;", "");
    expect("-----BEGIN A-----\naGk=\n-----END A-----", "A=hi;", "");
    expect("-----BEGIN A-----\n-----END A-----\n", "A=;", "");
    expect(BLOCK("A", "!!") BLOCK("B", "eA=="), "B=x;", ""); /* a malformed one is skipped */
    expect("-----BEGIN A-----\n" BLOCK("A", "aGk="), "A=hi;", "");
    expect("-----BEGIN A-----\naGk=\n-----END B-----\n", "",
           "-----BEGIN A-----\naGk=\n-----END B-----\n");
    expect("x-----BEGIN A-----\naGk=\n-----END A-----\n", "",
           "x-----BEGIN A-----\naGk=\n-----END A-----\n");
    expect("-----BEGIN A-----\naGk=\n-----END A----- x\n", "",
           "-----BEGIN A-----\naGk=\n-----END A----- x\n");
}

static void headers(void **state)
{
    (void)state;
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    struct str rest = STR("-----BEGIN A-----\nZ: 1\nDEK-Info: x,y\nProc-Type: 4,ENCRYPTED\n\naGk=\n"
                          "-----END A-----\n");
    struct pem_block block;
    assert_true(pem_next(&a, &rest, &block));
    assert_int_equal(block.n_headers, 3);
    AUTO(buf_done) struct buf b = BUF_INIT(10000);
    pem_write_block(&b, &block);
    assert_buf(&b, "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x,y\nZ: 1\n\naGk=\n"
                   "-----END A-----\n");
}

static void writing(void **state)
{
    (void)state;
    AUTO(buf_done) struct buf b = BUF_INIT(10000);
    char bytes[49] = {0};
    pem_write(&b, "T", str_n(bytes, sizeof(bytes)));
    assert_buf(&b, "-----BEGIN T-----\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                   "AAAA\nAA==\n-----END T-----\n");
    buf_clear(&b);
    pem_write(&b, "T", STR_EMPTY);
    assert_buf(&b, "-----BEGIN T-----\n-----END T-----\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finding),
        cmocka_unit_test(headers),
        cmocka_unit_test(writing),
    };
    return RUN(tests);
}
