/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "codec/x509.h"

#include <arpa/inet.h>

#include "base/random.h"
#include "codec/keys.h"
#include "codec/pem.h"

void x509_freep(X509 **cert)
{
    X509_free(*cert);
}

X509 *x509_parse(struct str der, struct err **err)
{
    const unsigned char *p = (const unsigned char *)der.p;
    X509 *cert = d2i_X509(NULL, &p, (long)der.n);
    if (!cert || p != (const unsigned char *)der.p + der.n) {
        X509_free(cert);
        keys_error(err, "failed to parse certificate");
        return NULL;
    }
    return cert;
}

void x509_list_done(struct x509_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        X509_free(list->v[i]);
    }
    free(list->v);
    *list = (struct x509_list){0};
}

void x509_list_push(struct x509_list *list, X509 *cert)
{
    list->v = xreallocarray(list->v, list->n + 1, sizeof(X509 *));
    list->v[list->n++] = cert;
}

int x509_parse_pem(struct str pem, struct x509_list *out, struct err **err)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    struct pem_block block;
    while (pem_next(&a, &pem, &block)) {
        X509 *cert = x509_parse(block.der, err);
        if (!cert) {
            return -1;
        }
        x509_list_push(out, cert);
        if (out->n > X509_CHAIN_MAX) {
            return err_set(err, ERR_LIMIT, "more than %d certificates", X509_CHAIN_MAX);
        }
    }
    return 0;
}

int x509_write_pem(struct buf *out, X509 *cert, struct err **err)
{
    unsigned char *der = NULL;
    int n = i2d_X509(cert, &der);
    if (n <= 0) {
        return keys_error(err, "the certificate cannot be encoded");
    }
    pem_write(out, "CERTIFICATE", str_n(der, (size_t)n));
    OPENSSL_free(der);
    return 0;
}

/* ---- chains ---- */

static struct str octets(const ASN1_OCTET_STRING *s)
{
    return s ? str_n(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)) : STR_EMPTY;
}

static struct str authority_id(X509 *cert)
{
    return octets(X509_get0_authority_key_id(cert));
}

static struct str subject_id(X509 *cert)
{
    return octets(X509_get0_subject_key_id(cert));
}

bool x509_has_authority(X509 *cert)
{
    return authority_id(cert).n > 0;
}

bool x509_is_root(X509 *cert)
{
    return !x509_has_authority(cert) || str_eq(authority_id(cert), subject_id(cert));
}

/* The first other certificate whose subject key is this one's authority; its index, or n. */
static size_t parent_of(const struct x509_list *list, size_t i)
{
    for (size_t j = 0; j < list->n; j++) {
        if (j != i && str_eq(authority_id(list->v[i]), subject_id(list->v[j]))) {
            return j;
        }
    }
    return list->n;
}

static int find_leaf(const size_t *parents, size_t n, size_t *leaf, struct err **err)
{
    AUTO(freep) bool *is_parent = xcalloc(n + 1, sizeof(bool));
    for (size_t i = 0; i < n; i++) {
        is_parent[parents[i]] = true;
    }
    size_t leaves = 0;
    *leaf = n;
    for (size_t i = 0; i < n; i++) {
        if (!is_parent[i]) {
            *leaf = i;
            leaves++;
        }
    }
    if (leaves == 0) {
        return err_set(err, ERR_INVALID, "no leaf certificate found");
    }
    if (leaves > 1) {
        return err_set(err, ERR_INVALID, "found multiple leaf or disjunct certificates");
    }
    return 0;
}

int x509_chain(const struct x509_list *list, X509 **out, size_t *n, struct err **err)
{
    AUTO(freep) size_t *parents = xcalloc(list->n + 1, sizeof(size_t));
    for (size_t i = 0; i < list->n; i++) {
        parents[i] = parent_of(list, i);
    }
    size_t at;
    if (find_leaf(parents, list->n, &at, err) != 0) {
        return -1;
    }
    *n = 0;
    for (; at < list->n; at = parents[at]) {
        if (*n == list->n) {
            return err_set(err, ERR_INVALID, "constructing chain resulted in cycle");
        }
        out[(*n)++] = list->v[at];
    }
    return 0;
}

/* ---- alternative names ---- */

static void names_freep(GENERAL_NAMES **names)
{
    GENERAL_NAMES_free(*names);
}

static bool address_text(const ASN1_OCTET_STRING *ip, char *out, socklen_t size)
{
    struct str bytes = octets(ip);
    if (bytes.n != 4 && bytes.n != 16) {
        return false;
    }
    static const char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (char)0xFF, (char)0xFF};
    if (bytes.n == 16 && memcmp(bytes.p, mapped, sizeof(mapped)) == 0) {
        bytes = str_from(bytes, sizeof(mapped));
    }
    return inet_ntop(bytes.n == 4 ? AF_INET : AF_INET6, bytes.p, out, size) != NULL;
}

int x509_sans(X509 *cert, void (*add)(void *arg, struct str name), void *arg, struct err **err)
{
    static const int order[] = {GEN_DNS, GEN_IPADD, GEN_EMAIL, GEN_URI};
    int critical = 0;
    AUTO(names_freep) GENERAL_NAMES *names =
        X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL);
    if (!names && critical != -1) {
        return keys_error(err, "failed to parse certificate: malformed alternative names");
    }
    for (size_t k = 0; k < COUNT_OF(order); k++) {
        for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
            int type;
            const void *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
            char ip[INET6_ADDRSTRLEN];
            if (type != order[k]) {
                continue;
            }
            if (type != GEN_IPADD) {
                add(arg, octets(value));
            } else if (address_text(value, ip, sizeof(ip))) {
                add(arg, str_c(ip));
            }
        }
    }
    return 0;
}

/* ---- making ---- */

static bool set_serial(X509 *cert)
{
    unsigned char bytes[16];
    random_bytes(bytes, sizeof(bytes));
    BIGNUM *n = BN_bin2bn(bytes, sizeof(bytes), NULL);
    bool ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
    BN_free(n);
    return ok;
}

static bool set_name(X509 *cert, struct str common_name)
{
    X509_NAME *name = X509_get_subject_name(cert);
    return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                      (const unsigned char *)common_name.p, (int)common_name.n, -1,
                                      0) == 1;
}

static bool set_times(X509 *cert, int64_t now, int64_t days)
{
    time_t start = (time_t)now;
    const int64_t limit = 365000; /* beyond, ASN.1 time has no form */
    int64_t capped = MAX(-limit, MIN(days, limit));
    return ASN1_TIME_adj(X509_getm_notBefore(cert), start, 0, 0) &&
           ASN1_TIME_adj(X509_getm_notAfter(cert), start, (int)capped, 0);
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = extension && X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    return ok;
}

static bool push_name(GENERAL_NAMES *names, int type, ASN1_STRING *value)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    if (!name || !value) {
        GENERAL_NAME_free(name);
        ASN1_STRING_free(value);
        return false;
    }
    GENERAL_NAME_set0_value(name, type, value);
    return sk_GENERAL_NAME_push(names, name) > 0;
}

static bool push_address(GENERAL_NAMES *names, struct str text)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.n >= sizeof(copy)) {
        return false;
    }
    (void)snprintf(copy, sizeof(copy), "%.*s", STR_ARG(text));
    return push_name(names, GEN_IPADD, a2i_IPADDRESS(copy));
}

static bool push_dns(GENERAL_NAMES *names, struct str text)
{
    ASN1_IA5STRING *value = ASN1_IA5STRING_new();
    return value && ASN1_STRING_set(value, text.p, (int)text.n) && push_name(names, GEN_DNS, value);
}

static int add_names(X509 *cert, const struct x509_request *r, struct err **err)
{
    if (r->n_addresses + r->n_dns_names == 0) {
        return 0;
    }
    AUTO(names_freep) GENERAL_NAMES *names = GENERAL_NAMES_new();
    for (size_t i = 0; i < r->n_dns_names; i++) {
        must(push_dns(names, r->dns_names[i]));
    }
    for (size_t i = 0; i < r->n_addresses; i++) {
        if (!push_address(names, r->addresses[i])) {
            return err_set(err, ERR_INVALID, "error parsing ip: %.*s", STR_ARG(r->addresses[i]));
        }
    }
    must(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) == 1);
    return 0;
}

static bool fill(X509 *cert, const struct x509_request *r, X509 *issuer)
{
    return X509_set_version(cert, X509_VERSION_3) && set_serial(cert) &&
           set_name(cert, r->common_name) && set_times(cert, r->now, r->days) &&
           X509_set_issuer_name(cert, X509_get_subject_name(issuer)) &&
           X509_set_pubkey(cert, r->key) &&
           add_extension(cert, issuer, NID_key_usage,
                         r->ca ? "critical,digitalSignature,keyEncipherment,keyCertSign"
                               : "critical,digitalSignature,keyEncipherment") &&
           add_extension(cert, issuer, NID_ext_key_usage, "serverAuth,clientAuth") &&
           add_extension(cert, issuer, NID_basic_constraints,
                         r->ca ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
           ((!r->ca && !r->key_id) ||
            add_extension(cert, issuer, NID_subject_key_identifier, "hash"));
}

X509 *x509_make(const struct x509_request *r, struct err **err)
{
    X509 *cert = X509_new();
    must(cert);
    X509 *issuer = r->issuer ? r->issuer : cert;
    EVP_PKEY *signer = r->issuer ? r->issuer_key : r->key;
    if (!fill(cert, r, issuer)) {
        keys_error(err, "the certificate cannot be made");
    } else if (add_names(cert, r, err) == 0) {
        if (r->issuer && X509_get0_subject_key_id(issuer)) {
            (void)add_extension(cert, issuer, NID_authority_key_identifier, "keyid");
        }
        bool ed = EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519;
        if (X509_sign(cert, signer, ed ? NULL : EVP_sha256()) > 0) {
            return cert;
        }
        keys_error(err, "the certificate cannot be signed");
    }
    X509_free(cert);
    return NULL;
}
