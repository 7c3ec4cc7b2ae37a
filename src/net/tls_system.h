/* SPDX-License-Identifier: Apache-2.0
 *
 * tls_system: the CAs that this machine trusts, found as Go finds them: the bundle that
 * SSL_CERT_FILE names, or else the first of the usual ones, and what lies in the folders of
 * SSL_CERT_DIR, or else in the usual ones. For net/ only.
 */
#ifndef PAWL_NET_TLS_SYSTEM_H
#define PAWL_NET_TLS_SYSTEM_H

#include <openssl/x509.h>

#include "base/err.h"

/* Lets the store find them. ERR_TLS if there are none. */
int tls_system_trust(X509_STORE *store, struct err **err) MUST_USE;

#endif
