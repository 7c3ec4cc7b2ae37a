/* SPDX-License-Identifier: Apache-2.0
 *
 * raw_client: a client that sends bytes as they stand and looks at what comes, over TCP or TLS, on
 * the loop of the server that it talks to. For what a proper client would never send.
 */
#ifndef PAWL_TESTS_RAW_CLIENT_H
#define PAWL_TESTS_RAW_CLIENT_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "net/loop.h"
#include "test.h"

struct raw {
    struct loop *loop;
    int fd;
    SSL_CTX *ctx;
    SSL *ssl;
    struct buf in;
    bool eof;
    bool reset;
};

UNUSED static void raw_connect(struct raw *r, struct loop *l, uint16_t port)
{
    *r = (struct raw){.loop = l, .in = BUF_INIT(64 << 20)};
    r->fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(r->fd, (struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(fcntl(r->fd, F_SETFL, O_NONBLOCK), 0);
}

/* Speaks TLS from now on, verifying nothing; `name` is for SNI. True if the handshake succeeded. */
UNUSED static bool raw_tls(struct raw *r, const char *name)
{
    r->ctx = SSL_CTX_new(TLS_client_method());
    r->ssl = SSL_new(r->ctx);
    SSL_set_fd(r->ssl, r->fd);
    SSL_set_tlsext_host_name(r->ssl, name);
    static const unsigned char protocols[] = "\x02h2\x08http/1.1";
    SSL_set_alpn_protos(r->ssl, protocols, sizeof(protocols) - 1);
    for (int i = 0; i < 1000; i++) {
        int rc = SSL_connect(r->ssl);
        if (rc == 1) {
            return true;
        }
        int why = SSL_get_error(r->ssl, rc);
        ERR_clear_error();
        if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
            return false;
        }
        loop_once(r->loop, NS_MS);
    }
    return false;
}

UNUSED static void raw_close(struct raw *r)
{
    SSL_free(r->ssl);
    SSL_CTX_free(r->ctx);
    if (r->fd >= 0) {
        close(r->fd);
    }
    r->fd = -1;
    buf_done(&r->in);
}

UNUSED static void raw_send(struct raw *r, struct str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = r->ssl ? SSL_write(r->ssl, bytes.p, (int)bytes.n)
                           : send(r->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n > 0) {
            bytes = str_from(bytes, (size_t)n);
        } else if (!r->ssl && errno != EAGAIN) {
            return; /* the server has closed; reading will tell */
        }
        loop_once(r->loop, 0);
    }
}

/* Takes what is there, at most n bytes. */
UNUSED static void raw_read_some(struct raw *r, size_t n)
{
    char *to = buf_reserve(&r->in, n);
    assert_non_null(to);
    ssize_t got = r->ssl ? SSL_read(r->ssl, to, (int)n) : recv(r->fd, to, n, 0);
    if (got > 0) {
        buf_commit(&r->in, (size_t)got);
    } else if (r->ssl) {
        int why = SSL_get_error(r->ssl, (int)got);
        r->eof |= why == SSL_ERROR_ZERO_RETURN;
        r->reset |= why == SSL_ERROR_SYSCALL || why == SSL_ERROR_SSL;
        ERR_clear_error();
    } else {
        r->eof |= got == 0;
        r->reset |= got < 0 && errno == ECONNRESET;
    }
}

/* Reads until that text has come, the connection has ended, or five seconds are over. NULL: until
 * the end. */
UNUSED static void raw_read_until(struct raw *r, const char *text)
{
    for (int i = 0; i < 5000 && !r->eof && !r->reset; i++) {
        size_t before = r->in.n;
        raw_read_some(r, 1 << 16);
        if (text && str_find(buf_str(&r->in), str_c(text)) >= 0) {
            return;
        }
        loop_once(r->loop, r->in.n > before ? 0 : NS_MS);
    }
    if (text || (!r->eof && !r->reset)) {
        fail_msg("%s never came; there is: %s", text ? text : "the end", r->in.p);
    }
}

/* Sends, and returns what comes until `text` (NULL: until the end). */
UNUSED static const char *raw_talk(struct raw *r, const char *bytes, const char *text)
{
    buf_clear(&r->in);
    raw_send(r, str_c(bytes));
    raw_read_until(r, text);
    return r->in.p;
}

#endif
