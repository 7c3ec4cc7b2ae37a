/* SPDX-License-Identifier: Apache-2.0
 *
 * commands: the table of sub-commands and what they share. Each command is one file, cmd/<name>.c.
 */
#ifndef PAWL_CMD_COMMANDS_H
#define PAWL_CMD_COMMANDS_H

#include "app/flags.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* argv holds what stands behind the command's name. Returns the exit status. */
typedef int command_fn(int argc, const char *const *argv);

command_fn cmd_check;
command_fn cmd_emulator;
command_fn cmd_external_secrets;
command_fn cmd_plan;
command_fn cmd_reloader;
command_fn cmd_render;
command_fn cmd_run;
command_fn cmd_status;
command_fn cmd_version;

/* The common beginning: defaults, config file (if the table has a flag named "config"),
 * environment, command line, --help. Returns true to go on; else *status is what to exit with, and
 * messages are printed. */
bool command_options(const struct flag_set *set, void *options, int argc, const char *const *argv,
                     struct flag_rest *rest, int *status);
/* Prints "pawl: text" on stderr and returns EXIT_FAILED. */
int command_failed(const struct err *err);

/* What went wrong while a command goes on. Zeroed at first; the owner frees `last`. */
struct problems {
    bool any;
    struct err *last; /* told already */
};
/* The same for one of several problems. A cluster that cannot be reached says so to each request:
 * once is enough. */
void command_problem(struct problems *p, const struct err *err);

#endif
