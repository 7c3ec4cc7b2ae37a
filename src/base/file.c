/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { PIECE = 8192 };

/* Reads until the end: sizes of files in /proc and on pipes are not known before. */
static int read_all(int fd, const char *path, struct buf *out, struct err **err)
{
    for (;;) {
        char piece[PIECE];
        ssize_t n = read(fd, piece, sizeof(piece));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return err_errno(err, "cannot read %s", path);
        }
        buf_add(out, piece, (size_t)n);
        wipe(piece, (size_t)n);
        if (!buf_ok(out)) {
            return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", path, out->max);
        }
        if (n == 0) {
            return 0;
        }
    }
}

int file_read(const char *path, struct buf *out, struct err **err)
{
    AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return err_errno(err, "cannot open %s", path);
    }
    size_t before = out->n;
    if (read_all(fd, path, out, err) < 0) {
        out->full = false;
        buf_truncate(out, before);
        return -1;
    }
    return 0;
}
