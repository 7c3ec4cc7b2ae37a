/* SPDX-License-Identifier: Apache-2.0
 *
 * look_flags: what the commands that only look have in common: which namespaces, and how to print.
 */
#ifndef PAWL_APP_LOOK_FLAGS_H
#define PAWL_APP_LOOK_FLAGS_H

#include <string.h>

#include "app/flags.h"
#include "base/str.h"

struct look_flags {
    char *ns;
    bool all;
    char *output;
};

/* Rows for a table of flags; `member` is the struct look_flags in the struct `options`. */
#define LOOK_FLAG_ROWS(options, member)                                                            \
    {"namespace", 'n',                                                                             \
     FLAG_STRING, offsetof(options, member.ns),                                                    \
     NULL,        NULL,                                                                            \
     "name",      "The namespace to look at; empty means that of the kubeconfig's context."},      \
        {"all-namespaces",                                                                         \
         'A',                                                                                      \
         FLAG_BOOL,                                                                                \
         offsetof(options, member.all),                                                            \
         NULL,                                                                                     \
         NULL,                                                                                     \
         .help = "Look at all namespaces."},                                                       \
    {                                                                                              \
        "output", 'o', FLAG_STRING, offsetof(options, member.output), "table", NULL,               \
            .help = "How to print it.", .choices = "table|json"                                    \
    }

/* The namespace to look at, empty: all. own: that of the kubeconfig. Views. */
static inline struct str look_flags_ns(const struct look_flags *f, struct str own)
{
    return f->all ? STR_EMPTY : *f->ns ? str_c(f->ns) : own;
}

static inline bool look_flags_json(const struct look_flags *f)
{
    return strcmp(f->output, "json") == 0;
}

#endif
