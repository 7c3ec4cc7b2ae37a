/* SPDX-License-Identifier: Apache-2.0
 *
 * RFC 9110 section 11.6.1, for one challenge:
 *     Bearer authorization="https://login/TENANT", resource="https://vault.azure.net"
 * The real service sends just this; values may stand without quotes, parameters be separated by
 * blanks alone, which emulators do. `authorization` is not used: tokens are asked for where the
 * store says, never where a vault says.
 */
#include "azure/challenge.h"

static bool is_separator(char c)
{
    return c == ' ' || c == '\t' || c == ',';
}

static struct str skip_separators(struct str s)
{
    size_t n = 0;
    while (n < s.n && is_separator(s.p[n])) {
        n++;
    }
    return str_from(s, n);
}

/* Takes name=value or name="value" off *rest. Escapes in quotes are not undone: no URL has them. */
static bool take_param(struct str *rest, struct str *name, struct str *value)
{
    struct str s = skip_separators(*rest);
    ptrdiff_t eq = str_find_byte(s, '=');
    if (eq <= 0) {
        return false;
    }
    *name = str_trim(str_head(s, (size_t)eq));
    s = str_from(s, (size_t)eq + 1);
    while (str_starts(s, STR(" "))) {
        s = str_from(s, 1);
    }
    size_t n = 0;
    if (str_starts(s, STR("\""))) {
        ptrdiff_t end = str_find_byte(str_from(s, 1), '"');
        if (end < 0) {
            return false;
        }
        *value = str_sub(s, 1, (size_t)end + 1);
        n = (size_t)end + 2;
    } else {
        while (n < s.n && !is_separator(s.p[n])) {
            n++;
        }
        *value = str_head(s, n);
    }
    *rest = str_from(s, n);
    return true;
}

bool challenge_resource(struct str header, struct buf *resource)
{
    struct str rest = str_trim(header);
    if (!str_ieq(str_head(rest, 7), STR("Bearer "))) {
        return false;
    }
    rest = str_from(rest, 7);
    struct str found = STR_EMPTY;
    struct str scope = STR_EMPTY;
    for (struct str name, value; take_param(&rest, &name, &value);) {
        if (str_ieq(name, STR("resource"))) {
            found = value;
        } else if (str_ieq(name, STR("scope"))) {
            scope = value;
        }
    }
    found = str_trim_suffix(found.n > 0 ? found : scope, STR("/.default"));
    while (str_ends(found, STR("/"))) {
        found.n--;
    }
    buf_add_str(resource, found);
    return found.n > 0 && str_printable(found);
}
