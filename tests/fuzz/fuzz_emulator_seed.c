/* SPDX-License-Identifier: Apache-2.0
 *
 * Seeds: whatever the text is, it is applied whole or not at all, and applying it twice is the same
 * as once. Inputs that name files are left out.
 */
#include "emulator_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct emulator *e;

static int64_t rows(void)
{
    store_begin(e->store);
    struct sql *q = store_sql(e->store, "SELECT (SELECT count(*) FROM principal) +"
                                        " (SELECT count(*) FROM vault) +"
                                        " (SELECT count(*) FROM version)");
    must(sql_row(q));
    int64_t n = sql_col_int(q, 0);
    store_rollback(e->store);
    return n;
}

static int apply(struct str text)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    struct seed_result result;
    int rc = seed_apply(e->store, &a, text, "seed", emulator_now(e), &result, &err);
    must((rc == 0) == (err == NULL));
    if (rc == 0 && result.faults) {
        (void)!faults_add_all(e->faults, result.faults, NULL);
    }
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_n(data, size);
    if (size > 64 * 1024 || str_find(text, STR("ile")) >= 0) {
        return 0;
    }
    if (!e) {
        e = target_new();
    }
    target_reset(e);
    int64_t before = rows();
    if (apply(text) != 0) {
        must(rows() == before);
        return 0;
    }
    int64_t once = rows();
    must(apply(text) == 0 && rows() == once);
    return 0;
}
