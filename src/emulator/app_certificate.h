/* SPDX-License-Identifier: Apache-2.0
 *
 * app_certificate: a certificate that an application is registered with, for signing assertions.
 */
#ifndef PAWL_EMULATOR_APP_CERTIFICATE_H
#define PAWL_EMULATOR_APP_CERTIFICATE_H

#include "emulator/directory.h"

/* The first certificate of a PEM text: its thumbprints and when it expires; in the arena. */
int app_certificate_read(struct arena *a, struct str pem, struct app_certificate *out,
                         struct err **err) MUST_USE;
/* The certificate itself; NULL if there is none. */
struct x509_st *app_certificate_open(struct str pem) MUST_USE;
void app_certificate_close(struct x509_st *cert);

#endif
