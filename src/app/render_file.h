/* SPDX-License-Identifier: Apache-2.0
 *
 * render_file: the Secrets that the ExternalSecrets of a file would become, with values from
 * another: what `pawl render` prints. Pure.
 */
#ifndef PAWL_APP_RENDER_FILE_H
#define PAWL_APP_RENDER_FILE_H

#include "base/buf.h"
#include "base/err.h"

struct render_file {
    struct str manifest;       /* YAML documents: ExternalSecrets, and what templateFrom names */
    const char *manifest_name; /* in errors */
    struct str values;         /* YAML: remoteRef.key -> string; empty: none */
    const char *values_name;
    struct str left; /* delimiters of templates; empty: {{ and }} */
    struct str right;
    bool json;   /* lines of JSON instead of YAML documents */
    bool decode; /* values that are text as stringData */
};

/* Appends one document for each ExternalSecret; out should wipe. An error names the file, or the
 * ExternalSecret and what the controller's event would say; then out may hold those before it.
 * ERR_NOT_FOUND: there is none in the file, or a value is not given. */
int render_file(const struct render_file *in, struct buf *out, struct err **err) MUST_USE;

#endif
