/* SPDX-License-Identifier: Apache-2.0 */
#include "reload/judge.h"

static struct judgement judge_present(const struct record *base, const struct record *now,
                                      bool on_create)
{
    bool same = memcmp(base->hash, now->hash, LEDGER_HASH_SIZE) == 0;
    switch (base->state) {
    case RECORD_NONE:
        return (struct judgement){VERDICT_RECORD, *now};
    case RECORD_HASH:
        return (struct judgement){same ? VERDICT_KEEP : VERDICT_MOVE, *now};
    case RECORD_MISSING:
        return (struct judgement){on_create ? VERDICT_MOVE : VERDICT_RECORD, *now};
    case RECORD_DELETED:
        /* Deleted and made again: a change if the content is another. */
        return (struct judgement){on_create || !same ? VERDICT_MOVE : VERDICT_RECORD, *now};
    }
    return (struct judgement){VERDICT_KEEP, *base};
}

static struct judgement judge_missing(const struct record *base, bool on_delete)
{
    struct record after = *base;
    if (base->state == RECORD_NONE) {
        after.state = RECORD_MISSING;
        return (struct judgement){VERDICT_RECORD, after};
    }
    if (base->state == RECORD_HASH && on_delete) {
        after.state = RECORD_DELETED;
        return (struct judgement){VERDICT_DELETED, after};
    }
    return (struct judgement){VERDICT_KEEP, after};
}

struct judgement judge(const struct record *base, const struct record *now, bool on_create,
                       bool on_delete)
{
    if (now->state == RECORD_HASH) {
        return judge_present(base, now, on_create);
    }
    return judge_missing(base, on_delete);
}
