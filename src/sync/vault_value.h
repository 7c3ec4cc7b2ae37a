/* SPDX-License-Identifier: Apache-2.0
 *
 * vault_value: from what Key Vault answers to keys and values: the syntax of remoteRef.key, the
 * property of a JSON value, all members of one, tags instead of values. Pure.
 */
#ifndef PAWL_SYNC_VAULT_VALUE_H
#define PAWL_SYNC_VAULT_VALUE_H

#include "sync/kv.h"

enum vault_object { VAULT_SECRET, VAULT_CERTIFICATE, VAULT_KEY };

/* "x" and "secret/x", "cert/x", "key/x"; what follows a second slash does not count. ERR_INVALID
 * "unknown Azure Keyvault object Type for x". */
int vault_key_parse(struct str key, enum vault_object *object, struct str *name,
                    struct err **err) MUST_USE;

/* The property of a value: a path in the syntax of gjson; where nothing is found and the property
 * has dots, a member of that name. An empty property is the whole value. ERR_NOT_FOUND "property P
 * does not exist in key K" otherwise. */
int vault_value_property(struct arena *a, struct str value, struct str property, struct str key,
                         struct str *out, struct err **err) MUST_USE;
/* Each member of a JSON object: strings decoded, null as empty, anything else as it is written.
 * null gives no keys. ERR_PARSE otherwise. */
int vault_value_extract(struct arena *a, struct str value, struct kvs *out,
                        struct err **err) MUST_USE;

/* metadataPolicy Fetch. Of one tag (or, where there is none of that name, of the JSON in the tag
 * before the first dot); without a property a JSON object of all. */
int vault_tags_property(struct arena *a, const struct kvs *tags, struct str property,
                        struct str *out, struct err **err) MUST_USE;
/* One key NAME_TAG for each tag, NAME_TAG_INNER for each member where the tag is a JSON object of
 * strings; with a property only NAME_PROPERTY. */
int vault_tags_extract(struct arena *a, const struct kvs *tags, struct str name,
                       struct str property, struct kvs *out, struct err **err) MUST_USE;

#endif
