/* SPDX-License-Identifier: Apache-2.0
 *
 * replay: gives each file of a folder to a fuzz target, so that a corpus is an ordinary test. An
 * empty folder is an error: a target without seeds tests nothing.
 */
#include <dirent.h>

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_file(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        return -1;
    }
    char piece[4096];
    size_t n;
    while ((n = fread(piece, 1, sizeof(piece), f)) > 0) {
        buf_add(out, piece, n);
    }
    return fclose(f);
}

static int replay(const char *path)
{
    AUTO(buf_done) struct buf content = BUF_INIT(64 << 20);
    if (read_file(path, &content) != 0) {
        fprintf(stderr, "cannot read %s\n", path);
        return -1;
    }
    /* A block of exactly this size, so that the sanitizers see a read beyond it. */
    AUTO(freep) uint8_t *data = xmalloc(content.n);
    memcpy(data, content.p, content.n);
    return LLVMFuzzerTestOneInput(data, content.n);
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    if (!dir) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    int replayed = 0;
    int failed = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        AUTO(freep) char *path = xasprintf("%s/%s", argv[1], entry->d_name);
        failed += replay(path) != 0;
        replayed++;
    }
    closedir(dir);
    printf("%d inputs\n", replayed);
    return failed || replayed == 0;
}
