/* SPDX-License-Identifier: Apache-2.0
 *
 * http_failure: curl's results as errors: the kind that code decides by, and a text for people: who
 * was asked, what happened, in curl's words, and what to do where that is known. Never a path (that
 * of a webhook is a secret), a header or a body.
 */
#include <openssl/x509_vfy.h>

#include "net/http_client_internal.h"

struct row {
    CURLcode code;
    enum err_kind kind;
    const char *what; /* NULL: curl's words alone */
};

static const struct row rows[] = {
    {CURLE_UNSUPPORTED_PROTOCOL, ERR_INVALID, NULL},
    {CURLE_URL_MALFORMAT, ERR_INVALID, NULL},
    {CURLE_COULDNT_RESOLVE_PROXY, ERR_DNS, "the name of the proxy does not resolve"},
    {CURLE_COULDNT_RESOLVE_HOST, ERR_DNS, "the name does not resolve"},
    {CURLE_COULDNT_CONNECT, ERR_IO, "no connection"},
    {CURLE_PARTIAL_FILE, ERR_IO, "the answer was cut off"},
    {CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT, "no connection in time"},
    {CURLE_GOT_NOTHING, ERR_IO, "the connection was closed without an answer"},
    {CURLE_SEND_ERROR, ERR_IO, "the connection broke"},
    {CURLE_RECV_ERROR, ERR_IO, "the connection broke"},
    {CURLE_SEND_FAIL_REWIND, ERR_IO, "the connection broke; the server may have got the request"},
    {CURLE_HTTP2, ERR_IO, "the connection broke"},
    {CURLE_HTTP2_STREAM, ERR_IO, "the answer was cut off"},
    {CURLE_SSL_CONNECT_ERROR, ERR_TLS, "TLS handshake failed"},
    {CURLE_SSL_CERTPROBLEM, ERR_TLS, "the client certificate cannot be used"},
    {CURLE_SSL_CIPHER, ERR_TLS, NULL},
    {CURLE_PEER_FAILED_VERIFICATION, ERR_TLS, NULL},
    {CURLE_USE_SSL_FAILED, ERR_TLS, NULL},
    {CURLE_SSL_CACERT_BADFILE, ERR_TLS, NULL},
    {CURLE_SSL_SHUTDOWN_FAILED, ERR_TLS, NULL},
    {CURLE_SSL_ISSUER_ERROR, ERR_TLS, NULL},
    {CURLE_SSL_PINNEDPUBKEYNOTMATCH, ERR_TLS, NULL},
    {CURLE_SSL_INVALIDCERTSTATUS, ERR_TLS, NULL},
};

static const struct row *find_row(CURLcode code)
{
    static const struct row other = {CURLE_OK, ERR_IO, NULL};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].code == code) {
            return &rows[i];
        }
    }
    return &other;
}

/* Some of curl's messages quote a proxy URL, which may hold a password. */
static const char *words_of(const struct http_call *call, CURLcode code)
{
    struct str words = str_c(call->curl_words);
    bool plain = words.n > 0 && str_printable(words) && str_find_byte(words, '@') < 0;
    return plain ? call->curl_words : curl_easy_strerror(code);
}

/* What a certificate lacks: "certificate" is one that came, not one of ours. */
static const char *certificate_problem(const struct http_call *call)
{
    long why = 0;
    curl_easy_getinfo(call->easy, CURLINFO_SSL_VERIFYRESULT, &why);
    switch (why) {
    case X509_V_OK:
    case X509_V_ERR_UNSPECIFIED: /* what curl begins with: the chain was never at fault */
        return "the certificate is not for this name";
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "the certificate has expired (or the clock here is wrong)";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "the certificate is not valid yet (or the clock here is wrong)";
    default:
        return "the certificate is not trusted by the given CA";
    }
}

void failure_from_curl(const struct http_call *call, CURLcode code, struct err **err)
{
    const struct row *row = find_row(code);
    const char *words = words_of(call, code);
    const char *what = row->what;
    if (code == CURLE_PEER_FAILED_VERIFICATION) {
        what = certificate_problem(call);
    } else if (!call->received && (code == CURLE_PARTIAL_FILE || code == CURLE_HTTP2_STREAM)) {
        what = find_row(CURLE_GOT_NOTHING)->what;
    }
    if (what) {
        err_set(err, row->kind, "%s (%s)", what, words);
    } else {
        err_set(err, row->kind, "%s", words);
    }
}
