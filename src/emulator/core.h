/* SPDX-License-Identifier: Apache-2.0
 *
 * core: the emulator's own state, for its modules only (emulator.h is for everybody else).
 */
#ifndef PAWL_EMULATOR_CORE_H
#define PAWL_EMULATOR_CORE_H

#include "emulator/call.h"
#include "emulator/directory.h"
#include "emulator/emulator.h"
#include "emulator/store.h"

struct token_keys;
struct federation;
struct faults;
struct request_log;
struct certificates;
struct listeners;

struct emulator {
    struct loop *loop; /* NULL in tests that need no time and no network */
    struct emulator_config config;
    struct store *store;
    struct token_keys *keys;
    struct federation *federation;
    struct faults *faults;
    struct request_log *log;
    struct certificates *certificates;
    struct listeners *listeners;
    ns_t clock_offset;
    struct call *calls; /* under way */
    int working;        /* of them, how many wait for a worker */
};

/* Finds the service that a call means, applies faults, and lets the service answer it. */
void emulator_dispatch(struct call *c);
/* Called once for each answer, before it leaves. */
void emulator_note_answer(struct call *c);

/* True if the name is in the list, without case. */
bool name_list_has(const struct name_list *list, struct str name);

/* The host in an https URL, without the port; empty for anything else. */
struct str https_host(struct str text);

/* The folder and what is missing above it, mode 0700. */
int make_folder(const char *path, struct err **err) MUST_USE;
/* Writes a file with mode 0600 (or 0644) through a temporary one, so that it is whole or absent. */
int write_file(const char *path, struct str text, bool secret, struct err **err) MUST_USE;

#endif
