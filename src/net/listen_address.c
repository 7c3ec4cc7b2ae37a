/* SPDX-License-Identifier: Apache-2.0 */
#include "net/listen_address.h"

#include "base/num.h"

int listen_address_parse(struct str text, struct listen_address *out, struct err **err)
{
    ptrdiff_t colon = str_rfind_byte(text, ':');
    int64_t port;
    if (colon < 0 || !num_parse_range(str_from(text, (size_t)colon + 1), 0, 65535, &port)) {
        return err_set(err, ERR_INVALID,
                       "listen address \"%.*s\": expected HOST:PORT, for example :9090",
                       STR_ARG(text));
    }
    struct str host = str_head(text, (size_t)colon);
    if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']') {
        host = str_sub(host, 1, host.n - 1);
    } else if (str_find_byte(host, ':') >= 0) {
        return err_set(err, ERR_INVALID,
                       "listen address \"%.*s\": an IPv6 address needs brackets, [::1]:9090",
                       STR_ARG(text));
    }
    host = host.n ? host : STR("0.0.0.0");
    if (host.n >= sizeof(out->host)) {
        return err_set(err, ERR_INVALID, "listen address \"%.*s\" is too long", STR_ARG(text));
    }
    memcpy(out->host, host.p, host.n);
    out->host[host.n] = '\0';
    out->port = (uint16_t)port;
    return 0;
}
