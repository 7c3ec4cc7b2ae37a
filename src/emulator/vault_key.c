/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys can be imported, created, read, listed and so on; the emulator does no cryptography with
 * them. The public part of the JWK is kept as detail, the private part as value, which nothing ever
 * gives out. Making an RSA key takes long enough to be done by a worker.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/encode.h"
#include "emulator/key_jwk.h"
#include "emulator/vault.h"

enum { MAX_DETAIL = 64 * 1024, MAX_OPERATIONS = 16 };

/* ---- on the wire ---- */

static void key_bundle(struct vault_call *v, struct json_writer *w, const struct object *o,
                       const struct version *ver, bool value UNUSED)
{
    const struct json *jwk = json_parse(v->a, ver->detail, JSON_PLAIN, NULL);
    json_w_key(w, "key");
    json_w_object(w);
    json_w_key(w, "kid");
    json_w_str(w, object_id(v, kind_key.live, o, ver));
    for (size_t i = 0; i < json_len(jwk); i++) {
        json_w_key_str(w, jwk->members[i].key);
        json_w_node(w, jwk->members[i].value);
    }
    json_w_end(w);
    write_attributes(v, w, ver, true);
    write_tags(w, ver);
    if (o->managed) {
        json_w_key(w, "managed");
        json_w_bool(w, true);
    }
}

static void key_item(struct vault_call *v, struct json_writer *w, const struct object *o,
                     const struct version *ver)
{
}

/* ---- operations of a key ---- */

static void write_operations(struct json_writer *w, struct str kty, const struct json *wanted)
{
    static const char *const rsa[] = {"encrypt", "decrypt", "sign",
                                      "verify",  "wrapKey", "unwrapKey"};
    static const char *const ec[] = {"sign", "verify"};
    json_w_key(w, "key_ops");
    if (json_is(wanted, JSON_ARRAY)) {
        json_w_node(w, wanted);
        return;
    }
    bool is_ec = str_starts(kty, STR("EC"));
    json_w_array(w);
    for (size_t i = 0; i < (is_ec ? COUNT_OF(ec) : COUNT_OF(rsa)); i++) {
        json_w_c(w, is_ec ? ec[i] : rsa[i]);
    }
    json_w_end(w);
}

static bool operations_ok(struct vault_call *v, const struct json *list)
{
    bool ok = json_is_null(list) || (json_is(list, JSON_ARRAY) && list->n <= MAX_OPERATIONS);
    for (size_t i = 0; ok && i < json_len(list); i++) {
        ok = json_is(list->items[i], JSON_STRING) && list->items[i]->text.n <= 32;
    }
    if (!ok) {
        fail_bad_parameter(v, STR("Property key_ops has invalid value\r\n"));
    }
    return ok;
}

static bool key_update(struct vault_call *v, struct version *ver)
{
    const struct json *wanted = json_get(v->body, "key_ops");
    if (!operations_ok(v, wanted)) {
        return false;
    }
    if (json_is_null(wanted)) {
        return true;
    }
    struct json *jwk = json_parse(v->a, ver->detail, JSON_PLAIN, NULL);
    AUTO(buf_done) struct buf text = BUF_INIT(MAX_DETAIL);
    json_set(v->a, jwk, STR("key_ops"), json_clone(v->a, wanted));
    json_touch(jwk);
    json_write(&text, jwk, JSON_WRITE_PLAIN);
    ver->detail = arena_str(v->a, buf_str(&text));
    return true;
}

static void store_key(struct vault_call *v, struct version *ver)
{
    struct object o;
    if (read_properties(v, ver) && find_or_add(v, false, &o)) {
        version_add(v->s, o.id, ver);
        reply_bundle(v, &o, ver, true);
    }
}

/* ---- import ---- */

/* "RSA" or "RSA-HSM", as the client wishes. */
static struct str key_type(struct vault_call *v, struct str kty, const struct json *hsm)
{
    if (json_bool(hsm, false) && !str_ends(kty, STR("-HSM"))) {
        return arena_printf(v->a, "%.*s-HSM", STR_ARG(kty));
    }
    return kty;
}

/* Key Vault has RSA keys of 2048, 3072 and 4096 bits. */
static bool size_ok(struct str kty, const struct json *jwk)
{
    size_t n = str_trim_suffix(json_find_str(jwk, "n"), STR("=")).n;
    return !str_starts(kty, STR("RSA")) || n == base64_encoded_size(256, BASE64_RAW) ||
           n == base64_encoded_size(384, BASE64_RAW) || n == base64_encoded_size(512, BASE64_RAW);
}

static bool public_part(struct vault_call *v, const struct json *jwk, struct version *ver)
{
    struct str kty = json_find_str(jwk, "kty");
    bool octets = str_starts(kty, STR("oct"));
    bool ok = octets ? json_get(jwk, "k") || json_get(jwk, "key_hsm")
                     : json_find_str(jwk, "d").n > 0 && size_ok(kty, jwk) && key_jwk_valid(jwk);
    if (!ok) {
        return false;
    }
    AUTO(buf_done) struct buf text = BUF_INIT(MAX_DETAIL);
    struct json_writer w = json_writer(&text);
    json_w_object(&w);
    json_w_key(&w, "kty");
    json_w_str(&w, key_type(v, kty, json_get(v->body, "Hsm")));
    write_operations(&w, kty, json_get(jwk, "key_ops"));
    static const char *const members[] = {"n", "e", "crv", "x", "y"};
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        if (json_is(json_get(jwk, members[i]), JSON_STRING)) {
            json_w_key(&w, members[i]);
            json_w_str(&w, json_find_str(jwk, members[i]));
        }
    }
    json_w_end(&w);
    ver->detail = arena_str(v->a, buf_str(&text));
    return buf_ok(&text);
}

void op_import_key(struct vault_call *v)
{
    const struct json *jwk = json_get(v->body, "key");
    struct version ver = new_version(v);
    if (!json_is(jwk, JSON_OBJECT) || !operations_ok(v, json_get(jwk, "key_ops"))) {
        if (!json_is(jwk, JSON_OBJECT)) {
            fail_bad_parameter(v, STR("Property key has invalid value\r\n"));
        }
        return;
    }
    if (!public_part(v, jwk, &ver)) {
        fail_bad_parameter(v, STR("The key is not a valid RSA, EC or octet JSON Web Key with its "
                                  "private part."));
        return;
    }
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(CALL_MAX_BODY);
    json_write(&text, jwk, JSON_WRITE_PLAIN);
    ver.value = arena_str(v->a, buf_str(&text));
    store_key(v, &ver);
}

/* ---- create ---- */

/* What a worker makes; it touches nothing else. */
struct key_job {
    bool ec;
    int bits;
    const char *group;
    EVP_PKEY *key;
};

static void make_key(void *arg)
{
    struct key_job *job = arg;
    job->key = job->ec ? EVP_EC_gen(job->group) : EVP_RSA_gen((unsigned)job->bits);
}

static bool read_wish(struct vault_call *v, struct key_job *job)
{
    static const struct {
        const char *curve;
        const char *group;
    } groups[] = {{"P-256", "P-256"}, {"P-384", "P-384"}, {"P-521", "P-521"}};
    struct str kty = json_find_str(v->body, "kty");
    job->bits = (int)json_int(json_get(v->body, "key_size"), 2048);
    job->ec = str_eq(kty, STR("EC")) || str_eq(kty, STR("EC-HSM"));
    if (!job->ec) {
        bool rsa = str_eq(kty, STR("RSA")) || str_eq(kty, STR("RSA-HSM"));
        return rsa && (job->bits == 2048 || job->bits == 3072 || job->bits == 4096);
    }
    struct str curve = json_get(v->body, "crv") ? json_find_str(v->body, "crv") : STR("P-256");
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        if (str_eq_c(curve, groups[i].curve)) {
            job->group = groups[i].group;
        }
    }
    return job->group != NULL;
}

static struct str private_pem(struct arena *a, EVP_PKEY *key)
{
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_secmem());
    must(bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    long n = BIO_get_mem_data(bio, &text);
    struct str pem = arena_str(a, str_n(text, (size_t)n));
    BIO_free(bio);
    return pem;
}

static struct str created_detail(struct vault_call *v, EVP_PKEY *key)
{
    AUTO(buf_done) struct buf text = BUF_INIT(MAX_DETAIL);
    struct json_writer w = json_writer(&text);
    struct str kty = json_find_str(v->body, "kty");
    json_w_object(&w);
    key_write_public(v->a, &w, key);
    write_operations(&w, kty, json_get(v->body, "key_ops"));
    json_w_end(&w);
    struct json *jwk = json_parse(v->a, buf_str(&text), JSON_COPY, NULL);
    json_set(v->a, jwk, STR("kty"), json_new_str(v->a, kty));
    json_touch(jwk);
    buf_clear(&text);
    json_write(&text, jwk, JSON_WRITE_PLAIN);
    return arena_str(v->a, buf_str(&text));
}

/* The op that runs when the key is there needs it; it waits in the call. */
static void finish_create(struct vault_call *v)
{
    struct key_job *job = v->job;
    if (!job->key) {
        vault_error(v->c, VERR_INTERNAL, NULL, STR("The key could not be made."));
        return;
    }
    struct version ver = new_version(v);
    ver.detail = created_detail(v, job->key);
    ver.value = private_pem(v->a, job->key);
    EVP_PKEY_free(job->key);
    store_key(v, &ver);
}

void op_create_key(struct vault_call *v)
{
    struct key_job *job = arena_new(v->a, struct key_job);
    if (!read_wish(v, job)) {
        fail_bad_parameter(v, STR("Property has invalid value\r\n"));
        return;
    }
    if (!operations_ok(v, json_get(v->body, "key_ops"))) {
        return;
    }
    vault_work(v, job, make_key, finish_create);
}

const struct object_kind kind_key = {
    .type = OBJECT_KEY,
    .live = "keys",
    .bin = "deletedkeys",
    .noun = "Key",
    .not_found = "KeyNotFound",
    .id_member = "kid",
    .bundle = key_bundle,
    .update = key_update,
    .item = key_item,
};
