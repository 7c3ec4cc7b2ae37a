/* SPDX-License-Identifier: Apache-2.0
 *
 * base.h: the few words that every file of Pawl uses.
 *
 * must(cond) is an assertion that stays on in release builds: it is for programming errors, never
 * for what comes from a network, a disk or a cluster (those return a struct err, base/err.h).
 * It prints the file and line, never data, and aborts.
 *
 * AUTO(fn) calls fn with a pointer to the variable when it goes out of scope. A type brings its own
 * cleanup function next to its definition (buf_done, err_freep ...).
 */
#ifndef PAWL_BASE_BASE_H
#define PAWL_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/banned.h"

/* Time is nanoseconds everywhere: points in time since the Unix epoch or since an arbitrary start
 * (base/clock.h says which), and durations. */
typedef int64_t ns_t;

#define NS_US  ((ns_t)1000)
#define NS_MS  ((ns_t)1000000)
#define NS_S   ((ns_t)1000000000)
#define NS_MIN (60 * NS_S)
#define NS_H   (60 * NS_MIN)

#define AUTO(fn)                        __attribute__((cleanup(fn)))
#define PRINTF(f, a)                    __attribute__((format(printf, f, a)))
#define UNUSED                          __attribute__((unused))
#define NORETURN                        __attribute__((noreturn))
#define MUST_USE                        __attribute__((warn_unused_result))
#define COUNT_OF(arr)                   (sizeof(arr) / sizeof((arr)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define MIN(a, b)                                                                                  \
    ({                                                                                             \
        __typeof__(a) min_a_ = (a);                                                                \
        __typeof__(b) min_b_ = (b);                                                                \
        min_a_ < min_b_ ? min_a_ : min_b_;                                                         \
    })
#define MAX(a, b)                                                                                  \
    ({                                                                                             \
        __typeof__(a) max_a_ = (a);                                                                \
        __typeof__(b) max_b_ = (b);                                                                \
        max_a_ > max_b_ ? max_a_ : max_b_;                                                         \
    })
/* Hands the pointer over and leaves NULL behind, so that an AUTO cleanup does nothing. */
#define TAKE(ptr)                                                                                  \
    ({                                                                                             \
        __typeof__(ptr) take_ = (ptr);                                                             \
        (ptr) = NULL;                                                                              \
        take_;                                                                                     \
    })

#define must(cond)                                                                                 \
    do {                                                                                           \
        if (__builtin_expect(!(cond), 0)) {                                                        \
            must_failed(__FILE__, __LINE__, #cond);                                                \
        }                                                                                          \
    } while (0)

NORETURN void must_failed(const char *file, int line, const char *cond);

/* Allocation that never returns NULL: a controller that cannot get a few bytes is better restarted.
 * Sizes that come from outside must have been checked against a ceiling before. Free with free().
 */
void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1)));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull, alloc_size(1, 2)));
void *xrealloc(void *ptr, size_t size) __attribute__((returns_nonnull, alloc_size(2)));
void *xreallocarray(void *ptr, size_t count, size_t size)
    __attribute__((returns_nonnull, alloc_size(2, 3)));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...) __attribute__((malloc, returns_nonnull)) PRINTF(1, 2);

/* free() for AUTO: AUTO(freep) char *s = xstrdup(...); */
void freep(void *pointer_to_pointer);
/* free() that first clears the whole block, for AUTO and by hand. NULL is fine. */
void wipe_free(void *ptr);
void wipe_freep(void *pointer_to_pointer);
/* Clears memory in a way the compiler may not remove. */
void wipe(void *ptr, size_t size);
/* close() for AUTO; a negative descriptor is fine. */
void closep(int *fd);

#endif
