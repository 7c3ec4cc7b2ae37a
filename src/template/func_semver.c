/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/semver.h"

#include "template/func_lib.h"

FN(f_semver)
{
    struct semver *v = arena_new(&w->arena, struct semver);
    struct err *err = NULL;
    if (semver_parse(arg[0].s, v, &err) != 0) {
        return fail_err(w, err);
    }
    return (struct value){.kind = K_SEMVER, .semver = v};
}

FN(f_semver_compare)
{
    struct semver v;
    bool ok;
    struct err *err = NULL;
    if (semver_check(arg[0].s, &(struct semver){0}, &ok, &err) != 0 ||
        semver_parse(arg[1].s, &v, &err) != 0 || semver_check(arg[0].s, &v, &ok, &err) != 0) {
        return fail_err(w, err);
    }
    return v_bool(ok);
}

static const struct func rows[] = {
    {"semver", "s", "version", F_CONVERT, f_semver,
     "A semantic version, with the fields Major, Minor, Patch, Prerelease, Metadata, Original.", 0},
    {"semverCompare", "ss", "bool", F_CONVERT, f_semver_compare,
     "Does the version (second) satisfy the constraint (first)?", 0},
};
const struct func_table functions_semver = FUNC_TABLE(rows);
