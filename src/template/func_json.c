/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON as encoding/json reads and writes it, and references to web addresses.
 */
#include <math.h>

#include "codec/gourl.h"
#include "codec/yaml.h"
#include "template/func_lib.h"
#include "template/tree.h"

static struct value marshal(struct work *w, const struct value *arg, enum tree_flags flags,
                            bool must_work)
{
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    struct err *err = NULL;
    if (tree_to_json(w, &b, arg[0], flags, &err) != 0) {
        if (must_work) {
            return fail_err(w, err);
        }
        err_free(err);
        return v_str(STR_EMPTY);
    }
    return result(w, &b);
}

FN(f_to_json)
{
    return marshal(w, arg, TREE_HTML, false);
}

FN(f_must_to_json)
{
    return marshal(w, arg, TREE_HTML, true);
}

FN(f_to_pretty_json)
{
    return marshal(w, arg, TREE_HTML | TREE_PRETTY, false);
}

FN(f_must_to_pretty_json)
{
    return marshal(w, arg, TREE_HTML | TREE_PRETTY, true);
}

FN(f_to_raw_json)
{
    return marshal(w, arg, TREE_PLAIN, false);
}

FN(f_must_to_raw_json)
{
    return marshal(w, arg, TREE_PLAIN, true);
}

static struct value unmarshal(struct work *w, struct str text, bool must_work)
{
    struct value v = NIL;
    struct err *err = NULL;
    if (tree_from_json(w, text, &v, &err) != 0) {
        if (must_work) {
            return fail_err(w, err);
        }
        err_free(err); /* what could be read remains */
    }
    return v;
}

FN(f_from_json)
{
    return unmarshal(w, arg[0].s, false);
}

FN(f_must_from_json)
{
    return unmarshal(w, arg[0].s, true);
}

/* ---- YAML ---- */

FN(f_to_yaml)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    AUTO(buf_done) struct buf json = RESULT_BUF(w);
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    enum { NODE_COST = 48 };
    if (tree_to_json(w, &json, arg[0], TREE_HTML, NULL) != 0 ||
        !work_reserve(w, json.n, NODE_COST) || !work_step(w, json.n)) {
        return v_str(STR_EMPTY);
    }
    const struct json *j = json_parse(&a, buf_str(&json), JSON_PLAIN, NULL);
    if (!j || yaml_write(&b, j, NULL) != 0) {
        return v_str(STR_EMPTY);
    }
    if (b.n > 0 && b.p[b.n - 1] == '\n') {
        buf_truncate(&b, b.n - 1);
    }
    return result(w, &b);
}

static int read_yaml(struct work *w, struct str text, struct value *out, struct err **err)
{
    enum { NODE_COST = 64 };
    if (!work_reserve(w, text.n, NODE_COST)) {
        return err_set(err, ERR_LIMIT, "the document is too large");
    }
    const struct json *j = yaml_read(&w->arena, text, YAML_PLAIN, err);
    if (!j) {
        return err_wrap(err, "error converting YAML to JSON");
    }
    if (j->type == JSON_OBJECT || j->type == JSON_NULL) {
        struct err *number = NULL;
        int rc = tree_from_node(w, j, out, &number);
        return number ? err_move(err, &number) : rc;
    }
    static const char *const names[] = {[JSON_BOOL] = "bool",
                                        [JSON_NUMBER] = "number",
                                        [JSON_STRING] = "string",
                                        [JSON_ARRAY] = "array"};
    return err_set(
        err, ERR_INVALID,
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal %s into Go "
        "value of type map[string]interface {}",
        names[j->type]);
}

FN(f_from_yaml)
{
    struct value v = NIL;
    struct err *err = NULL;
    if (read_yaml(w, arg[0].s, &v, &err) == 0) {
        return v.kind == K_DICT ? v : v_dict(dict_new(w));
    }
    struct dict *d = dict_new(w);
    dict_set(w, d, STR("Error"), v_str(work_str(w, str_c(err_msg(err)))));
    err_free(err);
    return v_dict(d);
}

/* ---- addresses ---- */

FN(f_url_parse)
{
    struct gourl url;
    struct err *err = NULL;
    if (gourl_parse(&w->arena, arg[0].s, &url, &err) != 0) {
        err_wrap(&err, "unable to parse url");
        return fail_err(w, err);
    }
    struct dict *d = dict_new(w);
    dict_set(w, d, STR("scheme"), v_str(url.scheme));
    dict_set(w, d, STR("host"), v_str(url.host));
    dict_set(w, d, STR("hostname"), v_str(gourl_hostname(url.host)));
    dict_set(w, d, STR("path"), v_str(url.path));
    dict_set(w, d, STR("query"), v_str(url.query));
    dict_set(w, d, STR("opaque"), v_str(url.opaque));
    dict_set(w, d, STR("fragment"), v_str(url.fragment));
    dict_set(w, d, STR("userinfo"), v_str(url.userinfo));
    return v_dict(d);
}

/* The text of a key, "" if it is absent. */
static struct str text_of(struct work *w, const struct dict *d, const char *key)
{
    const struct value *v = dict_get(d, str_c(key));
    if (!v) {
        return STR_EMPTY;
    }
    if (v->kind != K_STRING) {
        work_fail(w, "unable to parse %s key, must be of type string, but %s found", key,
                  kinds[v->kind].kind);
        return STR_EMPTY;
    }
    return v->s;
}

FN(f_url_join)
{
    const struct dict *d = arg[0].dict;
    struct gourl url = {
        .scheme = text_of(w, d, "scheme"),
        .host = text_of(w, d, "host"),
        .path = text_of(w, d, "path"),
        .query = text_of(w, d, "query"),
        .opaque = text_of(w, d, "opaque"),
        .fragment = text_of(w, d, "fragment"),
    };
    struct str userinfo = text_of(w, d, "userinfo");
    if (userinfo.n > 0) { /* checked and normalised */
        AUTO(buf_done) struct buf probe = RESULT_BUF(w);
        buf_add_c(&probe, "proto://");
        buf_add_str(&probe, userinfo);
        buf_add_c(&probe, "@host");
        struct gourl parsed;
        struct err *err = NULL;
        if (gourl_parse(&w->arena, buf_str(&probe), &parsed, &err) != 0) {
            err_wrap(&err, "unable to parse userinfo in dict");
            return fail_err(w, err);
        }
        url.userinfo = parsed.userinfo;
    }
    AUTO(buf_done) struct buf b = RESULT_BUF(w);
    gourl_print(&b, &url);
    return result(w, &b);
}

static const struct func rows[] = {
    {"fromYaml", "s", "dict", F_JSON, f_from_yaml,
     "Reads a YAML mapping; on malformed input a dict with the key Error.", 0},
    {"fromJson", "s", "any", F_JSON, f_from_json, "Reads JSON; nil if it is malformed.", 0},
    {"mustFromJson", "s", "any", F_JSON, f_must_from_json, "Reads JSON.", 0},
    {"mustToJson", "a", "string", F_JSON, f_must_to_json, "Writes JSON.", 0},
    {"mustToPrettyJson", "a", "string", F_JSON, f_must_to_pretty_json, "Writes indented JSON.", 0},
    {"mustToRawJson", "a", "string", F_JSON, f_must_to_raw_json,
     "Writes JSON without escapes for HTML.", 0},
    {"toJson", "a", "string", F_JSON, f_to_json, "Writes JSON; \"\" if that is not possible.", 0},
    {"toYaml", "a", "string", F_JSON, f_to_yaml,
     "Writes YAML, without the last newline; \"\" if that is not possible.", 50},
    {"toPrettyJson", "a", "string", F_JSON, f_to_pretty_json,
     "Writes indented JSON; \"\" if that is not possible.", 0},
    {"toRawJson", "a", "string", F_JSON, f_to_raw_json,
     "Writes JSON without escapes for HTML; \"\" if that is not possible.", 0},
    {"urlJoin", "d", "string", F_JSON, f_url_join, "A URL from a dict as urlParse gives it.", 0},
    {"urlParse", "s", "dict", F_JSON, f_url_parse,
     "The parts of a URL: scheme, host, hostname, path, query, opaque, fragment, userinfo.", 0},
};
const struct func_table functions_json = FUNC_TABLE(rows);
