/* SPDX-License-Identifier: Apache-2.0
 *
 * json_split: finds the items of a Kubernetes list, or the events of a watch, in a stream of bytes
 * that arrives in pieces, holding one item at a time. Borders of pieces mean nothing. Members may
 * come in any order (lists of custom resources have items before metadata).
 *
 * List: each element of the top-level member "items" is given out; every other top-level member is
 * kept (bounded) and given out at the end as one object. A null or absent "items" is an empty list.
 * Watch: each top-level object (one per line) is given out.
 *
 * Only as much of the grammar is checked as finding the borders needs: the items and the rest must
 * go through json_parse, which refuses what is malformed inside of them. A feed that has failed
 * fails from then on.
 */
#ifndef PAWL_CODEC_JSON_SPLIT_H
#define PAWL_CODEC_JSON_SPLIT_H

#include "base/buf.h"
#include "base/err.h"

struct json_split;

struct json_split_callbacks {
    /* One item or event: complete JSON text, valid only during the call. A non-zero return stops
     * the feed, which then fails with the error that the callback has set. */
    int (*item)(void *arg, struct str json, struct err **err);
    /* List only, once, when the document is complete: an object of the members but "items". May be
     * NULL. */
    int (*rest)(void *arg, struct str json, struct err **err);
};

enum json_split_mode { JSON_SPLIT_LIST, JSON_SPLIT_WATCH };

/* max_item: ceiling in bytes of one item, and of the rest together (ERR_LIMIT when passed). wipe:
 * what passes through may be secret. `callbacks` is copied. */
struct json_split *json_split_new(enum json_split_mode mode, size_t max_item, bool wipe,
                                  const struct json_split_callbacks *callbacks, void *arg) MUST_USE;
int json_split_feed(struct json_split *s, struct str bytes, struct err **err) MUST_USE;
/* At the end of the stream. A list that is cut off is ERR_PARSE ("ends early"): a 200 does not mean
 * that the body is whole. A watch may end anywhere between two events; inside one it is ERR_PARSE.
 */
int json_split_finish(struct json_split *s, struct err **err) MUST_USE;
void json_split_free(struct json_split *s);

#endif
