/* SPDX-License-Identifier: Apache-2.0
 *
 * Any answer of a token endpoint: a token that fits into a header, or an error without the secret.
 */
#include "azure/token_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body = str_n(data, size);
    AUTO(err_freep) struct err *err = NULL;
    struct token_answer answer;
    if (token_answer_parse(body, 1772359200 * NS_S, &answer, &err) == 0) {
        struct str token = secret_str(answer.token);
        must(!err && token.n > 0 && str_printable(token) && str_find_byte(token, ' ') < 0);
        must(answer.lifetime >= 0 && answer.renew_in >= 0 && answer.renew_in <= answer.lifetime);
        secret_unref(answer.token);
    }
    static const int statuses[] = {400, 401, 403, 429, 500};
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        must(token_answer_error(statuses[i], body, STR("s3cret"), NULL, &err) == -1);
        must(err->status == statuses[i] && !strstr(err->msg, "s3cret") && strlen(err->msg) < 2048);
    }
    return 0;
}
