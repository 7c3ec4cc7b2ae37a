/* SPDX-License-Identifier: Apache-2.0
 *
 * http_global: what this process does differently because it speaks HTTP.
 *
 * free() and realloc() of the whole process clear what they give back, so that neither a value nor
 * a token stays behind in freed memory. libcurl and OpenSSL could be given allocators of their own;
 * but nghttp2, under libcurl, cannot: every body sent over HTTP/2 (a Secret, on its way to the API
 * server) and every Authorization header stayed in buffers that it had freed
 * (tests/unit/net/test_http_wipe.c). A program's own free() takes the place of the C library's for
 * all its libraries. It costs as much as the two allocators did: about 60 % more instructions a
 * request, docs/internals/http.md.
 *
 * Only with glibc, which offers its own functions under second names. Not with the sanitizers,
 * which have a free() of theirs.
 */
#include <errno.h>
#include <malloc.h>

#include <curl/curl.h>

#include "net/http_client.h"

#define EXPORT __attribute__((visibility("default")))

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)
extern void __libc_free(void *p);

/* noipa, here and below: the allocator knows a greater size for a block than the compiler. */
EXPORT __attribute__((noipa)) void free(void *p) /* NOLINT(*-parameter-name) */
{
    if (p) {
        int saved = errno;
        explicit_bzero(p, malloc_usable_size(p));
        __libc_free(p);
        errno = saved;
    }
}

/* Never moves by way of the C library, which would leave the old block as it was. */
EXPORT __attribute__((noipa)) void *realloc(void *old, size_t size) /* NOLINT(*-parameter-name) */
{
    if (!old) {
        return malloc(size);
    }
    if (size == 0) {
        free(old);
        return NULL;
    }
    size_t had = malloc_usable_size(old);
    if (size <= had && size >= had / 2) {
        return old;
    }
    void *new = malloc(size);
    if (new) {
        memcpy(new, old, MIN(had, size));
        free(old);
    }
    return new;
}
#endif

/* Debian's libcurl speaks RTMP and so brings GnuTLS along, which tests all its ciphers when it is
 * loaded, unless the program has a function of this name: 0.8 MB of memory less. Nothing here uses
 * GnuTLS. */
EXPORT int _gnutls_global_init_skip(void);
EXPORT int _gnutls_global_init_skip(void)
{
    return 1;
}

void http_global_init(void)
{
    must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

void http_global_done(void)
{
    curl_global_cleanup();
}

struct http_libraries http_libraries(void)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    return (struct http_libraries){info->version,
                                   info->nghttp2_version ? info->nghttp2_version : ""};
}
