/* SPDX-License-Identifier: Apache-2.0
 *
 * challenge: what a vault says with 401: the header WWW-Authenticate with the resource that a token
 * must be made for. Pure.
 */
#ifndef PAWL_AZURE_CHALLENGE_H
#define PAWL_AZURE_CHALLENGE_H

#include "base/buf.h"

/* The resource of a Bearer challenge in normal form (no slash or "/.default" at the end), taken
 * from `resource`, else from `scope`. False if the header is no such challenge or names no
 * resource. */
bool challenge_resource(struct str header, struct buf *resource);

#endif
