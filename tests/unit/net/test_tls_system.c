/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "net/tls.h"
#include "net/tls_system.h"
#include "test.h"

enum { CAS = 40 };

/* Each test has a folder: bundle.pem with all CAs, and certs/ with what the test puts there. */
static struct fixture {
    char folder[32];
    struct buf cert[CAS];
    struct buf key[CAS];
} fx;

static char *path_of(const char *name)
{
    return xasprintf("%s/%s", fx.folder, name);
}

static void write_file(const char *name, struct str content)
{
    AUTO(freep) char *path = path_of(name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, content.p, content.n), content.n);
    close(fd);
}

static void set(const char *variable, const char *name)
{
    AUTO(freep) char *path = path_of(name);
    setenv(variable, path, 1);
}

/* CAs 2 and 3 have the same name, as after a renewal with a new key. */
static void write_bundle(void)
{
    AUTO(buf_done) struct buf all = BUF_INIT(1 << 20);
    buf_add_c(&all, "# comments stand between them\n");
    for (size_t i = 0; i < CAS; i++) {
        buf_add_str(&all, buf_str(&fx.cert[i]));
        if (i == 10) {
            buf_add_c(&all, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        }
    }
    write_file("bundle.pem", buf_str(&all));
}

static int setup(void **state)
{
    fx = (struct fixture){.folder = "/tmp/pawl-test-cas-XXXXXX"};
    assert_non_null(mkdtemp(fx.folder));
    for (size_t i = 0; i < CAS; i++) {
        AUTO(freep) char *name = xasprintf("CA %zu", i == 3 ? 2 : i);
        fx.cert[i] = BUF_INIT(10000);
        fx.key[i] = BUF_INIT_WIPE(10000);
        assert_int_equal(tls_make_ca(name, &fx.cert[i], &fx.key[i], NULL), 0);
    }
    AUTO(freep) char *certs = path_of("certs");
    assert_int_equal(mkdir(certs, 0700), 0);
    set("SSL_CERT_FILE", "bundle.pem");
    set("SSL_CERT_DIR", "certs");
    return 0;
}

static void remove_all(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        AUTO(freep) char *entry = xasprintf("%s/%s", path, e->d_name);
        if (e->d_name[0] != '.' && unlink(entry) != 0) {
            remove_all(entry);
        }
    }
    closedir(dir);
    assert_int_equal(rmdir(path), 0);
}

static int teardown(void **state)
{
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
    for (size_t i = 0; i < CAS; i++) {
        buf_done(&fx.cert[i]);
        buf_done(&fx.key[i]);
    }
    remove_all(fx.folder);
    return 0;
}

static X509_STORE *trust(void)
{
    AUTO(err_freep) struct err *err = NULL;
    X509_STORE *store = X509_STORE_new();
    assert_ok(tls_system_trust(store, &err), err);
    return store;
}

/* Whether the store trusts a certificate made by that CA. */
static bool trusts(X509_STORE *store, size_t ca)
{
    AUTO(buf_done) struct buf cert = BUF_INIT(10000);
    AUTO(buf_done) struct buf key = BUF_INIT_WIPE(10000);
    const char *name = "a.test";
    assert_int_equal(
        tls_make_leaf(buf_str(&fx.cert[ca]), buf_str(&fx.key[ca]), &name, 1, 1, &cert, &key, NULL),
        0);
    BIO *bio = BIO_new_mem_buf(cert.p, (int)cert.n);
    X509 *leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509_STORE_CTX_init(ctx, store, leaf, NULL);
    bool ok = X509_verify_cert(ctx) == 1;
    X509_STORE_CTX_free(ctx);
    X509_free(leaf);
    BIO_free(bio);
    ERR_clear_error();
    return ok;
}

static void finds_each_ca_of_a_bundle_and_keeps_only_those(void **state)
{
    write_bundle();
    X509_STORE *store = trust();
    assert_int_equal(sk_X509_OBJECT_num(X509_STORE_get0_objects(store)), 0);
    assert_true(trusts(store, 7));
    assert_true(trusts(store, 7));
    assert_int_equal(sk_X509_OBJECT_num(X509_STORE_get0_objects(store)), 1);
    for (size_t i = 0; i < CAS; i++) {
        assert_true(trusts(store, i)); /* also both of one name, and what follows the bad block */
    }
    X509_STORE_free(store);
}

static void trusts_no_other(void **state)
{
    write_file("bundle.pem", buf_str(&fx.cert[2]));
    X509_STORE *store = trust();
    assert_true(trusts(store, 2));
    assert_false(trusts(store, 1));
    assert_false(trusts(store, 3)); /* the same name is not enough */
    X509_STORE_free(store);
}

static void reads_what_lies_in_a_folder(void **state)
{
    write_file("bundle.pem", buf_str(&fx.cert[0]));
    write_file("certs/company.crt", buf_str(&fx.cert[1]));
    write_file("certs/README", STR("no certificate"));
    write_file("hidden.pem", buf_str(&fx.cert[2]));
    AUTO(freep) char *link = path_of("certs/link.pem");
    assert_int_equal(symlink("../hidden.pem", link), 0);
    X509_STORE *store = trust();
    assert_true(trusts(store, 0) && trusts(store, 1) && trusts(store, 2));
    assert_false(trusts(store, 4));
    X509_STORE_free(store);
}

/* A bundle that is replaced while clients use it; new ones see the new one once all old are gone.
 */
static void a_replaced_file_does_no_harm(void **state)
{
    write_file("bundle.pem", buf_str(&fx.cert[0]));
    X509_STORE *old = trust();
    write_file("new.pem", buf_str(&fx.cert[1]));
    AUTO(freep) char *new_path = path_of("new.pem");
    AUTO(freep) char *path = path_of("bundle.pem");
    assert_int_equal(rename(new_path, path), 0);
    assert_true(trusts(old, 0));
    X509_STORE_free(old);
    X509_STORE *new = trust();
    assert_false(trusts(new, 0));
    assert_true(trusts(new, 1));
    /* Changed in place: not trusted any more, and not another one instead. */
    X509_STORE *changed = trust();
    write_file("bundle.pem", buf_str(&fx.cert[4]));
    assert_false(trusts(changed, 1));
    assert_false(trusts(changed, 4));
    X509_STORE_free(changed);
    X509_STORE_free(new);
}

static void says_what_is_missing(void **state)
{
    static const struct {
        const char *content;
        const char *message;
    } rows[] = {
        {NULL, "cannot read SSL_CERT_FILE=/tmp/pawl-test-cas-"},
        {"", "no CA certificates on this machine (none in /tmp/pawl-test-cas-"},
        {"-----BEGIN CERTIFICATE-----\nAAAA", "no CA certificates on this machine"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].content) {
            write_file("bundle.pem", str_c(rows[i].content));
        }
        AUTO(err_freep) struct err *err = NULL;
        X509_STORE *store = X509_STORE_new();
        assert_err(tls_system_trust(store, &err), err, ERR_TLS, rows[i].message);
        X509_STORE_free(store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(finds_each_ca_of_a_bundle_and_keeps_only_those),
        T(trusts_no_other),
        T(reads_what_lies_in_a_folder),
        T(a_replaced_file_does_no_harm),
        T(says_what_is_missing),
    };
    return RUN(tests);
}
