/* SPDX-License-Identifier: Apache-2.0
 *
 * No copy of what was sent or received may stay in our memory, neither while the client goes on
 * nor once it is freed. A server in a process of its own sends canaries; a token goes the other
 * way; then all writable memory of this process is searched for both. The canaries are never
 * spelled out here: the search computes what it looks for byte by byte.
 */
#include <signal.h>
#include <sys/prctl.h>

#include "base/clock.h"
#include "h2server.h"
#include "net/http_client.h"
#include "net/http_server.h"

#define CANARY_SIZE 24

enum { VALUE = 3, TOKEN = 11, BODY = 5 }; /* which canary */

static char canary_byte(int which, size_t i)
{
    return (char)('A' + (i * 7 + (size_t)which * i * i + (size_t)which) % 26);
}

static void add_canary(struct buf *b, int which)
{
    for (size_t i = 0; i < CANARY_SIZE; i++) {
        buf_add_byte(b, canary_byte(which, i));
    }
}

/* ---- the search ---- */

static size_t count_in(const char *p, size_t n, int which)
{
    size_t found = 0;
    for (size_t at = 0; at + CANARY_SIZE <= n; at++) {
        size_t i = 0;
        while (i < CANARY_SIZE && p[at + i] == canary_byte(which, i)) {
            i++;
        }
        found += i == CANARY_SIZE;
    }
    return found;
}

/* In all private writable memory of this process. */
static size_t count_copies(int which)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    char line[512];
    size_t found = 0;
    while (fgets(line, sizeof(line), maps)) {
        unsigned long from;
        unsigned long to;
        char mode[8];
        assert_int_equal(sscanf(line, "%lx-%lx %7s", &from, &to, mode), 3);
        if (str_starts(str_c(mode), STR("rw")) && !strstr(line, "[v")) {
            found += count_in((const char *)from, to - from, which);
        }
    }
    fclose(maps);
    return found;
}

#ifdef __SANITIZE_ADDRESS__
/* It keeps freed memory, and its own is too big to search. */
#define NOT_WITH_SANITIZER() skip()
#else
#define NOT_WITH_SANITIZER()
#endif

static void the_search_finds_a_canary(void **state)
{
    NOT_WITH_SANITIZER();
    struct buf b = BUF_INIT_WIPE(1000);
    assert_int_equal(count_copies(VALUE), 0);
    add_canary(&b, VALUE);
    assert_int_equal(count_copies(VALUE), 1);
    buf_done(&b);
    assert_int_equal(count_copies(VALUE), 0);
}

/* ---- the server, in a process of its own ---- */

static struct h2_authority authority;
static struct buf cert;
static struct buf key;

static void handle(void *arg, struct http_exchange *x)
{
    AUTO(buf_done) struct buf b = BUF_INIT_WIPE(10 << 20);
    if (!str_eq(http_x_path(x), STR("/canary"))) {
        http_reply(x, 404, NULL, STR_EMPTY);
        return;
    }
    size_t n = http_x_query(x).n; /* "n" times ten thousand */
    for (size_t i = 0; i < 1 + n * 10000; i++) {
        add_canary(&b, VALUE);
    }
    http_reply(x, 200, NULL, buf_str(&b));
}

static void serve(int port_to)
{
    struct loop *l = loop_new();
    struct http_server_config config = {.address = "127.0.0.1", .handle = handle};
    config.tls = tls_server_context(buf_str(&cert), buf_str(&key), NULL);
    struct http_server *s = http_server_new(l, &config, NULL);
    uint16_t port = http_server_port(s);
    must(write(port_to, &port, sizeof(port)) == sizeof(port));
    loop_run(l);
}

static pid_t start_server(uint16_t *port)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(fds[1]);
        _exit(0);
    }
    assert_int_equal(read(fds[0], port, sizeof(*port)), sizeof(*port));
    close(fds[0]);
    close(fds[1]);
    return pid;
}

/* ---- the client ---- */

struct answer {
    bool done;
    int status;
    size_t canaries;
};

static void on_done(void *arg, struct http_call *call, const struct http_result *result)
{
    struct answer *a = arg;
    a->done = true;
    a->status = result->status;
    a->canaries += count_in(result->body.p, result->body.n, VALUE);
}

static int on_chunk(void *arg, struct str bytes, struct err **err)
{
    ((struct answer *)arg)->canaries += count_in(bytes.p, bytes.n, VALUE);
    return 0;
}

static struct http_call *fetch(struct http_client *c, uint16_t port, const char *path, bool stream,
                               struct answer *a)
{
    AUTO(freep) char *url = xasprintf("https://127.0.0.1:%u%s", port, path);
    AUTO(buf_done) struct buf token = BUF_INIT_WIPE(1000);
    buf_add_c(&token, "Authorization: Bearer ");
    add_canary(&token, TOKEN);
    struct str headers[] = {buf_str(&token)};
    AUTO(buf_done) struct buf body = BUF_INIT_WIPE(10000);
    for (int i = 0; i < 100; i++) {
        add_canary(&body, BODY);
    }
    return http_submit(c, &(struct http_request){.method = "PUT",
                                                 .url = str_c(url),
                                                 .headers = headers,
                                                 .n_headers = 1,
                                                 .body = buf_str(&body),
                                                 .max_body = 10 << 20,
                                                 .on_chunk = stream ? on_chunk : NULL,
                                                 .done = on_done,
                                                 .arg = a});
}

static void await(struct loop *l, const bool *done)
{
    for (int i = 0; i < 5000 && !*done; i++) {
        loop_once(l, 10 * NS_MS);
    }
    assert_true(*done);
}

static void check_idle(const char *protocol, const char *path)
{
    size_t values = count_copies(VALUE);
    size_t bodies = count_copies(BODY);
    if (values || bodies) {
        fail_msg("%s %s: %zu copies of what was received, %zu of what was sent", protocol, path,
                 values, bodies);
    }
    /* Kept to be used again, guarded. */
    assert_int_equal(count_copies(TOKEN), 1);
}

static void run_client(struct loop *l, uint16_t port, const char *protocol)
{
    struct http_client *c = http_client_new(
        l, &(struct http_client_config){.tls = {.ca_pem = buf_str(&authority.ca_cert)}});
    static const char *const paths[] = {"/canary", "/canary?n", "/canary?nnnn"};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        for (int stream = 0; stream < 2; stream++) {
            struct answer a = {0};
            fetch(c, port, paths[i], stream, &a);
            await(l, &a.done);
            assert_int_equal(a.status, 200);
            assert_true(a.canaries > 0);
            /* libcurl's buffer for HTTP/2 is cleared when the next bytes come. */
            struct answer next = {0};
            fetch(c, port, "/other", false, &next);
            await(l, &next.done);
            check_idle(protocol, paths[i]);
        }
    }
    struct answer cut = {0};
    fetch(c, port, "/canary?nnnn", true, &cut);
    while (cut.canaries == 0) {
        loop_once(l, NS_S);
    }
    print_message(
        "%s: copies while in the middle of an answer: %zu of the value, %zu of the token\n",
        protocol, count_copies(VALUE), count_copies(TOKEN));
    http_client_free(c);
}

static void check(uint16_t port, const char *protocol)
{
    struct loop *l = loop_new();
    run_client(l, port, protocol);
    assert_int_equal(count_copies(VALUE), 0);
    assert_int_equal(count_copies(TOKEN), 0);
    assert_int_equal(count_copies(BODY), 0);
    loop_free(l);
}

static void http1_leaves_nothing_behind(void **state)
{
    NOT_WITH_SANITIZER();
    uint16_t port;
    pid_t pid = start_server(&port);
    check(port, "HTTP/1.1");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void http2_leaves_nothing_behind(void **state)
{
    NOT_WITH_SANITIZER();
    NEEDS_H2SERVER();
    struct h2server s;
    h2server_start(&s, &authority, "100");
    check((uint16_t)s.port, "HTTP/2");
    h2server_stop(&s);
}

static void read_file(const char *name, struct buf *out)
{
    AUTO(freep) char *path = xasprintf("%s/%s", authority.folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, buf_reserve(out, 10000), 10000);
    assert_true(n > 0);
    buf_commit(out, (size_t)n);
    close(fd);
}

static int init(void **state)
{
    http_global_init();
    h2_authority_init(&authority);
    cert = BUF_INIT(10000);
    key = BUF_INIT_WIPE(10000);
    read_file("cert.pem", &cert);
    read_file("key.pem", &key);
    return 0;
}

static int done(void **state)
{
    h2_authority_done(&authority);
    buf_done(&cert);
    buf_done(&key);
    http_global_done();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_search_finds_a_canary),
        cmocka_unit_test(http1_leaves_nothing_behind),
        cmocka_unit_test(http2_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, init, done);
}
