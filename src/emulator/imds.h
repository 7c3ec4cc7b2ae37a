/* SPDX-License-Identifier: Apache-2.0
 *
 * imds: tokens for managed identities, on the plain HTTP listener: the Instance Metadata Service of
 * a virtual machine, App Service (IDENTITY_ENDPOINT and IDENTITY_HEADER) and Cloud Shell
 * (MSI_ENDPOINT). All three give the same tokens; they differ in path, header and names.
 */
#ifndef PAWL_EMULATOR_IMDS_H
#define PAWL_EMULATOR_IMDS_H

#include "emulator/core.h"

void imds_handle(struct call *c);
/* {"error":..,"error_description":..}; also used by faults. */
void imds_error(struct call *c, int status, const char *error, struct str text);

#endif
