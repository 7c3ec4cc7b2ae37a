/* SPDX-License-Identifier: Apache-2.0
 *
 * arm: Azure Resource Manager, as little of it as `az login` and `az account` need. The routes are
 * a table: a management command is added as a row and a handler.
 */
#ifndef PAWL_EMULATOR_ARM_H
#define PAWL_EMULATOR_ARM_H

#include "emulator/core.h"

void arm_handle(struct call *c);

#endif
