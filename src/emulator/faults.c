/* SPDX-License-Identifier: Apache-2.0 */
#include "emulator/faults.h"

#include "base/gotext.h"
#include "base/num.h"
#include "base/vec.h"

struct faults {
    VEC(struct fault) rules;
    int64_t last_id;
};

/* One table for reading and writing rules. */
static const struct fault_field {
    const char *name;
    size_t offset;
    enum { FAULT_TEXT, FAULT_NUMBER, FAULT_FLAG, FAULT_DURATION } type;
    bool effect;
} fields[] = {
    {"host", offsetof(struct fault, host), FAULT_TEXT, false},
    {"site", offsetof(struct fault, site), FAULT_TEXT, false},
    {"method", offsetof(struct fault, method), FAULT_TEXT, false},
    {"path", offsetof(struct fault, path), FAULT_TEXT, false},
    {"client", offsetof(struct fault, client), FAULT_TEXT, false},
    {"skip", offsetof(struct fault, skip), FAULT_NUMBER, false},
    {"every", offsetof(struct fault, every), FAULT_NUMBER, false},
    {"count", offsetof(struct fault, count), FAULT_NUMBER, false},
    {"code", offsetof(struct fault, code), FAULT_TEXT, false},
    {"retryAfter", offsetof(struct fault, retry_after), FAULT_NUMBER, false},
    {"delay", offsetof(struct fault, delay), FAULT_DURATION, true},
    {"reset", offsetof(struct fault, reset), FAULT_FLAG, true},
    {"truncate", offsetof(struct fault, truncate), FAULT_NUMBER, true},
    {"status", offsetof(struct fault, status), FAULT_NUMBER, true},
    {"aadsts", offsetof(struct fault, aadsts), FAULT_NUMBER, true},
    {"slow", offsetof(struct fault, slow), FAULT_NUMBER, true},
    {"emptyPages", offsetof(struct fault, empty_pages), FAULT_NUMBER, true},
    {"expiredCertificate", offsetof(struct fault, expired_certificate), FAULT_FLAG, true},
    {"staleToken", offsetof(struct fault, stale_token), FAULT_FLAG, true},
};

static void fault_done(struct fault *f)
{
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (fields[i].type == FAULT_TEXT) {
            free(*(char **)(void *)((char *)f + fields[i].offset));
        }
    }
}

struct faults *faults_new(void)
{
    return xcalloc(1, sizeof(struct faults));
}

void faults_clear(struct faults *f)
{
    for (size_t i = 0; i < f->rules.n; i++) {
        fault_done(&f->rules.v[i]);
    }
    vec_done(&f->rules);
}

void faults_free(struct faults *f)
{
    if (f) {
        faults_clear(f);
        free(f);
    }
}

/* ---- reading rules ---- */

static const struct fault_field *find_field(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (str_eq_c(name, fields[i].name)) {
            return &fields[i];
        }
    }
    return NULL;
}

static int read_field(struct fault *f, const struct fault_field *field, const struct json *value,
                      struct err **err)
{
    void *out = (char *)f + field->offset;
    struct str text = value->text;
    switch (field->type) {
    case FAULT_TEXT:
        if (!json_is(value, JSON_STRING) || memchr(text.p, '\0', text.n)) {
            return err_set(err, ERR_INVALID, "fault: \"%s\" must be a string", field->name);
        }
        free(*(char **)out);
        *(char **)out = str_dup(text);
        return 0;
    case FAULT_FLAG:
        if (!json_is(value, JSON_BOOL)) {
            return err_set(err, ERR_INVALID, "fault: \"%s\" must be true or false", field->name);
        }
        *(bool *)out = value->boolean;
        return 0;
    case FAULT_DURATION:
        if (!json_is(value, JSON_STRING) || !go_parse_duration(text, out) || *(ns_t *)out < 0 ||
            *(ns_t *)out > NS_H) {
            return err_set(err, ERR_INVALID,
                           "fault: \"%s\" must be a duration like 200ms, up to 1h", field->name);
        }
        return 0;
    case FAULT_NUMBER:
        break;
    }
    if (!num_parse_range(text, 0, INT32_MAX, out)) {
        return err_set(err, ERR_INVALID, "fault: \"%s\" must be a number, 0 or more", field->name);
    }
    return 0;
}

static int read_rule(struct fault *f, const struct json *rule, struct err **err)
{
    bool effect = false;
    if (!json_is(rule, JSON_OBJECT)) {
        return err_set(err, ERR_INVALID, "fault: must be an object");
    }
    for (size_t i = 0; i < rule->n; i++) {
        const struct json_member *m = &rule->members[i];
        const struct fault_field *field = find_field(m->key);
        if (!field) {
            return err_set(err, ERR_INVALID, "fault: unknown key \"%.*s\"", STR_ARG(m->key));
        }
        if (json_is_null(m->value)) {
            continue;
        }
        if (read_field(f, field, m->value, err) != 0) {
            return -1;
        }
        effect |= field->effect;
    }
    if (!effect) {
        return err_set(err, ERR_INVALID,
                       "fault: nothing would happen; give one of delay, reset, truncate, status, "
                       "aadsts, slow, emptyPages, expiredCertificate, staleToken");
    }
    if (f->status && (f->status < 200 || f->status > 599)) {
        return err_set(err, ERR_INVALID, "fault: \"status\" must be from 200 to 599");
    }
    return 0;
}

int64_t faults_add(struct faults *f, const struct json *rule, struct err **err)
{
    struct fault fault = {.every = 1, .count = -1, .truncate = -1, .retry_after = -1};
    if (f->rules.n == FAULTS_MAX) {
        return err_set(err, ERR_LIMIT, "fault: there are %d rules already", FAULTS_MAX);
    }
    if (read_rule(&fault, rule, err) != 0) {
        fault_done(&fault);
        return -1;
    }
    fault.every = MAX(fault.every, 1);
    fault.id = ++f->last_id;
    vec_push(&f->rules, fault);
    return fault.id;
}

int faults_add_all(struct faults *f, const struct json *rules, struct err **err)
{
    size_t before = f->rules.n;
    for (size_t i = 0; i < json_len(rules); i++) {
        if (faults_add(f, json_at(rules, i), err) < 0) {
            while (f->rules.n > before) {
                fault_done(&f->rules.v[--f->rules.n]);
            }
            return -1;
        }
    }
    return 0;
}

bool faults_remove(struct faults *f, int64_t id)
{
    for (size_t i = 0; i < f->rules.n; i++) {
        if (f->rules.v[i].id == id) {
            fault_done(&f->rules.v[i]);
            vec_remove(&f->rules, i);
            return true;
        }
    }
    return false;
}

/* ---- writing ---- */

static void write_field(struct json_writer *w, const struct fault *f,
                        const struct fault_field *field)
{
    const void *p = (const char *)f + field->offset;
    AUTO(buf_done) struct buf text = BUF_INIT(64);
    switch (field->type) {
    case FAULT_TEXT:
        if (*(char *const *)p) {
            json_w_strings(w, field->name, *(char *const *)p, NULL);
        }
        return;
    case FAULT_NUMBER:
        if (*(const int64_t *)p > 0) {
            json_w_key(w, field->name);
            json_w_int(w, *(const int64_t *)p);
        }
        return;
    case FAULT_FLAG:
        if (*(const bool *)p) {
            json_w_key(w, field->name);
            json_w_bool(w, true);
        }
        return;
    case FAULT_DURATION:
        if (*(const ns_t *)p > 0) {
            go_duration(&text, *(const ns_t *)p);
            json_w_strings(w, field->name, text.p, NULL);
        }
        return;
    }
}

void faults_write(const struct faults *f, struct json_writer *w)
{
    json_w_object(w);
    json_w_key(w, "faults");
    json_w_array(w);
    for (size_t i = 0; i < f->rules.n; i++) {
        json_w_object(w);
        json_w_key(w, "id");
        json_w_int(w, f->rules.v[i].id);
        for (size_t k = 0; k < COUNT_OF(fields); k++) {
            write_field(w, &f->rules.v[i], &fields[k]);
        }
        json_w_key(w, "seen");
        json_w_int(w, f->rules.v[i].seen);
        json_w_key(w, "hits");
        json_w_int(w, f->rules.v[i].hits);
        json_w_end(w);
    }
    json_w_end(w);
    json_w_end(w);
}

/* ---- fitting ---- */

bool glob_matches(struct str pattern, struct str text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;
    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.n && str_ieq(str_sub(pattern, p, p + 1), str_sub(text, t, t + 1))) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*') {
        p++;
    }
    return p == pattern.n;
}

static bool fits(const char *pattern, struct str text)
{
    return !pattern || glob_matches(str_c(pattern), text);
}

/* Counts a fitting request; true if the rule acts on this one. */
static bool act(struct fault *f)
{
    f->seen++;
    if (f->seen <= f->skip || f->count == 0 || (f->seen - f->skip - 1) % f->every != 0) {
        return false;
    }
    f->hits++;
    f->count -= f->count > 0;
    return true;
}

static bool fits_call(const struct fault *f, const struct call *c)
{
    return !f->expired_certificate && fits(f->host, c->hostname) &&
           fits(f->site, str_c(site_name(c->site))) && fits(f->method, c->method) &&
           fits(f->path, c->path) && fits(f->client, c->client);
}

static const struct fault *copy_fault(struct arena *a, const struct fault *f)
{
    struct fault *copy = arena_new(a, struct fault);
    *copy = *f;
    /* Of the texts only this one is looked at later. */
    copy->code = f->code ? arena_dup(a, str_c(f->code)) : NULL;
    copy->host = copy->site = copy->method = copy->path = copy->client = NULL;
    return copy;
}

const struct fault *faults_pick(struct faults *f, struct call *c)
{
    for (size_t i = 0; i < f->rules.n; i++) {
        if (fits_call(&f->rules.v[i], c) && act(&f->rules.v[i])) {
            return copy_fault(&c->arena, &f->rules.v[i]);
        }
    }
    return NULL;
}

bool faults_expired_certificate(struct faults *f, struct str name)
{
    for (size_t i = 0; i < f->rules.n; i++) {
        struct fault *rule = &f->rules.v[i];
        if (rule->expired_certificate && fits(rule->host, name) && act(rule)) {
            return true;
        }
    }
    return false;
}
