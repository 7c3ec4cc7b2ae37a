/* SPDX-License-Identifier: Apache-2.0
 *
 * pawl render: the Secret that an ExternalSecret would become, from a manifest and given values,
 * without a cluster and without a vault. Made for trying templates and for tests of manifests.
 *
 * The values are the caller's own, and what is printed is the Secret itself: nothing is masked.
 */
#include "app/render_file.h"
#include "base/file.h"
#include "cmd/commands.h"

enum { INPUT_MAX = 16 << 20 };

struct render_options {
    char *file;
    char *values;
    char *output;
    char *left_delimiter;
    char *right_delimiter;
    bool decode;
};

static const struct flag rows[] = {
    {"file", 'f', FLAG_STRING, offsetof(struct render_options, file), .value = "FILE",
     .help = "The manifest with the ExternalSecret; - is standard input. ConfigMaps and Secrets "
             "that templateFrom names are looked for in the same file."},
    {"values", 0, FLAG_STRING, offsetof(struct render_options, values), .value = "FILE",
     .help = "YAML or JSON: the value of each remoteRef.key, as a string."},
    {"output", 'o', FLAG_STRING, offsetof(struct render_options, output), "yaml",
     .help = "How to print the Secret.", .choices = "yaml|json"},
    {"decode", 0, FLAG_BOOL, offsetof(struct render_options, decode),
     .help = "Prints values that are text as stringData instead of Base64."},
    {"template-left-delimiter", 0, FLAG_STRING, offsetof(struct render_options, left_delimiter),
     "{{", .help = "What begins an action of a template, as the controller has been told."},
    {"template-right-delimiter", 0, FLAG_STRING, offsetof(struct render_options, right_delimiter),
     "}}", .help = "What ends an action of a template."},
};
static const struct flag_set set = {
    "pawl render", NULL,
    "Prints the Secret that an ExternalSecret would become, with given values; needs neither "
    "cluster nor vault.",
    rows, COUNT_OF(rows)};

static int read_input(const char *path, struct buf *out, struct err **err)
{
    return file_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, out, err);
}

static int render(const struct render_options *o, struct err **err)
{
    AUTO(buf_done) struct buf manifest = BUF_INIT_WIPE(INPUT_MAX);
    AUTO(buf_done) struct buf values = BUF_INIT_WIPE(INPUT_MAX);
    AUTO(buf_done) struct buf out = BUF_INIT_WIPE(INPUT_MAX);
    if (read_input(o->file, &manifest, err) != 0 ||
        (*o->values && read_input(o->values, &values, err) != 0)) {
        return -1;
    }
    const struct render_file in = {
        .manifest = buf_str(&manifest),
        .manifest_name = o->file,
        .values = buf_str(&values),
        .values_name = o->values,
        .left = str_c(o->left_delimiter),
        .right = str_c(o->right_delimiter),
        .json = strcmp(o->output, "json") == 0,
        .decode = o->decode,
    };
    int rc = render_file(&in, &out, err);
    (void)fwrite(out.p, 1, out.n, stdout);
    return rc;
}

int cmd_render(int argc, const char *const *argv)
{
    struct render_options o = {0};
    struct flag_rest rest;
    int status = EXIT_OK;
    if (command_options(&set, &o, argc, argv, &rest, &status)) {
        AUTO(err_freep) struct err *err = NULL;
        if (!*o.file) {
            fputs("pawl render: --file is missing; `pawl render --help` lists the flags\n", stderr);
            status = EXIT_USAGE;
        } else if (render(&o, &err) != 0) {
            status = command_failed(err);
        }
    }
    flags_done(&set, &o);
    return status;
}
