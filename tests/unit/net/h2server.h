/* SPDX-License-Identifier: Apache-2.0
 *
 * h2server: runs tests/peers/h2server, Go's HTTP/2 server, for a test. The program is named by the
 * environment variable H2SERVER; where that is not set (no Go on this machine) a test skips.
 */
#ifndef PAWL_TESTS_H2SERVER_H
#define PAWL_TESTS_H2SERVER_H

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "net/tls.h"
#include "test.h"

extern char **environ;

struct h2server {
    pid_t pid;
    int stop; /* closing it ends the server */
    int port;
};

/* A CA, and a certificate of it for 127.0.0.1 in the files cert.pem and key.pem of a folder. */
struct h2_authority {
    struct buf ca_cert;
    char folder[32];
};

#define NEEDS_H2SERVER()                                                                           \
    do {                                                                                           \
        if (!getenv("H2SERVER")) {                                                                 \
            print_message("H2SERVER is not set\n");                                                \
            skip();                                                                                \
        }                                                                                          \
    } while (0)

static void h2_write_file(const char *folder, const char *name, const struct buf *content)
{
    AUTO(freep) char *path = xasprintf("%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, content->p, content->n), content->n);
    close(fd);
}

UNUSED static void h2_authority_init(struct h2_authority *a)
{
    *a = (struct h2_authority){.ca_cert = BUF_INIT(10000), .folder = "/tmp/pawl-test-h2-XXXXXX"};
    AUTO(buf_done) struct buf ca_key = BUF_INIT_WIPE(10000);
    AUTO(buf_done) struct buf cert = BUF_INIT(10000);
    AUTO(buf_done) struct buf key = BUF_INIT_WIPE(10000);
    const char *name = "127.0.0.1";
    assert_non_null(mkdtemp(a->folder));
    assert_int_equal(tls_make_ca("Test CA", &a->ca_cert, &ca_key, NULL), 0);
    assert_int_equal(
        tls_make_leaf(buf_str(&a->ca_cert), buf_str(&ca_key), &name, 1, 1, &cert, &key, NULL), 0);
    h2_write_file(a->folder, "cert.pem", &cert);
    h2_write_file(a->folder, "key.pem", &key);
}

UNUSED static void h2_authority_done(struct h2_authority *a)
{
    static const char *const names[] = {"/cert.pem", "/key.pem", ""};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        AUTO(freep) char *path = xasprintf("%s%s", a->folder, names[i]);
        assert_int_equal(remove(path), 0);
    }
    buf_done(&a->ca_cert);
}

/* Starts it, and waits until it listens. */
UNUSED static void h2server_start(struct h2server *s, const struct h2_authority *a,
                                  const char *max_streams)
{
    AUTO(freep) char *cert = xasprintf("%s/cert.pem", a->folder);
    AUTO(freep) char *key = xasprintf("%s/key.pem", a->folder);
    AUTO(freep) char *streams = xstrdup(max_streams);
    char *program = getenv("H2SERVER");
    char *argv[] = {program, cert, key, streams, NULL};
    int in[2];
    int out[2];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    assert_int_equal(posix_spawn(&s->pid, program, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    s->stop = in[1];
    char text[16] = "";
    ssize_t n = read(out[0], text, sizeof(text) - 1);
    close(out[0]);
    int64_t port;
    assert_true(n > 0 && num_parse_i64(str_trim(str_n(text, (size_t)n)), &port));
    s->port = (int)port;
}

UNUSED static void h2server_stop(struct h2server *s)
{
    int status;
    close(s->stop);
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
}

#endif
