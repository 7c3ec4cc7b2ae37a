/* SPDX-License-Identifier: Apache-2.0
 *
 * pawl version: what this program is and what it runs with. The versions are those that are loaded,
 * asked from each library where it can be asked, so that a bug report says what really ran.
 */
#include <crypt.h>
#include <gnu/libc-version.h>
#include <openssl/crypto.h>

#include "cmd/commands.h"
#include "codec/json.h"
#include "codec/yaml.h"
#include "emulator/emulator.h"
#include "net/http_client.h"

struct version_options {
    bool brief;
    char *output;
};

static const struct flag rows[] = {
    {"short", 0, FLAG_BOOL, offsetof(struct version_options, brief),
     .help = "Prints only the version."},
    {"output", 'o', FLAG_STRING, offsetof(struct version_options, output), "table",
     .help = "How to print it.", .choices = "table|json"},
};
static const struct flag_set set = {
    "pawl version", NULL, "Prints the version, how this program was built, and what it runs with.",
    rows, COUNT_OF(rows)};

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED "sanitized"
#else
#define SANITIZED "not sanitized"
#endif
#ifdef __OPTIMIZE__
#define BUILD "optimized, " SANITIZED
#else
#define BUILD "not optimized, " SANITIZED
#endif

struct fact {
    const char *name;
    const char *value;
};

static void print_table(const struct fact *facts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        printf("%-10s %s\n", facts[i].name, facts[i].value);
    }
}

static void print_json(const struct fact *facts, size_t n)
{
    AUTO(buf_done) struct buf out = BUF_INIT(64 * 1024);
    struct json_writer w = json_writer(&out);
    json_w_object(&w);
    for (size_t i = 0; i < n; i++) {
        json_w_key(&w, facts[i].name);
        json_w_c(&w, facts[i].value);
    }
    json_w_end(&w);
    puts(out.p);
}

int cmd_version(int argc, const char *const *argv)
{
    struct version_options o = {0};
    struct flag_rest rest;
    int status = EXIT_OK;
    if (command_options(&set, &o, argc, argv, &rest, &status)) {
        const struct http_libraries http = http_libraries();
        const struct fact facts[] = {
            {"pawl", PAWL_VERSION},
            {"build", BUILD},
            {"compiler", __VERSION__},
            {"glibc", gnu_get_libc_version()},
            {"openssl", OpenSSL_version(OPENSSL_FULL_VERSION_STRING)},
            {"libcurl", http.curl},
            {"nghttp2", http.nghttp2},
            {"libevent", loop_library()},
            {"libyaml", yaml_library()},
            {"re2", "linked statically"}, /* cannot be asked */
            {"sqlite", emulator_library()},
            {"libxcrypt", XCRYPT_VERSION_STR}, /* of the build; cannot be asked either */
        };
        if (o.brief) {
            puts(PAWL_VERSION);
        } else if (strcmp(o.output, "json") == 0) {
            print_json(facts, COUNT_OF(facts));
        } else {
            print_table(facts, COUNT_OF(facts));
        }
    }
    flags_done(&set, &o);
    return status;
}
