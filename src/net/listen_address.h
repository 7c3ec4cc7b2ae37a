/* SPDX-License-Identifier: Apache-2.0
 *
 * listen_address: where to listen, as people write it on a command line. Pure.
 */
#ifndef PAWL_NET_LISTEN_ADDRESS_H
#define PAWL_NET_LISTEN_ADDRESS_H

#include "base/err.h"

struct listen_address {
    char host[64]; /* "0.0.0.0" where none was said; an IPv6 address without brackets */
    uint16_t port; /* 0: any free one */
};

/* "HOST:PORT" with HOST empty (all addresses), a name, an IPv4 or a bracketed IPv6 address. */
int listen_address_parse(struct str text, struct listen_address *out, struct err **err) MUST_USE;

#endif
