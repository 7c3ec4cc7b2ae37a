/* SPDX-License-Identifier: Apache-2.0
 *
 * listen: the emulator's sockets: turns HTTP exchanges into calls and answers into bytes, spoiled
 * as a fault wants (late, slow, cut off, reset).
 */
#ifndef PAWL_EMULATOR_LISTEN_H
#define PAWL_EMULATOR_LISTEN_H

#include "emulator/core.h"

/* Opens the listeners of the configuration. */
struct listeners *listeners_new(struct emulator *e, struct err **err) MUST_USE;
void listeners_free(struct listeners *l);
struct emulator_ports listeners_ports(const struct listeners *l);

#endif
