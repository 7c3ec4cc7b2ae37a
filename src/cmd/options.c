/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/commands.h"

enum { HELP_MAX = 256 * 1024 };

int command_failed(const struct err *err)
{
    fprintf(stderr, "pawl: %s\n", err_msg(err));
    return EXIT_FAILED;
}

static bool wrong_usage(const struct flag_set *set, const struct err *err, int *status)
{
    fprintf(stderr, "%s: %s\n`%s --help` lists the flags.\n", set->command, err_msg(err),
            set->command);
    *status = EXIT_USAGE;
    return false;
}

bool command_options(const struct flag_set *set, void *options, int argc, const char *const *argv,
                     struct flag_rest *rest, int *status)
{
    AUTO(err_freep) struct err *err = NULL;
    flags_init(set, options);
    if (flags_read_env(set, options, &err) != 0 ||
        flags_parse(set, options, argc, argv, rest, &err) != 0) {
        return wrong_usage(set, err, status);
    }
    if (rest->help) {
        AUTO(buf_done) struct buf help = BUF_INIT(HELP_MAX);
        flags_help(set, &help);
        fputs(help.p, stdout);
        *status = EXIT_OK;
        return false;
    }
    return true;
}
