/* SPDX-License-Identifier: Apache-2.0
 *
 * certificates: the emulator's own certificate authority (ca.crt and ca.key in the data folder,
 * made at first start) and the TLS contexts of its listener: a certificate is made when a client
 * first asks for a name, so that any vault name works. Or one from files, for every name.
 */
#ifndef PAWL_EMULATOR_CERTIFICATES_H
#define PAWL_EMULATOR_CERTIFICATES_H

#include "emulator/core.h"

struct ssl_ctx_st;

enum { CERTIFICATES_MAX = 1000 };

struct certificates *certificates_new(struct emulator *e, struct err **err) MUST_USE;
void certificates_free(struct certificates *c);
/* For the listener; asks for names (SNI) are answered by itself. */
struct ssl_ctx_st *certificates_context(struct certificates *c);
/* PEM of the authority; empty with certificates from files. */
struct str certificates_ca(const struct certificates *c);

#endif
