/* SPDX-License-Identifier: Apache-2.0
 *
 * http_global: libcurl and OpenSSL with allocators that clear what they give back, so that a secret
 * value or a token does not stay behind in freed memory. The price is about half as many
 * instructions again per request (docs/internals/http.md).
 */
#include <malloc.h>

#include <curl/curl.h>
#include <openssl/crypto.h>

#include "net/http_client.h"

/* noipa: the allocator knows a greater size for a block than the compiler, see wipe_free. clang has
 * no noipa. */
#if __has_attribute(noipa)
__attribute__((noipa))
#endif
static void *
wiping_realloc(void *old, size_t size)
{
    size_t had = old ? malloc_usable_size(old) : 0;
    if (old && size > 0 && size <= had && size >= had / 2) {
        return old;
    }
    void *new = size > 0 || !old ? malloc(size) : NULL;
    if (new &&old) {
        memcpy(new, old, MIN(had, size));
    }
    if (new || size == 0) {
        wipe_free(old);
    }
    return new;
}

static char *copy_string(const char *s)
{
    size_t n = strlen(s) + 1;
    char *copy = malloc(n);
    return copy ? memcpy(copy, s, n) : NULL;
}

static void *openssl_malloc(size_t n, const char *file, int line)
{
    return malloc(n);
}

static void *openssl_realloc(void *p, size_t n, const char *file, int line)
{
    return wiping_realloc(p, n);
}

static void openssl_free(void *p, const char *file, int line)
{
    wipe_free(p);
}

void http_global_init(void)
{
    must(CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) == 1);
    must(curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_free, wiping_realloc, copy_string,
                              calloc) == CURLE_OK);
}

void http_global_done(void)
{
    curl_global_cleanup();
}
