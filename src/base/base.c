/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <unistd.h>

void must_failed(const char *file, int line, const char *cond)
{
    fprintf(stderr, "pawl: bug: %s:%d: %s does not hold\n", file, line, cond);
    abort();
}

static void *checked(void *ptr)
{
    if (!ptr) {
        static const char text[] = "pawl: out of memory\n";
        ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);
        (void)ignored;
        abort();
    }
    return ptr;
}

void *xmalloc(size_t size)
{
    return checked(malloc(size ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *ptr, size_t size)
{
    return checked(realloc(ptr, size ? size : 1));
}

void *xreallocarray(void *ptr, size_t count, size_t size)
{
    size_t total;
    must(!__builtin_mul_overflow(count, size, &total));
    return xrealloc(ptr, total);
}

char *xstrdup(const char *s)
{
    return xstrndup(s, strlen(s));
}

char *xstrndup(const char *s, size_t n)
{
    char *copy = xmalloc(n + 1);
    if (n > 0) {
        memcpy(copy, s, n);
    }
    copy[n] = '\0';
    return copy;
}

char *xasprintf(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    must(n >= 0);
    char *out = xmalloc((size_t)n + 1);
    va_start(args, fmt);
    int written = vsnprintf(out, (size_t)n + 1, fmt, args);
    va_end(args);
    must(written == n);
    return out;
}

void freep(void *pointer_to_pointer)
{
    void **p = pointer_to_pointer;
    free(*p);
    *p = NULL;
}

void wipe(void *ptr, size_t size)
{
    if (size > 0) {
        explicit_bzero(ptr, size);
    }
}

/* Opaque to callers: with fortified builds the compiler may know a smaller size for the block than
 * the allocator does, and clearing the rest would look to it like an overflow. clang has no noipa.
 */
#if __has_attribute(noipa)
__attribute__((noipa))
#else
__attribute__((noinline))
#endif
void wipe_free(void *ptr)
{
    if (ptr) {
        wipe(ptr, malloc_usable_size(ptr));
        free(ptr);
    }
}

void wipe_freep(void *pointer_to_pointer)
{
    void **p = pointer_to_pointer;
    wipe_free(*p);
    *p = NULL;
}

void closep(int *fd)
{
    if (*fd >= 0) {
        int saved = errno;
        (void)close(*fd);
        errno = saved;
        *fd = -1;
    }
}
