/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/status.h"

#include "base/utf8.h"

enum { MAX_CAUSES = 64, MAX_TEXT = 300, HIDDEN_MAX = 64 << 10 };

static void read_causes(struct arena *a, const struct json *list, struct kube_status *s)
{
    size_t n = MIN(json_len(list), (size_t)MAX_CAUSES);
    if (n == 0 || !json_is(list, JSON_ARRAY)) {
        return;
    }
    struct kube_cause *causes = arena_array(a, struct kube_cause, n);
    for (size_t i = 0; i < n; i++) {
        const struct json *cause = json_at(list, i);
        causes[i] = (struct kube_cause){
            .reason = json_str(json_get(cause, "reason")),
            .message = json_str(json_get(cause, "message")),
            .field = json_str(json_get(cause, "field")),
        };
    }
    s->causes = causes;
    s->n_causes = n;
}

/* A group that is not installed is answered in plain text; a kind that its group does not have by a
 * Status without details. */
static enum kube_missing what_is_missing(const struct kube_status *s, bool is_status,
                                         bool plain_text)
{
    if (s->code != 404) {
        return KUBE_MISSING_NOTHING;
    }
    if (plain_text || !is_status || (s->details_kind.n == 0 && s->details_name.n == 0)) {
        return KUBE_MISSING_RESOURCE;
    }
    return str_eq(s->details_kind, STR("namespaces")) ? KUBE_MISSING_NAMESPACE
                                                      : KUBE_MISSING_OBJECT;
}

struct kube_status kube_status_read(struct arena *a, const struct json *doc, int http_status,
                                    bool plain_text)
{
    struct kube_status s = {.code = http_status};
    bool is_status = str_eq(json_find_str(doc, "kind"), STR("Status"));
    if (is_status) {
        const struct json *details = json_get(doc, "details");
        int64_t code = json_int(json_get(doc, "code"), 0);
        s.code = code >= 100 && code <= 999 ? (int)code : http_status;
        s.reason = json_str(json_get(doc, "reason"));
        s.message = json_str(json_get(doc, "message"));
        s.details_name = json_str(json_get(details, "name"));
        s.details_group = json_str(json_get(details, "group"));
        s.details_kind = json_str(json_get(details, "kind"));
        int64_t wait = json_int(json_get(details, "retryAfterSeconds"), 0);
        s.retry_after_s = wait > 0 ? MIN(wait, (int64_t)300) : 0;
        read_causes(a, json_get(details, "causes"), &s);
    }
    s.missing = what_is_missing(&s, is_status, plain_text);
    return s;
}

bool kube_status_has_cause(const struct kube_status *s, const char *reason)
{
    for (size_t i = 0; i < s->n_causes; i++) {
        if (str_eq_c(s->causes[i].reason, reason)) {
            return true;
        }
    }
    return false;
}

bool kube_status_expired(const struct kube_status *s)
{
    return s->code == 410 || str_eq(s->reason, STR("Expired")) || str_eq(s->reason, STR("Gone"));
}

/* How far a value reaches that stands at the beginning of text: one in Go's quotes to the last of
 * them, any other to the colon behind it. */
static size_t value_size(struct str text)
{
    if (!str_starts(text, STR("\""))) {
        ptrdiff_t colon = str_find(text, STR(": "));
        return colon < 0 ? text.n : (size_t)colon;
    }
    for (size_t i = 1; i < text.n; i++) {
        if (text.p[i] == '"') {
            return i + 1;
        }
        i += text.p[i] == '\\';
    }
    return text.n;
}

static struct str hide_values(struct arena *a, struct str text)
{
    static const struct str before = STR_INIT(" value: ");
    AUTO(buf_done) struct buf out = BUF_INIT_WIPE(text.n + HIDDEN_MAX);
    ptrdiff_t at;
    while ((at = str_find(text, before)) >= 0) {
        buf_add_str(&out, str_head(text, (size_t)at + before.n));
        text = str_from(text, (size_t)at + before.n);
        size_t n = value_size(text);
        buf_add_c(&out, "(left out)");
        text = str_from(text, n);
    }
    buf_add_str(&out, text);
    return arena_str(a, buf_str(&out));
}

void kube_status_hide_values(struct arena *a, struct kube_status *s)
{
    struct kube_cause *causes = s->n_causes ? arena_array(a, struct kube_cause, s->n_causes) : NULL;
    for (size_t i = 0; i < s->n_causes; i++) {
        causes[i] = s->causes[i];
        causes[i].message = hide_values(a, causes[i].message);
    }
    s->causes = causes;
    s->message = hide_values(a, s->message);
}

static enum err_kind kind_of(const struct kube_status *s)
{
    static const struct {
        int code;
        enum err_kind kind;
    } kinds[] = {
        {400, ERR_INVALID},  {401, ERR_UNAUTHORIZED}, {403, ERR_DENIED},  {404, ERR_NOT_FOUND},
        {409, ERR_CONFLICT}, {410, ERR_GONE},         {422, ERR_INVALID}, {429, ERR_THROTTLED},
    };
    if (kube_status_expired(s)) {
        return ERR_GONE;
    }
    if (s->code == 409 && str_eq(s->reason, STR("AlreadyExists"))) {
        return ERR_EXISTS;
    }
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (kinds[i].code == s->code) {
            return kinds[i].kind;
        }
    }
    return s->code >= 500 ? ERR_UNAVAILABLE : ERR_HTTP;
}

/* The first line, short, of what a proxy said; nothing of it if it is not printable. */
static struct str first_line(struct str text)
{
    text = str_trim(text);
    ptrdiff_t end = str_find_byte(text, '\n');
    if (end >= 0) {
        text = str_trim(str_head(text, (size_t)end));
    }
    text = str_head(text, utf8_cut(text, MAX_TEXT));
    return str_printable(text) ? text : STR_EMPTY;
}

int kube_status_err(const struct kube_status *s, struct str text, struct err **err)
{
    struct err *made = NULL;
    if (s->message.n) {
        err_set(&made, kind_of(s), "%.*s", STR_ARG(s->message));
    } else {
        struct str line = first_line(text);
        err_set(&made, kind_of(s), "the API server answered %d%s%.*s", s->code, line.n ? ": " : "",
                STR_ARG(line));
    }
    made->status = s->code;
    made->retryable = err_kind_retryable(made->kind) || made->kind == ERR_GONE;
    made->retry_after = s->retry_after_s * NS_S;
    return err_move(err, &made);
}
