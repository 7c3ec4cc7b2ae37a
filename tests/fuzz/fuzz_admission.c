/* SPDX-License-Identifier: Apache-2.0
 *
 * Any body that is posted to the webhook. What is answered is one whole JSON document with the uid
 * that was asked about; what is no review gets no answer, only an error.
 */
#include "app/admission.h"
#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { ANSWER = 4096 };
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_PLAIN);
    AUTO(buf_done) struct buf out = BUF_INIT(ANSWER);
    AUTO(err_freep) struct err *err = NULL;
    if (admission_answer(str_n(data, size), &out, &err) != 0) {
        must(err);
        return 0;
    }
    const struct json *answer = json_parse(&a, buf_str(&out), JSON_PLAIN, NULL);
    must(answer && !err);
    must(json_find_str(answer, "response.uid").n > 0);
    must(json_bool(json_get(json_get(answer, "response"), "allowed"), false));
    return 0;
}
