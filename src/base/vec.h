/* SPDX-License-Identifier: Apache-2.0
 *
 * vec: a growing array of T:   VEC(struct str) names = {0};  vec_push(&names, s);  names.v[i]
 * The memory is on the heap and owned by the vec; vec_done frees it, not what its elements point
 * to.
 */
#ifndef PAWL_BASE_VEC_H
#define PAWL_BASE_VEC_H

#include "base/base.h"
#include "base/str.h"

#define VEC(T)                                                                                     \
    struct {                                                                                       \
        T *v;                                                                                      \
        size_t n;                                                                                  \
        size_t cap;                                                                                \
    }

/* Adds one element by value. */
#define vec_push(vec, ...)                                                                         \
    do {                                                                                           \
        __typeof__(vec) vec_p_ = (vec);                                                            \
        if (vec_p_->n == vec_p_->cap) {                                                            \
            vec_p_->v = vec_grow(vec_p_->v, &vec_p_->cap, sizeof(*vec_p_->v));                     \
        }                                                                                          \
        vec_p_->v[vec_p_->n++] = (__VA_ARGS__);                                                    \
    } while (0)

/* Room for exactly n elements in all, where it is known how many there will be. */
#define vec_reserve(vec, want)                                                                     \
    do {                                                                                           \
        __typeof__(vec) vec_p_ = (vec);                                                            \
        size_t vec_n_ = (want);                                                                    \
        if (vec_n_ > vec_p_->cap) {                                                                \
            vec_p_->v = xreallocarray(vec_p_->v, vec_n_, sizeof(*vec_p_->v));                      \
            vec_p_->cap = vec_n_;                                                                  \
        }                                                                                          \
    } while (0)

#define vec_pop(vec) ((vec)->v[--(vec)->n])
/* Removes element i, keeping the order of the others. */
#define vec_remove(vec, i)                                                                         \
    do {                                                                                           \
        __typeof__(vec) vec_p_ = (vec);                                                            \
        size_t vec_i_ = (i);                                                                       \
        must(vec_i_ < vec_p_->n);                                                                  \
        memmove(&vec_p_->v[vec_i_], &vec_p_->v[vec_i_ + 1],                                        \
                (--vec_p_->n - vec_i_) * sizeof(*vec_p_->v));                                      \
    } while (0)

#define vec_done(vec)                                                                              \
    do {                                                                                           \
        __typeof__(vec) vec_p_ = (vec);                                                            \
        free(vec_p_->v);                                                                           \
        memset(vec_p_, 0, sizeof(*vec_p_));                                                        \
    } while (0)

/* The place of the key among n elements that are sorted by it (str_cmp) and begin with it (a struct
 * str), `size` bytes each; or the place where it would have to be inserted. */
size_t vec_sorted_place(const void *v, size_t n, size_t size, struct str key, bool *found);

/* Used by the macros: makes room for at least one more element. */
void *vec_grow(void *v, size_t *cap, size_t size);

#endif
