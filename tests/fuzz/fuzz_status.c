/* SPDX-License-Identifier: Apache-2.0
 *
 * Any document as the status that a pod gives, which may not be a Pawl at all: whatever is in it,
 * nothing but text and ends of lines reaches the terminal, and the JSON is JSON.
 */
#include "app/status_view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void no_control_characters(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        must((c >= ' ' || c == '\n') && c != 0x7f);
        must(!(c == 0xc2 && i + 1 < text.n && ((unsigned char)text.p[i + 1] & 0xe0) == 0x80));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { OUTPUT = 64 << 20 };
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf out = BUF_INIT(OUTPUT);
    const struct json *doc = json_parse(&a, str_n(data, size), JSON_PLAIN, NULL);
    struct status_view view = {.namespaces = true};
    if (!doc) {
        return 0;
    }
    status_view_add(&view, STR("pod a/b"), doc);
    status_view_fill(&view, doc);
    must(status_view_failing(&view) <= view.workloads.n + view.objects.n + view.asked.n);
    status_view_table(&view, NS_S, &out);
    no_control_characters(buf_str(&out));
    buf_clear(&out);
    status_view_json(&view, &out);
    must(!buf_ok(&out) || json_parse(&a, buf_str(&out), JSON_PLAIN, NULL));
    status_view_done(&view);
    return 0;
}
