/* SPDX-License-Identifier: Apache-2.0
 *
 * seed: what exists when the emulator starts, as a YAML file: tenants, applications and their
 * credentials, managed identities, federated credentials, vaults, who may what, first secrets,
 * faults. docs/emulator.md describes each key; an example is tests/e2e/emulator/seed.yaml.
 *
 * A seed is declarative: applying it again, or another one, replaces everything that an earlier
 * seed said about the directory, in one transaction. Secrets are the exception: one that the vault
 * already has (or had, and deleted) is left alone, so that a rotation survives a restart.
 *
 * Messages name file, line and key: "seed.yaml:12: vaults.mode: must be rbac or policy".
 */
#ifndef PAWL_EMULATOR_SEED_H
#define PAWL_EMULATOR_SEED_H

#include "emulator/store.h"

struct json;

struct seed_result {
    struct json *faults; /* an array, in the arena given to seed_apply; NULL if there are none */
};

/* name: for messages, and the folder that relative files are looked up in. now: Unix seconds.
 * Nothing has changed when it fails. */
int seed_apply(struct store *s, struct arena *a, struct str text, const char *name, int64_t now,
               struct seed_result *out, struct err **err) MUST_USE;

#endif
