/* SPDX-License-Identifier: Apache-2.0
 *
 * main: picks the command. Called as kubectl-pawl it is a kubectl plugin with the same commands.
 */
#include <malloc.h>

#include "cmd/commands.h"

struct command {
    const char *name;
    command_fn *run;
    const char *summary;
};

static const struct command commands[] = {
    {"run", cmd_run, "the controller: vault to Secret, Secret to restart"},
    {"reloader", cmd_reloader,
     "the restarting half under the flags of Stakater Reloader, to stand in for it"},
    {"external-secrets", cmd_external_secrets,
     "the syncing half under the flags of External Secrets Operator, to stand in for it"},
    {"emulator", cmd_emulator,
     "Key Vault and Entra ID on this machine, for tests, demos and laptops"},
    {"render", cmd_render, "an ExternalSecret rendered offline, with values from a file"},
    {"status", cmd_status, "what is: restarts that are due or fail, ExternalSecrets, stores"},
    {"plan", cmd_plan, "what would restart if a Secret or ConfigMap changed, and why"},
    {"check", cmd_check, "what is missing in a cluster for Pawl to work, and what to do about it"},
    {"version", cmd_version, "the version, the build options and the versions of the libraries"},
};

static void usage(FILE *out)
{
    fputs("Pawl brings secrets from Azure Key Vault into Kubernetes and restarts, once, the "
          "workloads\n"
          "that use them.\n\nUsage: pawl COMMAND [flags]\n\nCommands:\n",
          out);
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        fprintf(out, "  %-17s %s\n", commands[i].name, commands[i].summary);
    }
    fputs("\n`pawl COMMAND --help` lists the flags of a command.\n", out);
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

int main(int argc, char **argv)
{
    /* One heap for the loop thread and the two workers: an arena a thread would only waste pages.
     */
    mallopt(M_ARENA_MAX, 1);
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (is_help(argv[1])) {
        usage(stdout);
        return EXIT_OK;
    }
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 2, (const char *const *)(argv + 2));
        }
    }
    fprintf(stderr, "pawl: unknown command \"%s\"; `pawl --help` lists them\n", argv[1]);
    return EXIT_USAGE;
}
