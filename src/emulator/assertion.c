/* SPDX-License-Identifier: Apache-2.0
 *
 * What real libraries send differs in form (MSAL Python writes exp with a fraction and no nbf, MSAL
 * Go pads thumbprints in the standard alphabet), so all of it is decoded before it is compared.
 */
#include <math.h>

#include "base/datetime.h"
#include "base/encode.h"
#include "emulator/app_certificate.h"
#include "emulator/entra.h"

enum { SKEW = 300, THUMBPRINT_MAX = 64 };

#define LEARN "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"

static struct problem problem(int code, struct str message)
{
    return (struct problem){.code = code, .message = message};
}

static struct str time_text(struct arena *a, int64_t t)
{
    char text[RFC3339_SIZE];
    /* A time that a client made up may not fit. */
    int64_t limit = INT64_MAX / NS_S;
    return arena_str(a, str_c(rfc3339_format(MAX(MIN(t, limit), 0) * NS_S, text)));
}

static bool claim_time(const struct json *claims, const char *name, int64_t *out)
{
    double d;
    if (!jwt_number(claims, name, &d) || !(fabs(d) < 1e15)) {
        return false;
    }
    *out = (int64_t)floor(d);
    return true;
}

static struct problem check_times(const struct assertion_check *k, const struct jwt *t)
{
    int64_t exp = 0, nbf = k->now;
    if (!claim_time(t->claims, "exp", &exp)) {
        return problem(50027, STR("JWT token is invalid or malformed: it has no exp claim."));
    }
    (void)claim_time(t->claims, "nbf", &nbf);
    if (k->now > exp + SKEW || k->now < nbf - SKEW) {
        return problem(
            700024,
            arena_printf(k->a,
                         "Client assertion is not within its valid time range. Current time: %.*s, "
                         "assertion valid from %.*s, expiry time of assertion %.*s. Review the "
                         "documentation at https://learn.microsoft.com/entra/identity-platform/"
                         "certificate-credentials .",
                         STR_ARG(time_text(k->a, k->now)), STR_ARG(time_text(k->a, nbf)),
                         STR_ARG(time_text(k->a, exp))));
    }
    return problem(0, STR_EMPTY);
}

/* ---- signed with the application's own certificate ---- */

/* Both alphabets, with or without padding; 20 or 32 bytes. */
static bool decode_thumbprint(struct arena *a, struct str text, struct str *out)
{
    AUTO(buf_done) struct buf raw = BUF_INIT(THUMBPRINT_MAX);
    while (text.n > 0 && text.p[text.n - 1] == '=') {
        text.n--;
    }
    bool ok = base64_decode(&raw, text, BASE64_URL | BASE64_RAW, NULL) == 0 ||
              base64_decode(&raw, text, BASE64_STD | BASE64_RAW, NULL) == 0;
    *out = arena_str(a, buf_str(&raw));
    return ok && (out->n == 20 || out->n == 32);
}

static struct problem no_certificate(const struct assertion_check *k, const char *reason,
                                     struct str thumbprint)
{
    AUTO(buf_done) struct buf hex = BUF_INIT(2 * THUMBPRINT_MAX);
    hex_encode(&hex, thumbprint.p, thumbprint.n);
    return problem(
        700027,
        arena_printf(k->a,
                     "The certificate with identifier used to sign the client assertion is not "
                     "registered on application. [Reason - %s, Thumbprint of key used by client: "
                     "'%s', Please visit the Azure Portal, Graph Explorer or directly use MS Graph "
                     "to see configured keys for app Id '%.*s'.]",
                     reason, hex.p, STR_ARG(k->principal->client_id)));
}

static bool signature_fits(const struct jwt *t, struct str pem)
{
    struct x509_st *cert = app_certificate_open(pem);
    bool ok = cert && jwt_verify_cert(t, cert, NULL) == 0;
    app_certificate_close(cert);
    return ok;
}

/* The audience is a token endpoint or the issuer of this tenant, on one of our hosts. */
static bool audience_ok(const struct assertion_check *k, struct str aud)
{
    struct url url;
    if (url_parse(aud, &url, NULL) != 0 || !str_ieq(url.scheme, STR("https"))) {
        return false;
    }
    struct str rest = str_trim_prefix(url.path, STR("/")), tenant = STR_EMPTY;
    (void)str_split(&rest, '/', &tenant);
    struct tenant t;
    return name_list_has(&k->emu->config.login_hosts, url.host) &&
           directory_tenant(k->s, k->a, tenant, &t) && str_eq(t.id, k->tenant->id);
}

static struct problem check_own_claims(const struct assertion_check *k, const struct jwt *t)
{
    if (!str_ieq(json_find_str(t->claims, "sub"), k->principal->client_id)) {
        return problem(700021, STR("Client assertion application identifier doesn't match "
                                   "'client_id' parameter. Review the documentation at "
                                   "https://learn.microsoft.com/entra/identity-platform/"
                                   "certificate-credentials ."));
    }
    if (!audience_ok(k, json_find_str(t->claims, "aud"))) {
        return problem(700023,
                       arena_printf(k->a, "Client assertion audience claim does not match Realm "
                                          "issuer. Review the documentation at "
                                          "https://learn.microsoft.com/entra/identity-platform/"
                                          "certificate-credentials ."));
    }
    return check_times(k, t);
}

struct problem assertion_by_certificate(const struct assertion_check *k, const struct jwt *t)
{
    struct str text = json_get(t->header, "x5t#S256") ? json_find_str(t->header, "x5t#S256")
                                                      : json_find_str(t->header, "x5t");
    struct str thumbprint;
    struct app_certificate cert;
    if (!decode_thumbprint(k->a, text, &thumbprint)) {
        return problem(50027, STR("JWT token is invalid or malformed: the header names no "
                                  "certificate (x5t or x5t#S256)."));
    }
    if (!directory_certificate(k->s, k->a, k->principal->object_id, thumbprint, &cert)) {
        return no_certificate(k, "The key was not found.", thumbprint);
    }
    if (cert.expires <= k->now) {
        return no_certificate(k, "The key used is expired.", thumbprint);
    }
    if (!signature_fits(t, cert.pem)) {
        return no_certificate(k, "The key was found, but the signature does not fit it.",
                              thumbprint);
    }
    return check_own_claims(k, t);
}

/* ---- signed by another issuer ---- */

static struct problem no_record(const struct assertion_check *k, int code, const char *what,
                                struct str value)
{
    return problem(
        code, arena_printf(k->a,
                           "No matching federated identity record found for presented "
                           "assertion %s '%.*s'. Check your federated identity credential "
                           "Subject, Audience and Issuer against the presented assertion. " LEARN,
                           what, STR_ARG(value)));
}

static struct str first_audience(const struct jwt *t)
{
    const struct json *aud = json_get(t->claims, "aud");
    return json_is(aud, JSON_ARRAY) ? json_str(json_at(aud, 0)) : json_str(aud);
}

/* How far the best credential gets: issuer, then subject, then audience. */
static struct problem match(const struct assertion_check *k, const struct jwt *t,
                            const federated_list *list)
{
    struct str issuer = json_find_str(t->claims, "iss");
    struct str subject = json_find_str(t->claims, "sub");
    bool issuer_fits = false, subject_fits = false, subject_nearly = false;
    for (size_t i = 0; i < list->n; i++) {
        const struct federated *f = &list->v[i];
        if (!str_eq(f->issuer, issuer)) {
            continue;
        }
        issuer_fits = true;
        subject_nearly |= str_ieq(f->subject, subject);
        if (!str_eq(f->subject, subject)) {
            continue;
        }
        subject_fits = true;
        if (jwt_has_audience(t->claims, f->audience)) {
            return problem(0, STR_EMPTY);
        }
    }
    if (subject_fits) {
        return no_record(k, 700212, "audience", first_audience(t));
    }
    if (subject_nearly) {
        return problem(7002138, arena_printf(k->a,
                                             "No matching federated identity record found for "
                                             "presented assertion subject '%.*s'. The subject "
                                             "matches with case-insensitive comparison, but not "
                                             "with case-sensitive comparison. Check your federated "
                                             "identity credential Subject, Audience and Issuer "
                                             "against the presented assertion. " LEARN,
                                             STR_ARG(subject)));
    }
    return issuer_fits ? no_record(k, 700213, "subject", subject)
                       : no_record(k, 700211, "issuer", issuer);
}

struct problem assertion_by_federation(const struct assertion_check *k, const struct jwt *t)
{
    federated_list list = {0};
    directory_federated(k->s, k->a, k->principal->object_id, &list);
    struct problem p = match(k, t, &list);
    vec_done(&list);
    return p.code ? p : check_times(k, t);
}
