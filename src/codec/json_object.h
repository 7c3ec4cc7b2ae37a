/* SPDX-License-Identifier: Apache-2.0
 *
 * json_object: the members of an object, for the json modules only.
 *
 * Up to JSON_OBJECT_LINEAR members are searched one by one, which is fastest for what Kubernetes
 * sends. An object with room for more has an open-addressing table of member numbers right behind
 * its members, so that neither a document nor a template can make us spend quadratic time.
 */
#ifndef PAWL_CODEC_JSON_OBJECT_H
#define PAWL_CODEC_JSON_OBJECT_H

#include "codec/json.h"

enum { JSON_OBJECT_LINEAR = 16 };

/* Makes room for `cap` members in all. */
void json_object_reserve(struct arena *a, struct json *object, size_t cap);
/* The member with this key, or NULL. */
struct json_member *json_object_find(const struct json *object, struct str key);
/* Replaces the value of the member or appends one; the key is not copied. */
void json_object_put(struct arena *a, struct json *object, struct str key, struct json *value);
void json_object_remove(struct json *object, struct json_member *member);

#endif
