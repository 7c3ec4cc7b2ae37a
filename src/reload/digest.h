/* SPDX-License-Identifier: Apache-2.0
 *
 * digest: the fingerprint of a source's content that Stakater Reloader writes into workloads, so
 * that nothing moves when one program takes over from the other: SHA-1 over the entries
 * "key=value", sorted as whole strings and joined with ";".
 *
 * Known and kept: entries are not escaped, so two different contents can have one fingerprint
 * ({"a": "1;b=2"} and {"a": "1", "b": "2"}). SHA-1 is not a protection here and is not meant to be
 * one: what Pawl itself writes is keyed (reload/ledger.h).
 *
 * Pure. Copies of values live in wiped memory and are gone on return; the caller wipes the document
 * (ARENA_WIPE).
 */
#ifndef PAWL_RELOAD_DIGEST_H
#define PAWL_RELOAD_DIGEST_H

#include "codec/json.h"
#include "reload/kinds.h"

enum { DIGEST_SIZE = 20, DIGEST_HEX = 40 };

struct digest {
    uint8_t bytes[DIGEST_SIZE];
};

/* Of a ConfigMap, a Secret or a SecretProviderClassPodStatus. ERR_PARSE when a value has the wrong
 * type or Secret data is no base64; the text names the key, never the value. */
int digest_source(enum source_type type, const struct json *object, struct digest *out,
                  struct err **err);
/* The same of a Secret whose values are at hand. Entries may come in any order. */
struct digest_entry {
    struct str key;
    struct str value;
};
struct digest digest_secret(const struct digest_entry *entries, size_t n);
/* What stands for "deleted" in the annotations strategy. */
struct digest digest_delete_marker(void);

/* Lower-case hex with a NUL. */
void digest_hex(const struct digest *d, char out[DIGEST_HEX + 1]);
/* False unless it is exactly 40 lower-case hex digits. */
bool digest_parse(struct str hex, struct digest *out);
bool digest_eq(const struct digest *a, const struct digest *b);

#endif
