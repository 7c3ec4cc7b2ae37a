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
 * Buffers that libcurl and nghttp2 keep as long as a connection lives are cleared by functions that
 * take the place of SSL_read and of nghttp2's way to send, once what is in them has been handled.
 * Without that the last value read or written would stay there while the connection is idle.
 *
 * free() and realloc(): only with glibc, which offers its own functions under second names. Not
 * with the sanitizers, which have a free() of theirs.
 */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>

#include <curl/curl.h>
#include <openssl/ssl.h>

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

/* ---- memory that is given back ---- */

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

/* ---- buffers of libcurl and nghttp2 ---- */

/* The library's own function of this name, put into *function: POSIX's way to make one of a symbol.
 */
static void find_next(const char *name, void *function)
{
    void *symbol = dlsym(RTLD_NEXT, name);
    must(symbol);
    memcpy(function, &symbol, sizeof(symbol));
}

/* libcurl reads into its buffer only when all that was in it has been handled. So what the new
 * bytes do not cover, all of it if there are none, is cleared. */
EXPORT int SSL_read(SSL *ssl, void *buf, int num)
{
    static _Thread_local int (*next)(SSL * ssl, void *buf, int num);
    if (!next) {
        find_next("SSL_read", &next);
    }
    int n = next(ssl, buf, num);
    if (num > MAX(n, 0)) {
        wipe((char *)buf + MAX(n, 0), (size_t)(num - MAX(n, 0)));
    }
    return n;
}

struct nghttp2_session;
struct nghttp2_session_callbacks;
typedef ssize_t send_fn(struct nghttp2_session *session, const uint8_t *bytes, size_t n, int flags,
                        void *arg);
typedef void set_send_fn(struct nghttp2_session_callbacks *callbacks, send_fn *send);

enum { FRAME_HEAD = 9, FRAME_DATA = 0 };

static send_fn *send_bytes;

/* A whole DATA frame (RFC 9113, section 4.1). Other bytes may be constants of the library. */
static bool is_data_frame(const uint8_t *bytes, size_t n)
{
    if (n <= FRAME_HEAD || bytes[3] != FRAME_DATA) {
        return false;
    }
    size_t size = (size_t)bytes[0] << 16 | (size_t)bytes[1] << 8 | bytes[2];
    return size == n - FRAME_HEAD;
}

/* The buffer of frames is nghttp2's own and is not read again once its bytes are sent. */
static ssize_t send_and_wipe(struct nghttp2_session *session, const uint8_t *bytes, size_t n,
                             int flags, void *arg)
{
    bool data = is_data_frame(bytes, n);
    ssize_t sent = send_bytes(session, bytes, n, flags, arg);
    if (data && sent > 0 && (size_t)sent == n) {
        wipe((void *)(uintptr_t)(bytes + FRAME_HEAD), n - FRAME_HEAD);
    }
    return sent;
}

EXPORT void nghttp2_session_callbacks_set_send_callback(struct nghttp2_session_callbacks *callbacks,
                                                        send_fn *send);
EXPORT void nghttp2_session_callbacks_set_send_callback(struct nghttp2_session_callbacks *callbacks,
                                                        send_fn *send)
{
    set_send_fn *set;
    find_next("nghttp2_session_callbacks_set_send_callback", &set);
    send_bytes = send;
    set(callbacks, send_and_wipe);
}

/* ---- the rest ---- */

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
