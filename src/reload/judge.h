/* SPDX-License-Identifier: Apache-2.0
 *
 * judge: what has to happen for one workload and one source, from two facts: what the workload was
 * last moved for (or started with), and what the source is now. It does not matter how the change
 * came about or how many events there were: what counts is the difference. Pure.
 */
#ifndef PAWL_RELOAD_JUDGE_H
#define PAWL_RELOAD_JUDGE_H

#include "reload/ledger.h"

enum verdict {
    VERDICT_KEEP,    /* nothing has changed */
    VERDICT_RECORD,  /* a new record is due, but no restart */
    VERDICT_MOVE,    /* the source is new or different */
    VERDICT_DELETED, /* the source is gone */
};

struct judgement {
    enum verdict verdict;
    struct record record; /* the workload's record once the verdict has been carried out */
};

/* base: the record so far; now: RECORD_HASH of the present content, or RECORD_MISSING. on_create,
 * on_delete: Reloader's flags. */
struct judgement judge(const struct record *base, const struct record *now, bool on_create,
                       bool on_delete);

#endif
