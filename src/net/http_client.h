/* SPDX-License-Identifier: Apache-2.0
 *
 * http_client: requests over HTTP/1.1 and HTTP/2, on the loop. Hides libcurl: nothing else in Pawl
 * includes curl.h, so that the library can be changed in one file.
 *
 * One http_client is one pool of connections with one TLS and proxy setting: the Kubernetes client
 * has one, each (vault, identity) has one. It holds two curl multi handles: plain requests with a
 * small cap of connections, and watches without one, because a full HTTP/2 connection makes curl
 * open a connection per waiting transfer (docs/internals/http.md has the measurements).
 *
 * Ownership: http_submit copies everything in the request; callbacks get borrowed views that are
 * valid during the call. Exactly one `done` follows each submit unless http_cancel comes first;
 * then no callback comes any more. Callbacks may submit and cancel. Loop thread only.
 *
 * Safety: no redirects are followed; only http and https; no environment proxies unless asked for;
 * bodies beyond max_body fail with ERR_LIMIT; bodies and headers are in wiped memory, the header
 * Authorization in that of a struct secret.
 */
#ifndef PAWL_NET_HTTP_CLIENT_H
#define PAWL_NET_HTTP_CLIENT_H

#include "base/buf.h"
#include "base/err.h"
#include "net/loop.h"

struct http_client;
struct http_call;

/* Once per process, before any thread. A program that is linked with this module has a free() that
 * clears memory first. */
void http_global_init(void);
void http_global_done(void);
/* Versions of libcurl and of the HTTP/2 library under it ("" without one), for `pawl version`. */
struct http_libraries {
    const char *curl;
    const char *nghttp2;
};
struct http_libraries http_libraries(void);

struct tls_config {
    struct str ca_pem;       /* PEM bundle that alone is trusted; empty: the system's store */
    struct str extra_ca_pem; /* trusted besides ca_pem or the system's store */
    struct str cert_pem;     /* client certificate chain and key; empty: none */
    struct str key_pem;
    struct str server_name; /* for SNI and verification instead of the URL's host */
    bool insecure;          /* no verification */
};

struct http_client_config {
    struct tls_config tls;
    struct str proxy; /* http:// https:// socks5:// URL; empty: see env_proxy */
    bool env_proxy;   /* honour HTTPS_PROXY, HTTP_PROXY, NO_PROXY */
    bool http1_only;
    size_t max_connections; /* for plain requests; 0: 2 */
    size_t max_in_flight;   /* plain requests at once, others queue in order; 0: 16 */
    ns_t connect_timeout;   /* 0: 10 s */
    struct str user_agent;  /* "pawl/1.2.3 (linux/amd64)" */
    bool compression;       /* ask for gzip; bodies arrive unpacked, and limits count them so */
};

/* Copies the config. TLS settings that cannot be used fail each call with ERR_TLS; so a file that
 * is repaired (http_client_set_tls) repairs the client. */
struct http_client *http_client_new(struct loop *l,
                                    const struct http_client_config *config) MUST_USE;
/* Cancels what is under way. Fine in a callback. NULL is fine. */
void http_client_free(struct http_client *c);
/* Certificates or CA have changed: calls that start from now on use new connections; running ones
 * go on. Does nothing if they have not changed. */
void http_client_set_tls(struct http_client *c, const struct tls_config *tls);

struct http_result {
    struct err *err; /* NULL: an answer came, whatever its status; borrowed */
    int status;      /* 0 without an answer */
    struct str body; /* whole body, terminated (empty if on_chunk took it) */
    ns_t total;      /* submit to end */
    bool new_connection;
};

struct http_request {
    const char *method; /* "GET" ... */
    struct str url;
    struct str body;           /* sent with Content-Length if not empty, or with POST, PUT, PATCH */
    const struct str *headers; /* whole lines "Name: value"; a token goes here */
    size_t n_headers;
    size_t max_body; /* ceiling of the answer; 0: 4 MiB, or none for what on_chunk takes */
    ns_t timeout;    /* from submit to done; 0: 30 s; negative: none (watches) */
    ns_t silence;    /* fails with ERR_TIMEOUT when no byte came for that long; 0: none */
    bool watch;      /* a long-lived stream: goes to the watch pool, counts for no limit */
    /* Optional: status and headers are known. */
    void (*on_headers)(void *arg, struct http_call *call, int status);
    /* Optional: takes 2xx bodies piecewise (others still are collected for `done`). Non-zero stops
     * the transfer with ERR_CANCELLED, or with the error set. */
    int (*on_chunk)(void *arg, struct str bytes, struct err **err);
    void (*done)(void *arg, struct http_call *call, const struct http_result *result);
    void *arg;
};

/* No callback comes before this has returned. The call is gone after `done`.
 *
 * A request that failed on a connection that had been idle, before any byte of an answer, is sent
 * once more if its method is GET, HEAD, PUT or DELETE. (libcurl itself sends any request again if
 * the connection turns out to be closed before the request was sent.) */
struct http_call *http_submit(struct http_client *c, const struct http_request *request);
/* No callback of this call comes after this; the call is gone. NULL is fine. */
void http_cancel(struct http_call *call);
/* A header of the answer, name without case; the empty view if absent. Valid in on_headers, done.
 */
struct str http_header(const struct http_call *call, const char *name);
/* i-th value of a repeated header ("warning"). */
struct str http_header_nth(const struct http_call *call, const char *name, size_t i);
/* Retry-After in seconds or as a date; 0 if absent or in the past; capped at 5 minutes. */
ns_t http_retry_after(const struct http_call *call);

struct http_stats {
    uint64_t requests;
    uint64_t connections; /* sockets opened so far */
    size_t in_flight;
    size_t queued;
    size_t watches;
};
struct http_stats http_client_stats(const struct http_client *c);

#endif
