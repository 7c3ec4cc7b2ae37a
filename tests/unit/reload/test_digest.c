/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "reload/digest.h"

/* Fingerprints written by Stakater Reloader itself. */
static const struct {
    const char *what;
    enum source_type type;
    const char *object;
    const char *hex;
} vectors[] = {
    {"nothing", SOURCE_CONFIGMAP, "{}", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {"an empty Secret", SOURCE_SECRET, "{\"data\":{}}", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {"null data", SOURCE_SECRET, "{\"data\":null}", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {"k=v", SOURCE_CONFIGMAP, "{\"data\":{\"k\":\"v\"}}",
     "b68eb7a45f9800a87b60f6ab40080bb3f3a5112d"},
    {"bin=AP8=;k=v: binary data as base64", SOURCE_CONFIGMAP,
     "{\"data\":{\"k\":\"v\"},\"binaryData\":{\"bin\":\"AP8=\"}}",
     "a52965cb888b938803e268dc84570cc376106ab0"},
    {"app-x=2;app=1: sorted as whole strings", SOURCE_CONFIGMAP,
     "{\"data\":{\"app\":\"1\",\"app-x\":\"2\"}}", "fa816134e5993db920546c91e2ec3d1ba8868017"},
    {"password=s3cret;user=admin: decoded", SOURCE_SECRET,
     "{\"data\":{\"user\":\"YWRtaW4=\",\"password\":\"czNjcmV0\"},\"type\":\"Opaque\"}",
     "56544a1c8ef84c0b141b00e0b6b0f54d4aa9218e"},
    {"a pod status of a SecretProviderClass", SOURCE_SPC,
     "{\"status\":{\"secretProviderClassName\":\"my-spc\",\"mounted\":true,\"podName\":\"p\","
     "\"objects\":[{\"id\":\"secret/data/db/password\",\"version\":\"v2\"}]}}",
     "4f0641fd75b1e2e9a7c253bac582e9e37d12675c"},
};

static struct digest digest_of(enum source_type type, const char *object)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    AUTO(err_freep) struct err *err = NULL;
    struct digest d;
    const struct json *doc = json_parse(&a, str_c(object), JSON_PLAIN, &err);
    assert_non_null(doc);
    assert_ok(digest_source(type, doc, &d, &err), err);
    return d;
}

static void known_fingerprints(void **state)
{
    (void)state;
    char hex[DIGEST_HEX + 1];
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        struct digest d = digest_of(vectors[i].type, vectors[i].object);
        digest_hex(&d, hex);
        if (strcmp(hex, vectors[i].hex) != 0) {
            fail_msg("%s: got %s", vectors[i].what, hex);
        }
    }
    struct digest marker = digest_delete_marker();
    digest_hex(&marker, hex);
    assert_string_equal(hex, "aae45badef99284e4dae01d6046154ea9d99532f");
}

/* Labels, type and immutable are no content; and the known weakness stays as it is. */
static void what_counts(void **state)
{
    (void)state;
    struct digest a = digest_of(SOURCE_SECRET, "{\"data\":{\"a\":\"eA==\"}}");
    struct digest b =
        digest_of(SOURCE_SECRET, "{\"metadata\":{\"labels\":{\"x\":\"y\"}},\"immutable\":true,"
                                 "\"type\":\"t\",\"data\":{\"a\":\"eA==\"}}");
    assert_true(digest_eq(&a, &b));
    a = digest_of(SOURCE_CONFIGMAP, "{\"data\":{\"a\":\"1;b=2\"}}");
    b = digest_of(SOURCE_CONFIGMAP, "{\"data\":{\"a\":\"1\",\"b\":\"2\"}}");
    assert_true(digest_eq(&a, &b));
    a = digest_of(SOURCE_SECRET, "{\"data\":{\"a\":\"AAEA\"}}");
    b = digest_of(SOURCE_SECRET, "{\"data\":{\"a\":\"AAEB\"}}");
    assert_false(digest_eq(&a, &b));
}

static void malformed_data(void **state)
{
    (void)state;
    static const struct {
        enum source_type type;
        const char *object;
        const char *part;
    } bad[] = {
        {SOURCE_SECRET, "{\"data\":{\"k\":\"s3cret!\"}}", "key \"k\": illegal base64"},
        {SOURCE_SECRET, "{\"data\":{\"k\":1}}", "key \"k\" is not a string"},
        {SOURCE_CONFIGMAP, "{\"data\":[]}", "data is not an object"},
        {SOURCE_CONFIGMAP, "{\"binaryData\":\"x\"}", "binaryData is not an object"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
        AUTO(err_freep) struct err *err = NULL;
        struct digest d;
        const struct json *doc = json_parse(&a, str_c(bad[i].object), JSON_PLAIN, NULL);
        assert_err(digest_source(bad[i].type, doc, &d, &err), err, ERR_PARSE, bad[i].part);
        assert_null(strstr(err->msg, "s3cret"));
    }
}

static void hex_digests(void **state)
{
    (void)state;
    struct digest d;
    char hex[DIGEST_HEX + 1];
    assert_true(digest_parse(STR("4f0641fd75b1e2e9a7c253bac582e9e37d12675c"), &d));
    digest_hex(&d, hex);
    assert_string_equal(hex, "4f0641fd75b1e2e9a7c253bac582e9e37d12675c");
    assert_false(digest_parse(STR("4F0641FD75b1e2e9a7c253bac582e9e37d12675c"), &d));
    assert_false(digest_parse(STR("4f0641fd75b1e2e9a7c253bac582e9e37d1267"), &d));
    assert_false(digest_parse(STR("4f0641fd75b1e2e9a7c253bac582e9e37d12675g"), &d));
    assert_false(digest_parse(STR(""), &d));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_fingerprints),
        cmocka_unit_test(what_counts),
        cmocka_unit_test(malformed_data),
        cmocka_unit_test(hex_digests),
    };
    return RUN(tests);
}
