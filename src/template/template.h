/* SPDX-License-Identifier: Apache-2.0
 *
 * template: Go's text/template with the functions that External Secrets Operator gives to it. Pure:
 * text and values in, text out; nothing is read from disk (but the time zone database), network,
 * environment or cluster.
 *
 *     struct template *t = template_parse(text, &options, &err);     once, cached by the caller
 *     template_execute(t, &data, &out, &err);                        many times
 *
 * A template does not change after parsing: any thread may execute it, several at a time. All that
 * a rendering computes lies in memory that is wiped afterwards. Whatever the text is, both calls
 * end within their limits: an error of kind ERR_LIMIT then. docs/internals/template.md has the
 * design and what differs from the original.
 */
#ifndef PAWL_TEMPLATE_TEMPLATE_H
#define PAWL_TEMPLATE_TEMPLATE_H

#include "base/buf.h"
#include "base/err.h"

struct template;

struct template_options {
    struct str name; /* in error texts, and the name of the main template */
    struct str left; /* delimiters; empty: {{ and }} */
    struct str right;
    bool missing_key_empty; /* .missing gives <no value> instead of an error */
};

/* The data are the dot: a map from string to string (bytes). Keys must be unique; order does not
 * matter. */
struct template_entry {
    struct str key;
    struct str value;
};
struct template_data {
    const struct template_entry *entries;
    size_t n;
};

/* What one rendering may use. The defaults (TEMPLATE_LIMITS) are far above what a Secret needs: the
 * steps are about a second. */
struct template_limits {
    int64_t steps;
    size_t memory;
    size_t output;
};
#define TEMPLATE_LIMITS                                                                            \
    ((struct template_limits){.steps = 10000000, .memory = 64u << 20, .output = 8u << 20})

/* What a rendering has used, whether it succeeded or not: a measure that is the same on every
 * machine. */
struct template_usage {
    int64_t steps;
    size_t
        memory; /* bytes handed out in all; a failing function may have passed the limit a little */
};

enum { TEMPLATE_TEXT_MAX = 1 << 20 };

/* Copies the text. NULL and ERR_PARSE: "template: NAME:LINE: what is wrong". */
struct template *template_parse(struct str text, const struct template_options *options,
                                struct err **err) MUST_USE;
void template_free(struct template *t);
void template_freep(struct template **t);

/* Appends to out, which should be a wiping buffer; on an error out holds what had been there
 * before. The error has the shape "template: NAME:LINE:COLUMN: executing "NAME" at <PART>: text";
 * its text can hold a value (as the original's can), so it may go to the owner's event, not to a
 * log. */
int template_execute(const struct template *t, const struct template_data *data, struct buf *out,
                     struct err **err) MUST_USE;
/* The same within other limits; used may be NULL. */
int template_execute_limited(const struct template *t, const struct template_data *data,
                             const struct template_limits *limits, struct template_usage *used,
                             struct buf *out, struct err **err) MUST_USE;

#endif
