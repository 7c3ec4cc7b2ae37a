/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/commands.h"

#include "base/file.h"
#include "codec/yaml.h"

enum { HELP_MAX = 256 * 1024, CONFIG_MAX = 1 << 20 };

int command_failed(const struct err *err)
{
    fprintf(stderr, "pawl: %s\n", err_msg(err));
    return EXIT_FAILED;
}

void command_problem(struct problems *p, const struct err *err)
{
    p->any = true;
    if (!p->last || strcmp(err_msg(p->last), err_msg(err)) != 0) {
        command_failed(err);
    }
    err_free(p->last);
    p->last = err_copy(err);
}

static bool wrong_usage(const struct flag_set *set, const struct err *err, int *status)
{
    fprintf(stderr, "%s: %s\n`%s --help` lists the flags.\n", set->command, err_msg(err),
            set->command);
    *status = EXIT_USAGE;
    return false;
}

/* The file that --config names, given on the command line or in the environment. It is weaker than
 * both, so it is read first: what the last --config says is found by a parse of its own. */
static const char *config_path(const struct flag_set *set, void *options)
{
    for (size_t i = 0; i < set->n; i++) {
        if (strcmp(set->flags[i].name, "config") == 0) {
            const char *path = *(char **)(void *)((char *)options + set->flags[i].offset);
            return *path ? path : NULL;
        }
    }
    return NULL;
}

static int read_config(const struct flag_set *set, void *options, const char *path,
                       struct err **err)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf text = BUF_INIT(CONFIG_MAX);
    if (file_read(path, &text, err) != 0) {
        return -1;
    }
    struct json *config = yaml_read(&a, buf_str(&text), YAML_STRICT, err);
    if (!config || flags_read_config(set, options, config, err) != 0) {
        return err_wrap(err, "%s", path);
    }
    return 0;
}

static int read_weaker_and_again(const struct flag_set *set, void *options, int argc,
                                 const char *const *argv, struct flag_rest *rest, struct err **err)
{
    const char *path = config_path(set, options);
    if (!path) {
        return 0;
    }
    AUTO(freep) char *kept = xstrdup(path);
    flags_done(set, options);
    flags_init(set, options);
    if (read_config(set, options, kept, err) != 0 || flags_read_env(set, options, err) != 0) {
        return -1;
    }
    return flags_parse(set, options, argc, argv, rest, err);
}

/* Not in the help: how `make docs` gets the page of a command. */
static bool wants_page(int argc, const char *const *argv)
{
    return argc == 1 && strcmp(argv[0], "--help=markdown") == 0;
}

static void print_help(const struct flag_set *set, bool page)
{
    AUTO(buf_done) struct buf help = BUF_INIT(HELP_MAX);
    if (page) {
        flags_page(set, &help);
    } else {
        flags_help(set, &help);
    }
    fputs(help.p, stdout);
}

bool command_options(const struct flag_set *set, void *options, int argc, const char *const *argv,
                     struct flag_rest *rest, int *status)
{
    AUTO(err_freep) struct err *err = NULL;
    flags_init(set, options);
    if (wants_page(argc, argv)) {
        print_help(set, true);
        *status = EXIT_OK;
        return false;
    }
    if (flags_read_env(set, options, &err) != 0 ||
        flags_parse(set, options, argc, argv, rest, &err) != 0 ||
        read_weaker_and_again(set, options, argc, argv, rest, &err) != 0) {
        return wrong_usage(set, err, status);
    }
    if (rest->help) {
        print_help(set, false);
        *status = EXIT_OK;
        return false;
    }
    return true;
}
