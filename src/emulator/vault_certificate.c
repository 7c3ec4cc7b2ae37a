/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates. One stands for three objects of the same name and version: the certificate, its
 * key, and a secret with everything in it (PKCS#12 or PEM), which is how clients get the private
 * key. Key and secret are "managed": they come, change and go with the certificate.
 */
#include "base/encode.h"
#include "emulator/key_jwk.h"
#include "emulator/vault.h"
#include "emulator/x509_material.h"

#define PKCS12_TYPE "application/x-pkcs12"
#define PEM_TYPE    "application/x-pem-file"

enum { MAX_TEXT = 512 * 1024 };

/* ---- on the wire ---- */

static void write_str(struct json_writer *w, const char *key, struct str value)
{
    json_w_key(w, key);
    json_w_str(w, value);
}

/* The policy is kept without its id and attributes, which are written anew each time. */
static void write_policy(struct vault_call *v, struct json_writer *w, const struct object *o,
                         const struct version *ver, const struct json *policy)
{
    json_w_object(w);
    write_str(
        w, "id",
        arena_printf(v->a, "%.*s/policy", STR_ARG(object_id(v, kind_certificate.live, o, NULL))));
    for (size_t i = 0; i < json_len(policy); i++) {
        json_w_key_str(w, policy->members[i].key);
        json_w_node(w, policy->members[i].value);
    }
    json_w_key(w, "attributes");
    json_w_object(w);
    json_w_key(w, "enabled");
    json_w_bool(w, true);
    json_w_key(w, "created");
    json_w_int(w, ver->created);
    json_w_key(w, "updated");
    json_w_int(w, ver->updated);
    json_w_end(w);
    json_w_end(w);
}

static void certificate_bundle(struct vault_call *v, struct json_writer *w, const struct object *o,
                               const struct version *ver, bool value UNUSED)
{
    const struct json *detail = json_parse(v->a, ver->detail, JSON_PLAIN, NULL);
    write_str(w, "id", object_id(v, kind_certificate.live, o, ver));
    write_str(w, "kid", object_id(v, kind_key.live, o, ver));
    write_str(w, "sid", object_id(v, kind_secret.live, o, ver));
    write_str(w, "x5t", json_find_str(detail, "x5t"));
    json_w_key(w, "cer");
    json_w_base64(w, ver->value);
    write_attributes(v, w, ver, false);
    json_w_key(w, "policy");
    write_policy(v, w, o, ver, json_get(detail, "policy"));
    write_tags(w, ver);
}

static void certificate_item(struct vault_call *v, struct json_writer *w,
                             const struct object *o UNUSED, const struct version *ver)
{
    const struct json *detail = json_parse(v->a, ver->detail, JSON_PLAIN, NULL);
    write_str(w, "x5t", json_find_str(detail, "x5t"));
}

/* ---- the policy of a certificate that is stored ---- */

static const struct {
    uint32_t bit; /* as in RFC 5280 and OpenSSL */
    const char *name;
} usages[] = {{0x0080, "digitalSignature"}, {0x0040, "nonRepudiation"}, {0x0020, "keyEncipherment"},
              {0x0010, "dataEncipherment"}, {0x0008, "keyAgreement"},   {0x0004, "keyCertSign"},
              {0x0002, "cRLSign"}};

static void write_strings(struct json_writer *w, const char *key, const struct str *list, size_t n)
{
    json_w_key(w, key);
    json_w_array(w);
    for (size_t i = 0; i < n; i++) {
        json_w_str(w, list[i]);
    }
    json_w_end(w);
}

static void write_key_props(struct json_writer *w, const struct x509_facts *f)
{
    json_w_key(w, "key_props");
    json_w_object(w);
    json_w_key(w, "exportable");
    json_w_bool(w, true);
    json_w_strings(w, "kty", f->ec ? "EC" : "RSA", NULL);
    json_w_key(w, "key_size");
    json_w_int(w, f->bits);
    if (f->ec) {
        write_str(w, "crv", f->group);
    }
    json_w_key(w, "reuse_key");
    json_w_bool(w, false);
    json_w_end(w);
}

static void write_x509_props(struct json_writer *w, const struct x509_facts *f)
{
    json_w_key(w, "x509_props");
    json_w_object(w);
    write_str(w, "subject", f->subject);
    if (f->n_dns_names > 0) {
        json_w_key(w, "sans");
        json_w_object(w);
        write_strings(w, "dns_names", f->dns_names, f->n_dns_names);
        json_w_end(w);
    }
    write_strings(w, "ekus", f->ekus, f->n_ekus);
    json_w_key(w, "key_usage");
    json_w_array(w);
    for (size_t i = 0; f->key_usage != UINT32_MAX && i < COUNT_OF(usages); i++) {
        if (f->key_usage & usages[i].bit) {
            json_w_c(w, usages[i].name);
        }
    }
    json_w_end(w);
    json_w_key(w, "validity_months");
    json_w_int(w, (f->not_after - f->not_before) / (30 * 24 * 3600));
    json_w_end(w);
}

static void write_actions(struct json_writer *w)
{
    json_w_key(w, "lifetime_actions");
    json_w_array(w);
    json_w_object(w);
    json_w_key(w, "trigger");
    json_w_object(w);
    json_w_key(w, "lifetime_percentage");
    json_w_int(w, 80);
    json_w_end(w);
    json_w_key(w, "action");
    json_w_object(w);
    json_w_strings(w, "action_type", "EmailContacts", NULL);
    json_w_end(w);
    json_w_end(w);
    json_w_end(w);
}

static struct str make_detail(struct vault_call *v, const struct x509_facts *f, const char *type,
                              const char *issuer)
{
    AUTO(buf_done) struct buf text = BUF_INIT(MAX_TEXT);
    AUTO(buf_done) struct buf x5t = BUF_INIT(64);
    base64_encode(&x5t, f->sha1, BASE64_URL | BASE64_RAW);
    struct json_writer w = json_writer(&text);
    json_w_object(&w);
    write_str(&w, "x5t", buf_str(&x5t));
    json_w_key(&w, "policy");
    json_w_object(&w);
    write_key_props(&w, f);
    json_w_key(&w, "secret_props");
    json_w_object(&w);
    json_w_strings(&w, "contentType", type, NULL);
    json_w_end(&w);
    write_x509_props(&w, f);
    write_actions(&w);
    json_w_key(&w, "issuer");
    json_w_object(&w);
    json_w_strings(&w, "name", issuer, NULL);
    json_w_end(&w);
    json_w_end(&w);
    json_w_end(&w);
    return arena_str(v->a, buf_str(&text));
}

/* ---- storing the three objects ---- */

static struct str key_detail(struct vault_call *v, const struct x509_material *m)
{
    AUTO(buf_done) struct buf text = BUF_INIT(MAX_TEXT);
    struct json_writer w = json_writer(&text);
    json_w_object(&w);
    key_write_public(v->a, &w, x509_material_public_key(m));
    json_w_key(&w, "key_ops");
    json_w_array(&w);
    static const char *const operations[] = {"encrypt", "decrypt", "sign",
                                             "verify",  "wrapKey", "unwrapKey"};
    for (size_t i = 0; i < COUNT_OF(operations); i++) {
        json_w_c(&w, operations[i]);
    }
    json_w_end(&w);
    json_w_end(&w);
    return arena_str(v->a, buf_str(&text));
}

/* What the secret behind the certificate holds: base64 of PKCS#12, or PEM. */
static int secret_value(struct vault_call *v, const struct x509_material *m, bool pem,
                        struct str *out)
{
    AUTO(buf_done) struct buf raw = BUF_INIT_WIPE(MAX_TEXT);
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(2 * MAX_TEXT);
    AUTO(err_freep) struct err *err = NULL;
    if (pem) {
        x509_material_write_pem(m, &text);
    } else if (x509_material_write_pkcs12(m, &raw, &err) != 0) {
        fail_bad_parameter(v, str_c(err_msg(err)));
        return -1;
    } else {
        base64_encode(&text, buf_str(&raw), BASE64_STD);
    }
    *out = arena_str(v->a, buf_str(&text));
    return 0;
}

static bool add_version(struct vault_call *v, enum object_type type, struct version *ver,
                        struct object *o)
{
    const struct object_kind *own = v->kind;
    v->kind = object_kind(type);
    bool ok = find_or_add(v, type != OBJECT_CERTIFICATE, o);
    v->kind = own;
    if (ok) {
        version_add(v->s, o->id, ver);
    }
    return ok;
}

/* Stores certificate, key and secret; *o and *ver become the certificate's. False and answered (the
 * transaction is then rolled back by the caller) if a name is taken. */
static bool store_certificate(struct vault_call *v, const struct x509_material *m, const char *type,
                              const char *issuer, struct object *o, struct version *ver)
{
    struct x509_facts facts = x509_material_facts(v->a, m);
    AUTO(buf_done) struct buf der = BUF_INIT(MAX_TEXT);
    bool pem = str_eq_c(str_c(type), PEM_TYPE);
    x509_material_write_der(m, &der);
    *ver = new_version(v);
    if (!read_properties(v, ver)) {
        return false;
    }
    ver->nbf = (struct opt_time){true, facts.not_before};
    ver->exp = (struct opt_time){true, facts.not_after};
    ver->value = arena_str(v->a, buf_str(&der));
    ver->detail = make_detail(v, &facts, type, issuer);
    struct version key = *ver, secret = *ver;
    struct object other;
    key.value = STR_EMPTY;
    key.detail = key_detail(v, m);
    secret.detail = STR_EMPTY;
    secret.has_content_type = true;
    secret.content_type = str_c(type);
    return secret_value(v, m, pem, &secret.value) == 0 &&
           add_version(v, OBJECT_CERTIFICATE, ver, o) && add_version(v, OBJECT_KEY, &key, &other) &&
           add_version(v, OBJECT_SECRET, &secret, &other);
}

/* ---- import ---- */

/* The content type that the policy asks for; else that of what was sent. */
static const char *wanted_type(const struct vault_call *v, bool was_pem)
{
    struct str type = json_find_str(v->body, "policy.secret_props.contentType");
    if (str_eq_c(type, PEM_TYPE)) {
        return PEM_TYPE;
    }
    if (str_eq_c(type, PKCS12_TYPE)) {
        return PKCS12_TYPE;
    }
    return was_pem ? PEM_TYPE : PKCS12_TYPE;
}

void op_import_certificate(struct vault_call *v)
{
    AUTO(x509_material_done) struct x509_material m = {0};
    AUTO(err_freep) struct err *err = NULL;
    struct object o;
    struct version ver;
    if (x509_material_read(&m, json_find_str(v->body, "value"), json_find_str(v->body, "pwd"),
                           &err) != 0) {
        fail_bad_parameter(v, str_c(err_msg(err)));
        return;
    }
    if (store_certificate(v, &m, wanted_type(v, m.was_pem), "Unknown", &o, &ver)) {
        reply_bundle(v, &o, &ver, false);
    } else {
        v->undo = true;
    }
}

/* ---- create: self-signed only ---- */

struct certificate_job {
    struct x509_wish wish;
    struct x509_material made;
    bool failed;
    struct err *err;
};

static void make_certificate(void *arg)
{
    struct certificate_job *job = arg;
    job->failed = x509_material_make(&job->made, &job->wish, &job->err) != 0;
}

static bool read_wish(struct vault_call *v, struct x509_wish *wish)
{
    const struct json *key = json_find(v->body, "policy.key_props");
    const struct json *names = json_find(v->body, "policy.x509_props.sans.dns_names");
    struct str kty = json_find_str(key, "kty");
    struct str curve = json_find_str(key, "crv");
    wish->now = v->now;
    wish->subject = json_find_str(v->body, "policy.x509_props.subject");
    wish->months = (int)json_int(json_find(v->body, "policy.x509_props.validity_months"), 12);
    wish->bits = (int)json_int(json_get(key, "key_size"), 2048);
    wish->ec = str_starts(kty, STR("EC"));
    wish->group = str_eq(curve, STR("P-521")) ? "P-521" : "P-256";
    wish->group = str_eq(curve, STR("P-384")) ? "P-384" : wish->group;
    for (size_t i = 0; i < MIN(json_len(names), COUNT_OF(wish->dns_names)); i++) {
        wish->dns_names[wish->n_dns_names++] = json_str(json_at(names, i));
    }
    bool bits_ok = wish->ec || wish->bits == 2048 || wish->bits == 3072 || wish->bits == 4096;
    return wish->subject.n > 0 && bits_ok && wish->months >= 1 && wish->months <= 1200;
}

static void write_operation(struct vault_call *v, int status, const char *word)
{
    struct object o = {.name = v->name};
    struct str id = object_id(v, kind_certificate.live, &o, NULL);
    struct json_writer w = call_json(v->c, status);
    json_w_object(&w);
    write_str(&w, "id", arena_printf(v->a, "%.*s/pending", STR_ARG(id)));
    json_w_key(&w, "issuer");
    json_w_object(&w);
    json_w_strings(&w, "name", "Self", NULL);
    json_w_end(&w);
    json_w_key(&w, "cancellation_requested");
    json_w_bool(&w, false);
    json_w_strings(&w, "status", word, NULL);
    write_str(&w, "target", id);
    write_str(&w, "request_id", version_new_id(v->a));
    json_w_end(&w);
}

static void finish_create(struct vault_call *v)
{
    struct certificate_job *job = v->job;
    struct object o;
    struct version ver;
    if (job->failed) {
        fail_bad_parameter(v, arena_str(v->a, str_c(err_msg(job->err))));
    } else if (store_certificate(v, &job->made, wanted_type(v, false), "Self", &o, &ver)) {
        write_operation(v, 202, "inProgress");
    } else {
        v->undo = true;
    }
    x509_material_done(&job->made);
    err_free(job->err);
}

void op_create_certificate(struct vault_call *v)
{
    struct certificate_job *job = arena_new(v->a, struct certificate_job);
    if (!str_eq(json_find_str(v->body, "policy.issuer.name"), STR("Self"))) {
        fail_bad_parameter(v,
                           STR("The emulator creates only self-signed certificates: the policy's "
                               "issuer must be \"Self\"."));
    } else if (!read_wish(v, &job->wish)) {
        fail_bad_parameter(v, STR("Property policy has invalid value\r\n"));
    } else {
        vault_work(v, job, make_certificate, finish_create);
    }
}

/* ---- policy and operation ---- */

void op_certificate_policy(struct vault_call *v)
{
    struct object o;
    struct version ver;
    if (!find_version(v, &o, &ver)) {
        return;
    }
    const struct json *detail = json_parse(v->a, ver.detail, JSON_PLAIN, NULL);
    struct json_writer w = call_json(v->c, 200);
    write_policy(v, &w, &o, &ver, json_get(detail, "policy"));
}

/* Creation is over when it is answered, so what is asked for later is always complete. */
void op_certificate_operation(struct vault_call *v)
{
    struct object o;
    struct version ver;
    if (find_version(v, &o, &ver)) {
        write_operation(v, 200, "completed");
    }
}

const struct object_kind kind_certificate = {
    .type = OBJECT_CERTIFICATE,
    .live = "certificates",
    .bin = "deletedcertificates",
    .noun = "Certificate",
    .not_found = "CertificateNotFound",
    .id_member = "id",
    .bundle = certificate_bundle,
    .item = certificate_item,
};
