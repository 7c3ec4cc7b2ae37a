/* SPDX-License-Identifier: Apache-2.0
 *
 * cppcheck-macros: macros of system headers, which cppcheck does not read, in a form that it can parse.
 */
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define TAILQ_HEAD(name, type)                                                                     \
    struct name {                                                                                  \
        struct type *tqh_first;                                                                    \
        struct type **tqh_last;                                                                    \
    }
