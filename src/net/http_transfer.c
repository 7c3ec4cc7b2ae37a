/* SPDX-License-Identifier: Apache-2.0
 *
 * http_transfer: a call as a curl easy handle.
 *
 * The callbacks here run inside curl. They may end their own transfer by their return value; all
 * else that a user's callback asks for (cancel another call, submit, free the client) is noted by
 * http_client.c and done when curl has returned.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "net/http_client_internal.h"
#include "net/http_fields.h"
#include "net/tls_client.h"

#define MAX_FIELDS      ((size_t)64 << 10)
#define KEEPALIVE_IDLE  30L /* seconds */
#define KEEPALIVE_PROBE 15L
#define USER_TIMEOUT_MS 30000
#define RECEIVE_BUFFER  (16L << 10)
#define BODY_DEFAULT    ((size_t)4 << 20)

/* RECEIVE_BUFFER: each transfer has one. With HTTP/2, libcurl 7.88 forgets what it holds of a
 * header block that is longer than that, until the server says something else: the call then ends
 * by its time limit. No server that Pawl talks to sends a fifth of it. */

/* ---- the request ---- */

/* Text from outside in a header may not begin another one. */
static bool is_one_line(struct str s)
{
    return s.n > 0 && str_find_byte(s, '\n') < 0 && str_find_byte(s, '\r') < 0 &&
           str_find_byte(s, '\0') < 0;
}

static void add_line(struct curl_slist **list, struct str line)
{
    char *text = str_dup(line);
    *list = curl_slist_append(*list, text);
    wipe_free(text);
    must(*list);
}

/* A credential stays in pages that are not dumped for as long as the call lasts, which for a watch
 * is long: the list only points there. Calls with the same credential share it. */
static void add_authorization(struct http_call *call, struct str line)
{
    struct http_client *c = call->client;
    if (!c->authorization || !secret_eq(c->authorization, line)) {
        secret_unref(c->authorization);
        c->authorization = secret_new(line);
    }
    call->authorization = secret_ref(c->authorization);
    add_line(&call->headers, STR("Authorization;"));
    struct curl_slist *last = call->headers;
    while (last->next) {
        last = last->next;
    }
    free(last->data);
    last->data = (char *)(uintptr_t)secret_str(call->authorization).p; /* curl only reads */
}

static void forget_authorization(struct http_call *call)
{
    for (struct curl_slist *h = call->headers; h && call->authorization; h = h->next) {
        h->data = h->data == secret_str(call->authorization).p ? NULL : h->data;
    }
    secret_unrefp(&call->authorization);
}

/* For curl "Name:" means "send no such header", and "Name;" an empty one. */
static void add_header(struct http_call *call, struct str line)
{
    struct str trimmed = str_trim(line);
    if (!str_ends(trimmed, STR(":"))) {
        add_line(&call->headers, trimmed);
        return;
    }
    char *text = str_dup(trimmed);
    text[trimmed.n - 1] = ';';
    add_line(&call->headers, str_c(text));
    free(text);
}

static bool is_authorization(struct str line)
{
    struct str name = STR("Authorization: ");
    return line.n > name.n && str_ieq(str_head(line, name.n), name);
}

static bool has_header(const struct http_request *request, const char *name)
{
    struct str prefix = str_c(name);
    for (size_t i = 0; i < request->n_headers; i++) {
        if (str_ieq(str_head(request->headers[i], prefix.n), prefix)) {
            return true;
        }
    }
    return false;
}

static bool has_body(const struct http_call *call)
{
    return call->body_n > 0 || strcmp(call->method, "POST") == 0 ||
           strcmp(call->method, "PUT") == 0 || strcmp(call->method, "PATCH") == 0;
}

static int copy_headers(struct http_call *call, const struct http_request *request)
{
    for (size_t i = 0; i < request->n_headers; i++) {
        if (!is_one_line(request->headers[i])) {
            return err_set(&call->err, ERR_INVALID,
                           "a header of the request has a line break in it");
        }
        if (is_authorization(request->headers[i]) && !call->authorization) {
            add_authorization(call, request->headers[i]);
        } else {
            add_header(call, request->headers[i]);
        }
    }
    add_line(&call->headers, STR("Expect:")); /* no waiting for 100 Continue */
    if (has_body(call) && !has_header(request, "content-type:")) {
        add_line(&call->headers, STR("Content-Type:")); /* not curl's form type */
    }
    return 0;
}

static char *url_part(CURLU *u, CURLUPart part, unsigned flags)
{
    char *text = NULL;
    if (curl_url_get(u, part, &text, flags) != CURLUE_OK) {
        return xstrdup("");
    }
    char *copy = xstrdup(text);
    curl_free(text);
    return copy;
}

/* tls.server_name: curl verifies the host of the URL, so that becomes the name, and the connection
 * and the Host header are turned back to where the URL pointed. */
static void use_server_name(struct http_call *call, CURLU *u, struct str server_name)
{
    AUTO(freep) char *port = url_part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    AUTO(freep) char *shown_port = url_part(u, CURLUPART_PORT, 0);
    AUTO(freep) char *name = str_dup(server_name);
    AUTO(freep) char *to = xasprintf("%s:%s:%s:%s", name, port, call->host, port);
    AUTO(freep) char *host =
        xasprintf("Host: %s%s%s", call->host, *shown_port ? ":" : "", shown_port);
    must(curl_url_set(u, CURLUPART_HOST, name, 0) == CURLUE_OK);
    add_line(&call->connect_to, str_c(to));
    add_line(&call->headers, str_c(host));
}

static int copy_url(struct http_call *call, struct str url)
{
    CURLU *u = curl_url();
    must(u);
    AUTO(freep) char *text = str_dup(url);
    CURLUcode rc = curl_url_set(u, CURLUPART_URL, text, CURLU_PATH_AS_IS);
    AUTO(freep) char *scheme = url_part(u, CURLUPART_SCHEME, 0);
    AUTO(freep) char *port = url_part(u, CURLUPART_PORT, 0);
    bool https = strcmp(scheme, "https") == 0;
    call->host = url_part(u, CURLUPART_HOST, 0);
    AUTO(freep) char *origin = xasprintf("%s://%s%s%s", scheme, call->host, *port ? ":" : "", port);
    call->origin = client_origin(call->client, origin);
    if (rc == CURLUE_OK && https && call->client->config.tls.server_name.n > 0) {
        use_server_name(call, u, call->client->config.tls.server_name);
    }
    call->url = url_part(u, CURLUPART_URL, 0);
    curl_url_cleanup(u);
    if (rc != CURLUE_OK || strlen(text) != url.n || !(https || strcmp(scheme, "http") == 0)) {
        return err_set(&call->err, ERR_INVALID, "not an http or https URL (%s)",
                       rc != CURLUE_OK ? curl_url_strerror(rc) : "wrong scheme");
    }
    return 0;
}

void transfer_copy_request(struct http_call *call, const struct http_request *request)
{
    call->request = *request;
    call->method = xstrdup(request->method);
    call->body_n = request->body.n;
    call->body = str_dup(request->body);
    if (copy_url(call, request->url) == 0) {
        (void)copy_headers(call, request);
    }
}

void transfer_free_request(struct http_call *call)
{
    forget_authorization(call);
    curl_slist_free_all(call->headers);
    curl_slist_free_all(call->connect_to);
    wipe_free(call->body);
    free(call->method);
    wipe_free(call->url);
    free(call->host);
}

/* ---- callbacks ---- */

/* Both TCP options are for networks that lose packets. A peer that is frozen while its kernel still
 * acknowledges is only found by http_request.silence. */
static int on_new_socket(void *arg, curl_socket_t fd, curlsocktype type UNUSED)
{
    struct http_client *c = arg;
    unsigned ms = USER_TIMEOUT_MS;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
    c->stats.connections++;
    return CURL_SOCKOPT_OK;
}

static CURLcode on_ssl_context(CURL *easy UNUSED, void *ctx, void *arg)
{
    const struct generation *g = arg;
    return tls_client_apply(g->tls, ctx) == 0 ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

static bool is_running(const struct http_call *call)
{
    return call->state == CALL_RUNNING;
}

static void note_bytes(struct http_call *call)
{
    call->received = true;
    call->last_byte = clock_mono();
}

/* The empty line behind a block of headers. Blocks of 1xx answers are passed over. */
static void headers_end(struct http_call *call)
{
    long status = 0;
    long version = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200) {
        return;
    }
    curl_easy_getinfo(call->easy, CURLINFO_HTTP_VERSION, &version);
    call->origin->multiplexes = version == CURL_HTTP_VERSION_2_0;
    call->status = (int)status;
    call->answered = true;
    client_answered(call);
    if (call->request.on_headers) {
        call->request.on_headers(call->request.arg, call, call->status);
    }
}

static size_t on_header(char *p, size_t one UNUSED, size_t n, void *arg)
{
    struct http_call *call = arg;
    struct str line = str_n(p, n);
    note_bytes(call);
    if (call->answered) {
        return n; /* a trailer */
    }
    if (str_starts(line, STR("HTTP/"))) {
        buf_clear(&call->fields);
    } else if (str_trim(line).n == 0) {
        headers_end(call);
    } else {
        buf_add_str(&call->fields, line);
    }
    if (!buf_ok(&call->fields)) {
        err_set(&call->err, ERR_LIMIT, "the headers of the answer exceed %zu bytes", MAX_FIELDS);
        return 0;
    }
    return is_running(call) ? n : 0;
}

static int stream(struct http_call *call, struct str bytes)
{
    call->streamed += bytes.n;
    if (call->request.max_body > 0 && call->streamed > call->request.max_body) {
        return err_set(&call->err, ERR_LIMIT, "the answer exceeds %zu bytes",
                       call->request.max_body);
    }
    if (call->request.on_chunk(call->request.arg, bytes, &call->err) != 0) {
        if (!call->err) {
            err_set(&call->err, ERR_CANCELLED, "stopped by the receiver");
        }
        return -1;
    }
    return 0;
}

static int collect(struct http_call *call, struct str bytes)
{
    buf_add_str(&call->collected, bytes);
    return buf_ok(&call->collected) ? 0
                                    : err_set(&call->err, ERR_LIMIT, "the answer exceeds %zu bytes",
                                              call->collected.max);
}

/* The bytes lie in a buffer of curl's that a watch keeps as long as it lives; curl is done with
 * them when this returns. */
static size_t on_body(char *p, size_t one UNUSED, size_t n, void *arg)
{
    struct http_call *call = arg;
    bool streams = call->request.on_chunk && call->status / 100 == 2;
    note_bytes(call);
    int rc = streams ? stream(call, str_n(p, n)) : collect(call, str_n(p, n));
    wipe(p, n);
    return rc == 0 && is_running(call) ? n : 0;
}

static size_t on_send(char *to, size_t one UNUSED, size_t room, void *arg)
{
    struct http_call *call = arg;
    size_t n = MIN(room, call->body_n - call->body_sent);
    memcpy(to, call->body + call->body_sent, n);
    call->body_sent += n;
    return n;
}

/* ---- options ---- */

#define SET(option, value) must(curl_easy_setopt(easy, CURLOPT_##option, value) == CURLE_OK)

/* POST and PATCH. curl sends a request again by itself when a connection used before dies without
 * an answer. The server may have acted on the first one, which is why RFC 9110 section 9.2.2
 * forbids that. It cannot do so with a body that cannot be read twice (unless none of it was sent,
 * and then it is safe), nor on a connection of its own. */
static void set_body_to_send_once(struct http_call *call)
{
    CURL *easy = call->easy;
    SET(POST, 1L);
    SET(POSTFIELDSIZE_LARGE, (curl_off_t)call->body_n);
    SET(READFUNCTION, on_send);
    SET(READDATA, call);
    SET(FRESH_CONNECT, call->body_n == 0 ? 1L : 0L);
}

static void set_method(struct http_call *call)
{
    CURL *easy = call->easy;
    if (strcmp(call->method, "HEAD") == 0) {
        SET(NOBODY, 1L);
        return;
    }
    if (strcmp(call->method, "POST") == 0 || strcmp(call->method, "PATCH") == 0) {
        set_body_to_send_once(call);
    } else if (has_body(call)) {
        SET(POSTFIELDS, call->body); /* not copied; the call outlives the handle */
        SET(POSTFIELDSIZE_LARGE, (curl_off_t)call->body_n);
    }
    SET(CUSTOMREQUEST, call->method);
}

/* curl reads only the lower-case http_proxy (in a CGI program a client could set the other). */
static const char *http_proxy_of_environment(const char *url)
{
    const char *proxy = getenv("HTTP_PROXY");
    bool plain = str_starts(str_c(url), STR("http://"));
    return plain && proxy && *proxy && !getenv("http_proxy") ? proxy : NULL;
}

static void set_proxy(struct http_call *call)
{
    CURL *easy = call->easy;
    const struct http_client_config *config = &call->client->config;
    if (config->proxy.n > 0) {
        SET(PROXY, config->proxy.p);
        SET(NOPROXY, ""); /* not the environment's */
    } else if (config->env_proxy) {
        SET(PROXY, http_proxy_of_environment(call->url));
    } else {
        SET(PROXY, "");
        SET(NOPROXY, "*");
    }
    SET(SUPPRESS_CONNECT_HEADERS, 1L);
}

static void set_tls(struct http_call *call, struct generation *g)
{
    CURL *easy = call->easy;
    bool verify = !call->client->config.tls.insecure;
    SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(SSL_VERIFYPEER, verify ? 1L : 0L);
    SET(SSL_VERIFYHOST, verify ? 2L : 0L);
    SET(CAINFO, NULL); /* tls_client.c has them */
    SET(CAPATH, NULL);
    SET(SSL_CTX_FUNCTION, on_ssl_context);
    SET(SSL_CTX_DATA, g);
    SET(SHARE, g->share);
}

static void set_connection(struct http_call *call)
{
    CURL *easy = call->easy;
    const struct http_client_config *config = &call->client->config;
    SET(NOSIGNAL, 1L);
    SET(QUICK_EXIT, 1L); /* cancelling does not wait for a name look-up to end */
    SET(PROTOCOLS_STR, "http,https");
    SET(FOLLOWLOCATION, 0L);
    SET(HTTP_VERSION,
        config->http1_only ? (long)CURL_HTTP_VERSION_1_1 : (long)CURL_HTTP_VERSION_2TLS);
    SET(PIPEWAIT, 1L); /* rather wait for a connection that may become HTTP/2 than open another */
    SET(CONNECTTIMEOUT_MS, (long)(config->connect_timeout / NS_MS));
    SET(CONNECT_TO, call->connect_to);
    SET(TCP_KEEPALIVE, 1L);
    SET(TCP_KEEPIDLE, KEEPALIVE_IDLE);
    SET(TCP_KEEPINTVL, KEEPALIVE_PROBE);
    SET(SOCKOPTFUNCTION, on_new_socket);
    SET(SOCKOPTDATA, call->client);
    SET(BUFFERSIZE, RECEIVE_BUFFER);
    SET(UPLOAD_BUFFERSIZE, RECEIVE_BUFFER);
}

static void set_exchange(struct http_call *call)
{
    CURL *easy = call->easy;
    const struct http_client_config *config = &call->client->config;
    SET(URL, call->url);
    SET(PATH_AS_IS, 1L);
    SET(HTTPHEADER, call->headers);
    SET(USERAGENT, config->user_agent.n > 0 ? config->user_agent.p : NULL);
    SET(ACCEPT_ENCODING, config->compression ? "gzip" : NULL);
    SET(HTTP09_ALLOWED, 0L);
    SET(HEADERFUNCTION, on_header);
    SET(HEADERDATA, call);
    SET(WRITEFUNCTION, on_body);
    SET(WRITEDATA, call);
    SET(PRIVATE, call);
    SET(ERRORBUFFER, call->curl_words);
}

void transfer_setup(struct http_call *call, struct pool *p)
{
    call->easy = curl_easy_init();
    must(call->easy);
    call->curl_words[0] = '\0';
    call->body_sent = 0;
    call->fields = BUF_INIT_WIPE(MAX_FIELDS);
    call->collected = BUF_INIT_WIPE(call->request.max_body ? call->request.max_body : BODY_DEFAULT);
    set_connection(call);
    set_tls(call, p->generation);
    set_proxy(call);
    set_exchange(call);
    set_method(call);
}

void transfer_done(struct http_call *call)
{
    curl_easy_cleanup(call->easy);
    call->easy = NULL;
    buf_done(&call->fields);
    buf_done(&call->collected);
}
