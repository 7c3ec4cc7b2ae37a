/* SPDX-License-Identifier: Apache-2.0
 *
 * flags: the options of a command as one table. From a row come the flag, its environment variable,
 * its key in the YAML file, its default, its help line and its row in docs/reference/; a test
 * compares the pages with the tables.
 *
 * The syntax is that of Go's pflag, because two of the commands stand in for programs that use it:
 * --name value, --name=value, a bool as bare --name or --name=false, -n value, -- ends the flags. A
 * list is CSV with double quotes and adds up when it is given again: --x=a,b --x=c has three
 * entries, --x='"a,b"' has one. Later sources win: default, YAML file, environment, command line.
 */
#ifndef PAWL_APP_FLAGS_H
#define PAWL_APP_FLAGS_H

#include "base/buf.h"
#include "base/err.h"

struct json;

enum flag_type {
    FLAG_BOOL,     /* bool */
    FLAG_STRING,   /* char *, never NULL after flags_init */
    FLAG_INT,      /* int64_t */
    FLAG_DOUBLE,   /* double */
    FLAG_DURATION, /* ns_t, written as Go does: 1m30s */
    FLAG_LIST,     /* struct flag_list */
};

struct flag_list {
    char **v;
    size_t n;
};

struct flag {
    const char *name;
    char letter; /* one-letter form, 0: none */
    enum flag_type type;
    size_t offset;        /* in the options struct */
    const char *fallback; /* default as text; NULL: false, "", 0, empty */
    const char *env;      /* environment variable, NULL: none */
    const char *value;    /* what the help calls the value, NULL: by type */
    const char *help;     /* one sentence */
    const char *choices;  /* "a|b": allowed values of a string; NULL: any */
    bool ignored;         /* accepted and without effect (a flag of a program we stand in for) */
};

struct flag_set {
    const char *command; /* "pawl run" */
    const char *args;    /* what may follow the flags ("KIND/NAME"), NULL: nothing */
    const char *about;   /* paragraph under the usage line */
    const struct flag *flags;
    size_t n;
};

/* Sets every option to its default. Strings and lists that were there are not freed. */
void flags_init(const struct flag_set *set, void *options);
/* Frees strings and lists. */
void flags_done(const struct flag_set *set, void *options);

/* Members of a YAML mapping named like the flags. An unknown key, a wrong type or a bad value
 * fails. */
int flags_read_config(const struct flag_set *set, void *options, const struct json *config,
                      struct err **err) MUST_USE;
/* From the process's environment; an empty variable counts as absent. */
int flags_read_env(const struct flag_set *set, void *options, struct err **err) MUST_USE;

struct flag_rest {
    const char *args[8]; /* what is no flag, in order; borrowed from argv */
    size_t n;
    bool help; /* --help or -h was given; nothing else has been checked then */
};
/* argv without the program's and the command's name. Texts of errors are pflag's ("unknown flag:
 * --x", "invalid argument "x" for "--y" flag: ..."). */
int flags_parse(const struct flag_set *set, void *options, int argc, const char *const *argv,
                struct flag_rest *rest, struct err **err) MUST_USE;
/* Sets one option from text, as --name=value would. */
int flags_set(const struct flag_set *set, void *options, const char *name, const char *value,
              struct err **err) MUST_USE;

/* Usage, about, and one entry a flag, wrapped at 100 columns. */
void flags_help(const struct flag_set *set, struct buf *out);
/* The same as a section of a Markdown page, for docs/reference/flags.md. */
void flags_page(const struct flag_set *set, struct buf *out);
/* Default of a row as the help shows it. */
void flag_default_text(const struct flag *f, struct buf *out);

#endif
