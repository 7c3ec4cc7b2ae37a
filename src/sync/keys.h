/* SPDX-License-Identifier: Apache-2.0
 *
 * keys: names found in a vault as keys of a Secret, and values as its bytes: conversion,
 * validation, decoding, the NUL byte policy, in the order in which they are applied. Pure.
 *
 * A key of a Secret is [-._a-zA-Z0-9]{1,253}. External Secrets Operator also lets other letters
 * pass (for example ü), which the API server then refuses; here they are converted or refused at
 * once, with a text that names the key.
 */
#ifndef PAWL_SYNC_KEYS_H
#define PAWL_SYNC_KEYS_H

#include "sync/spec.h"

/* Each character that may not stand in a key becomes "_", with `unicode` "_U2215_" (four or more
 * hex digits). Two keys that become the same are ERR_INVALID. */
int keys_convert(struct kvs *m, bool unicode, struct err **err) MUST_USE;
/* Drops an empty key. ERR_INVALID for a key that is too long or holds a wrong character. */
int keys_validate(struct kvs *m, struct err **err) MUST_USE;
/* Into the arena of the map. ERR_INVALID names the key. */
int values_decode(struct kvs *m, enum decoding decoding, struct err **err) MUST_USE;
int value_decode(struct arena *a, struct str key, struct str *value, enum decoding decoding,
                 struct err **err) MUST_USE;
/* ERR_INVALID if `refuse` and a value holds a NUL byte. */
int values_check_nul(const struct kvs *m, bool refuse, struct err **err) MUST_USE;
int value_check_nul(struct str key, struct str value, bool refuse, struct err **err) MUST_USE;

#endif
