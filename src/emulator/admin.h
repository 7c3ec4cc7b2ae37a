/* SPDX-License-Identifier: Apache-2.0
 *
 * admin: the emulator's own API, on a listener of its own that is meant for this machine only:
 * health, request log, faults, clock, settings, the seed, the authority's certificate.
 */
#ifndef PAWL_EMULATOR_ADMIN_H
#define PAWL_EMULATOR_ADMIN_H

#include "emulator/core.h"

void admin_handle(struct call *c);

#endif
