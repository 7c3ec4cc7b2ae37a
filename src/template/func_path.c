/* SPDX-License-Identifier: Apache-2.0
 *
 * Slash-separated paths as text; the os* functions are the same, as on Linux. Nothing is looked up.
 */
#include "base/vec.h"
#include "template/func_lib.h"

static struct str trim_slashes(struct str s)
{
    while (s.n > 0 && s.p[s.n - 1] == '/') {
        s = str_head(s, s.n - 1);
    }
    return s;
}

FN(f_base)
{
    struct str s = arg[0].s;
    if (s.n == 0) {
        return v_str(STR("."));
    }
    s = trim_slashes(s);
    ptrdiff_t slash = str_rfind_byte(s, '/');
    s = str_from(s, (size_t)(slash + 1));
    return v_str(s.n == 0 ? STR("/") : s);
}

/* Without empty and "." elements; ".." takes the one before it. */
static struct str clean(struct work *w, struct str s)
{
    bool rooted = s.n > 0 && s.p[0] == '/';
    VEC(struct str) parts = {0};
    size_t ups = 0; /* leading ".." elements, which stay */
    for (struct str part; str_split(&s, '/', &part);) {
        if (part.n == 0 || str_eq(part, STR("."))) {
            continue;
        }
        if (!str_eq(part, STR(".."))) {
            vec_push(&parts, part);
        } else if (parts.n > ups) {
            parts.n--;
        } else if (!rooted) {
            vec_push(&parts, part);
            ups++;
        }
    }
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    buf_add_c(&b, rooted ? "/" : "");
    for (size_t i = 0; i < parts.n; i++) {
        buf_add_c(&b, i > 0 ? "/" : "");
        buf_add_str(&b, parts.v[i]);
    }
    vec_done(&parts);
    buf_add_c(&b, b.n == 0 ? "." : "");
    return work_take(w, &b);
}

FN(f_clean)
{
    return v_str(clean(w, arg[0].s));
}

FN(f_dir)
{
    ptrdiff_t slash = str_rfind_byte(arg[0].s, '/');
    return v_str(clean(w, str_head(arg[0].s, (size_t)(slash + 1))));
}

FN(f_ext)
{
    ptrdiff_t slash = str_rfind_byte(arg[0].s, '/');
    struct str last = str_from(arg[0].s, (size_t)(slash + 1));
    ptrdiff_t dot = str_rfind_byte(last, '.');
    return v_str(dot < 0 ? STR_EMPTY : str_from(last, (size_t)dot));
}

FN(f_is_abs)
{
    return v_bool(arg[0].s.n > 0 && arg[0].s.p[0] == '/');
}

static const struct func rows[] = {
    {"base", "s", "string", F_PATH, f_base, "The last element of a path.", 0},
    {"clean", "s", "string", F_PATH, f_clean, "The shortest equivalent path.", 0},
    {"dir", "s", "string", F_PATH, f_dir, "All but the last element of a path.", 0},
    {"ext", "s", "string", F_PATH, f_ext, "The suffix after the last dot, with the dot.", 0},
    {"isAbs", "s", "bool", F_PATH, f_is_abs, "Does the path begin with a slash?", 0},
    {"osBase", "s", "string", F_PATH, f_base, "As base.", 0},
    {"osClean", "s", "string", F_PATH, f_clean, "As clean.", 0},
    {"osDir", "s", "string", F_PATH, f_dir, "As dir.", 0},
    {"osExt", "s", "string", F_PATH, f_ext, "As ext.", 0},
    {"osIsAbs", "s", "bool", F_PATH, f_is_abs, "As isAbs.", 0},
};
const struct func_table functions_path = FUNC_TABLE(rows);
