/* SPDX-License-Identifier: Apache-2.0
 *
 * Client assertions at the token endpoint. An input is either a token as it is sent, or, behind a
 * first line "signed", the claims of one that is signed with a key that the emulator trusts, both
 * as the application's certificate and as a foreign issuer. A token is given out only for the
 * latter.
 */
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "emulator_target.h"

#include "codec/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct emulator *e;
static EVP_PKEY *key;
static struct buf thumbprint;

static void add_certificate(struct buf *seed)
{
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    X509 *x = X509_new();
    must(bio && x && X509_set_version(x, X509_VERSION_3) == 1);
    must(ASN1_TIME_set(X509_getm_notBefore(x), 1700000000) != NULL);
    must(ASN1_TIME_set(X509_getm_notAfter(x), 1900000000) != NULL);
    must(X509_set_pubkey(x, key) == 1 && X509_sign(x, key, EVP_sha256()) > 0);
    jwt_thumbprint(x, HASH_SHA256, &thumbprint);
    must(PEM_write_bio_X509(bio, x) == 1);
    size_t n = (size_t)BIO_get_mem_data(bio, &text);
    for (struct str rest = str_n(text, n), line; str_split(&rest, '\n', &line) && line.n > 0;) {
        buf_addf(seed, "          %.*s\n", STR_ARG(line));
    }
    X509_free(x);
    BIO_free(bio);
}

static void trust_issuer(void)
{
    AUTO(buf_done) struct buf jwks = BUF_INIT(10000);
    struct json_writer w = json_writer(&jwks);
    json_w_object(&w);
    json_w_key(&w, "keys");
    json_w_array(&w);
    must(jwk_write(&w, key, JWT_PS256, STR("k"), NULL, NULL) == 0);
    json_w_end(&w);
    json_w_end(&w);
    const struct issuer issuer = {.url = STR("https://i.example"), .jwks = buf_str(&jwks)};
    store_begin(e->store);
    directory_add_issuer(e->store, &issuer, "seed");
    must(store_commit(e->store, NULL) == 0);
}

static void begin(void)
{
    AUTO(buf_done) struct buf seed = BUF_INIT(100000);
    thumbprint = BUF_INIT(100);
    key = EVP_RSA_gen(2048);
    e = target_new();
    buf_add_c(&seed, "tenants: [{id: " TENANT "}]\n"
                     "apps:\n"
                     "  - name: a\n"
                     "    clientId: " CLIENT "\n"
                     "    federatedCredentials: [{issuer: 'https://i.example', subject: s}]\n"
                     "    certificates:\n"
                     "      - pem: |\n");
    add_certificate(&seed);
    buf_add_c(&seed, "vaults: [{name: kv1}]\n");
    target_seed(e, buf_str(&seed));
    trust_issuer();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf token = BUF_INIT(JWT_MAX);
    AUTO(buf_done) struct buf form = BUF_INIT(4 * JWT_MAX);
    struct str text = str_n(data, size);
    if (size > 8 * 1024) {
        return 0;
    }
    if (!e) {
        begin();
    }
    target_reset(e);
    bool is_signed = str_starts(text, STR("signed\n"));
    if (is_signed) {
        const struct jwt_header h = {
            .alg = JWT_PS256, .kid = STR("k"), .x5t_s256 = buf_str(&thumbprint)};
        must(jwt_sign(key, &h, str_from(text, strlen("signed\n")), &token, NULL) == 0);
    } else {
        buf_add_str(&token, text);
    }
    buf_add_c(&form, "grant_type=client_credentials&client_id=" CLIENT
                     "&scope=https://vault.azure.net/.default&client_assertion_type="
                     "urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=");
    url_encode(&form, buf_str(&token), URL_FORM);
    struct target_call t = {.a = &a};
    int status = target_send(e, &t, LISTENER_MAIN, STR("POST"), STR("login.microsoftonline.com"),
                             STR("/" TENANT "/oauth2/v2.0/token"), buf_str(&form));
    must(status == 400 || status == 401 || (status == 200 && is_signed));
    return 0;
}
