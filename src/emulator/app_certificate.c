/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "emulator/app_certificate.h"

#include "emulator/x509_material.h"

static struct str thumbprint(struct arena *a, const X509 *cert, const EVP_MD *md)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    must(X509_digest(cert, md, hash, &n) == 1);
    return arena_str(a, str_n(hash, n));
}

X509 *app_certificate_open(struct str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.n ? pem.p : "", (int)MIN(pem.n, (size_t)1 << 20));
    must(bio);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    ERR_clear_error();
    return cert;
}

void app_certificate_close(X509 *cert)
{
    X509_free(cert);
}

int app_certificate_read(struct arena *a, struct str pem, struct app_certificate *out,
                         struct err **err)
{
    X509 *cert = app_certificate_open(pem);
    if (!cert) {
        return err_set(err, ERR_INVALID, "there is no PEM certificate in it");
    }
    *out = (struct app_certificate){
        .pem = arena_str(a, pem),
        .sha1 = thumbprint(a, cert, EVP_sha1()),
        .sha256 = thumbprint(a, cert, EVP_sha256()),
        .expires = x509_unix_time(X509_get0_notAfter(cert)),
    };
    X509_free(cert);
    return 0;
}
