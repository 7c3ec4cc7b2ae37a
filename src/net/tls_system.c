/* SPDX-License-Identifier: Apache-2.0
 *
 * tls_system: parsed, the 144 certificates of Debian's bundle take 0.9 MB for as long as a client
 * lives, and a client needs one or two of them. So each is parsed once and dropped; what stays is
 * where it stands and the hash of its subject. OpenSSL asks for an issuer by its subject (an
 * X509_LOOKUP_METHOD, as its own for folders of hashed names is), and only then it is read again.
 *
 * The files stay open: one that is replaced meanwhile is read as it was, and one that is changed in
 * place gives a certificate of another name, or none, which is then not trusted.
 *
 * The index is shared by all clients and goes with the last of them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/vec.h"
#include "net/tls_system.h"

#define MAX_FILES     64
#define MAX_FILE_SIZE ((size_t)8 << 20)
#define MAX_CERTS     4096
#define MAX_PEM_SIZE  ((size_t)64 << 10) /* of one certificate */

struct entry {
    unsigned long subject; /* hash of the name */
    int fd;
    uint32_t offset;
    uint32_t length;
};

struct system_cas {
    VEC(int) files;
    VEC(struct entry) entries;
    size_t refs;
};

static struct system_cas *shared; /* NULL while no store uses it */

/* ---- reading ---- */

static X509 *parse(struct str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    must(bio);
    X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    ERR_clear_error();
    return x;
}

static X509 *read_entry(const struct entry *e)
{
    char text[MAX_PEM_SIZE];
    ssize_t n = pread(e->fd, text, e->length, e->offset);
    return n == (ssize_t)e->length ? parse(str_n(text, (size_t)n)) : NULL;
}

static int read_all(int fd, struct buf *out)
{
    for (;;) {
        char *to = buf_reserve(out, 16 << 10);
        ssize_t n = to ? read(fd, to, 16 << 10) : -1;
        if (n <= 0) {
            return (int)n;
        }
        buf_commit(out, (size_t)n);
    }
}

/* ---- the index ---- */

static unsigned long hash_of(const X509_NAME *name)
{
    return X509_NAME_hash_ex(name, NULL, NULL, NULL);
}

static void index_block(struct system_cas *s, int fd, struct str text, size_t from, size_t to)
{
    X509 *x = to - from <= MAX_PEM_SIZE ? parse(str_sub(text, from, to)) : NULL;
    if (x && s->entries.n < MAX_CERTS) {
        vec_push(&s->entries, (struct entry){.subject = hash_of(X509_get_subject_name(x)),
                                             .fd = fd,
                                             .offset = (uint32_t)from,
                                             .length = (uint32_t)(to - from)});
    }
    X509_free(x);
}

/* Blocks that are no certificates are passed over, as Go does. */
static void index_text(struct system_cas *s, int fd, struct str text)
{
    static const struct str begin = STR_INIT("-----BEGIN CERTIFICATE-----");
    static const struct str end = STR_INIT("-----END CERTIFICATE-----");
    size_t at = 0;
    for (;;) {
        ptrdiff_t from = str_find(str_from(text, at), begin);
        ptrdiff_t to = from < 0 ? -1 : str_find(str_from(text, at + (size_t)from), end);
        if (to < 0) {
            return;
        }
        size_t first = at + (size_t)from;
        at = first + (size_t)to + end.n;
        index_block(s, fd, text, first, at);
    }
}

/* True if the file could be read, whatever is in it. */
static bool index_file(struct system_cas *s, const char *path)
{
    struct stat st;
    int fd = s->files.n < MAX_FILES ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return false;
    }
    size_t before = s->entries.n;
    AUTO(buf_done) struct buf text = BUF_INIT(MAX_FILE_SIZE);
    bool ok = read_all(fd, &text) == 0;
    if (ok) {
        index_text(s, fd, buf_str(&text));
    }
    if (s->entries.n > before) {
        vec_push(&s->files, fd);
    } else {
        (void)close(fd);
    }
    return ok;
}

/* In a folder, Debian has a link for each certificate that is in the bundle as well, and links with
 * hashed names to those. */
static bool is_known_link(int folder, const char *name)
{
    char target[256];
    ssize_t n = readlinkat(folder, name, target, sizeof(target));
    struct str to = str_n(target, n > 0 ? (size_t)n : 0);
    return n > 0 &&
           (str_find_byte(to, '/') < 0 || str_starts(to, STR("/usr/share/ca-certificates/")));
}

static void index_folder(struct system_cas *s, const char *path, const char *bundle)
{
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        AUTO(freep) char *file = xasprintf("%s/%s", path, e->d_name);
        bool is_bundle = bundle && strcmp(file, bundle) == 0;
        if (e->d_name[0] != '.' && !is_bundle && !is_known_link(dirfd(dir), e->d_name)) {
            (void)index_file(s, file);
        }
    }
    if (dir) {
        closedir(dir);
    }
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* The file that was read, or NULL. */
static const char *index_bundle(struct system_cas *s)
{
    static const char *const usual[] = {
        "/etc/ssl/certs/ca-certificates.crt", /* Debian, Alpine, distroless */
        "/etc/pki/tls/certs/ca-bundle.crt",   /* Red Hat */
        "/etc/ssl/ca-bundle.pem",             /* SUSE */
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/cert.pem",
    };
    const char *named = environment("SSL_CERT_FILE");
    if (named) {
        return index_file(s, named) ? named : NULL;
    }
    for (size_t i = 0; i < COUNT_OF(usual); i++) {
        if (index_file(s, usual[i])) {
            return usual[i];
        }
    }
    return NULL;
}

/* An unreadable SSL_CERT_FILE is an error, whatever else there is: somebody wants just that. */
static int index_system(struct system_cas *s, struct err **err)
{
    const char *bundle = index_bundle(s);
    const char *file = environment("SSL_CERT_FILE");
    if (file && !bundle) {
        return err_set(err, ERR_TLS, "cannot read SSL_CERT_FILE=%s", file);
    }
    const char *folders = environment("SSL_CERT_DIR");
    struct str rest = str_c(folders ? folders : "/etc/ssl/certs:/etc/pki/tls/certs");
    for (struct str part; str_split(&rest, ':', &part);) {
        AUTO(freep) char *folder = str_dup(part);
        index_folder(s, folder, bundle);
    }
    if (s->entries.n == 0) {
        return err_set(err, ERR_TLS,
                       "no CA certificates on this machine (none in %s); install ca-certificates, "
                       "or set SSL_CERT_FILE",
                       bundle ? bundle : "/etc/ssl/certs");
    }
    return 0;
}

static void unref(struct system_cas *s)
{
    if (--s->refs > 0) {
        return;
    }
    for (size_t i = 0; i < s->files.n; i++) {
        (void)close(s->files.v[i]);
    }
    vec_done(&s->files);
    vec_done(&s->entries);
    free(s);
    shared = NULL;
}

static struct system_cas *ref(struct err **err)
{
    if (!shared) {
        shared = xcalloc(1, sizeof(*shared));
        shared->refs = 1;
        if (index_system(shared, err) != 0) {
            unref(shared);
        }
        return shared;
    }
    shared->refs++;
    return shared;
}

/* ---- what OpenSSL asks ---- */

/* All of that name go into the store (a CA that has been renewed is there twice); OpenSSL looks
 * through those itself when the first is not the one. What is found is lent, as by OpenSSL's own
 * lookups: the reference that counts is the store's, and the caller takes one of its own. */
static int find_by_subject(X509_LOOKUP *lookup, X509_LOOKUP_TYPE type, const X509_NAME *name,
                           X509_OBJECT *found)
{
    const struct system_cas *s = X509_LOOKUP_get_method_data(lookup);
    unsigned long subject = hash_of(name);
    int n = 0;
    for (size_t i = 0; i < s->entries.n && type == X509_LU_X509; i++) {
        X509 *x = s->entries.v[i].subject == subject ? read_entry(&s->entries.v[i]) : NULL;
        if (x && X509_NAME_cmp(X509_get_subject_name(x), name) == 0) {
            must(X509_STORE_add_cert(X509_LOOKUP_get_store(lookup), x) == 1);
            if (n++ == 0) {
                must(X509_OBJECT_set1_X509(found, x) == 1);
                X509_free(x); /* the reference that set1 took */
            }
        }
        X509_free(x);
    }
    return n > 0;
}

static void free_lookup(X509_LOOKUP *lookup)
{
    struct system_cas *s = X509_LOOKUP_get_method_data(lookup);
    if (s) {
        unref(s);
    }
}

static X509_LOOKUP_METHOD *lookup_method(void)
{
    static X509_LOOKUP_METHOD *method; /* for the life of the process */
    if (!method) {
        method = X509_LOOKUP_meth_new("the CAs of this machine");
        must(method && X509_LOOKUP_meth_set_get_by_subject(method, find_by_subject) == 1 &&
             X509_LOOKUP_meth_set_free(method, free_lookup) == 1);
    }
    return method;
}

int tls_system_trust(X509_STORE *store, struct err **err)
{
    struct system_cas *s = ref(err);
    if (!s) {
        return -1;
    }
    X509_LOOKUP *lookup = X509_STORE_add_lookup(store, lookup_method());
    must(lookup && X509_LOOKUP_set_method_data(lookup, s) == 1);
    return 0;
}
