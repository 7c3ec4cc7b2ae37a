/* SPDX-License-Identifier: Apache-2.0
 *
 * cache: parsed templates by text, name and delimiters, so that an object whose manifest has not
 * changed is not parsed again. Bounded: when it is full, what was not used since the last time it
 * was full goes. One thread.
 */
#ifndef PAWL_TEMPLATE_CACHE_H
#define PAWL_TEMPLATE_CACHE_H

#include "template/template.h"

struct template_cache;

struct template_cache *template_cache_new(size_t max) MUST_USE;
void template_cache_free(struct template_cache *cache);
/* Parses on the first call. Borrowed: good until the next call. NULL as template_parse. */
const struct template *template_cache_get(struct template_cache *cache, struct str text,
                                          const struct template_options *options, struct err **err);
size_t template_cache_count(const struct template_cache *cache);

#endif
