/* SPDX-License-Identifier: Apache-2.0
 *
 * The input as a URL, as a query and as a form. What has been decoded must come back from being
 * encoded and decoded again.
 */
#include "codec/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void there_and_back(struct str s, enum url_part part)
{
    AUTO(buf_done) struct buf encoded = BUF_INIT(64 << 20);
    AUTO(buf_done) struct buf decoded = BUF_INIT(64 << 20);
    url_encode(&encoded, s, part);
    must(url_decode(&decoded, buf_str(&encoded), part, NULL) == 0);
    must(str_eq(buf_str(&decoded), s));
}

static void params(struct str text, enum url_part part)
{
    AUTO(arena_done) struct arena a = ARENA_INIT(ARENA_WIPE);
    AUTO(err_freep) struct err *err = NULL;
    struct url_params p;
    if (url_params_parse(&a, text, part, &p, &err) != 0) {
        must(err);
        return;
    }
    for (size_t i = 0; i < p.n; i++) {
        there_and_back(p.v[i].name, part);
        there_and_back(p.v[i].value, part);
    }
}

static void parts_lie_inside(struct str text, const struct url *url)
{
    const struct str parts[] = {url->scheme, url->host,   url->authority, url->path,
                                url->query,  url->target, url->fragment};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        must(parts[i].n == 0 ||
             (parts[i].p >= text.p && parts[i].p + parts[i].n <= text.p + text.n));
    }
    must(url->host.n > 0 && str_find_byte(text, '\0') < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_n(data, size);
    struct url url;
    if (url_parse(text, &url, NULL) == 0) {
        parts_lie_inside(text, &url);
    }
    params(text, URL_COMPONENT);
    params(text, URL_FORM);
    there_and_back(text, URL_SEGMENT);
    return 0;
}
