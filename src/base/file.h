/* SPDX-License-Identifier: Apache-2.0
 *
 * file: whole files, read at once. For small ones: configuration, certificates, tokens.
 */
#ifndef PAWL_BASE_FILE_H
#define PAWL_BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* Appends the content of the file to out. Opens the path anew, so that the symbolic links under
 * which Kubernetes swaps mounted files are followed. ERR_IO with errno in status and the path in
 * the text; ERR_LIMIT if the content does not fit below out's ceiling; out is then unchanged. */
int file_read(const char *path, struct buf *out, struct err **err) MUST_USE;

#endif
