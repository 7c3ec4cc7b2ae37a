/* SPDX-License-Identifier: Apache-2.0
 *
 * Any body that a vault may send: an object of each kind, a page of a list, an error. What is taken
 * out of it lies within it or in the arena; a next page is never on another host; an error does not
 * quote what was to be written.
 */
#include "azure/vault_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_object(enum vault_kind kind, struct str body)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    AUTO(err_freep) struct err *err = NULL;
    struct vault_value v;
    if (vault_answer_object(&a, kind, body, &v, &err) != 0) {
        must(err && err->kind == ERR_PARSE);
        return;
    }
    must(v.stamp.known && vault_stamp_diff(&v.stamp, &v.stamp) == 0);
    struct vault_value again;
    must(vault_answer_object(&a, kind, body, &again, &err) == 0);
    must(vault_stamp_diff(&v.stamp, &again.stamp) == 0);
}

static void read_page(enum vault_kind kind, struct str body)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(err_freep) struct err *err = NULL;
    struct vault_page page;
    if (vault_answer_page(&a, kind, body, &page, &err) != 0) {
        must(err && err->kind == ERR_PARSE);
        return;
    }
    for (size_t i = 0; i < page.n; i++) {
        must(page.items[i].name.n > 0);
    }
    if (vault_answer_next_allowed(STR("https://kv1.vault.azure.net"), page.next)) {
        must(strncasecmp(page.next.p, "https://kv1.vault.azure.net", 27) == 0);
    }
}

static void read_error(struct str body)
{
    static const int statuses[] = {400, 401, 403, 404, 409, 429, 500};
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
        AUTO(err_freep) struct err *err = NULL;
        struct vault_tried tried = {"set", VAULT_KIND_SECRET, STR("x"), STR("s3cret")};
        struct str code;
        vault_answer_error(&a, &tried, statuses[i], body, STR("id"), &code, &err);
        must(err && err->status == statuses[i] && !strstr(err->msg, "s3cret"));
    }
    (void)vault_answer_is_passing(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body = str_n(data, size);
    for (int kind = 0; kind < 3; kind++) {
        read_object((enum vault_kind)kind, body);
        read_page((enum vault_kind)kind, body);
    }
    read_error(body);
    return 0;
}
