/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json.h"
#include "reload/alerts.h"

static const struct {
    const char *word;
    enum alert_sink sink;
} sinks[] = {{"slack", ALERT_SLACK}, {"teams", ALERT_TEAMS}, {"gchat", ALERT_GCHAT}};

enum alert_sink alert_sink_parse(struct str word)
{
    for (size_t i = 0; i < COUNT_OF(sinks); i++) {
        if (str_ieq(str_trim(word), str_c(sinks[i].word))) {
            return sinks[i].sink;
        }
    }
    return ALERT_RAW;
}

void alert_text(struct buf *out, const char *additional, enum source_type type, struct str source,
                enum workload_kind kind, struct str workload, struct str ns)
{
    if (additional) {
        buf_add_str(out, str_trim(str_c(additional)));
        buf_add_c(out, " : ");
    }
    buf_addf(out, "Reloader detected changes in *%.*s* of type *%s* in namespace *%.*s*. ",
             STR_ARG(source), source_type_info(type)->word, STR_ARG(ns));
    buf_addf(out, "Hence reloaded *%.*s* of type *%s* in namespace *%.*s*", STR_ARG(workload),
             workload_kind_info(kind)->name, STR_ARG(ns));
}

static void write_slack(struct buf *out, struct str text)
{
    struct json_writer w = json_writer(out);
    json_w_object(&w);
    json_w_key(&w, "attachments");
    json_w_array(&w);
    json_w_object(&w);
    json_w_strings(&w, "author_name", "Reloader", "color", "good", NULL);
    json_w_key(&w, "text");
    json_w_str(&w, text);
    json_w_end(&w);
    json_w_end(&w);
    json_w_end(&w);
}

static void write_text(struct buf *out, struct str text)
{
    struct json_writer w = json_writer(out);
    json_w_object(&w);
    json_w_key(&w, "text");
    json_w_str(&w, text);
    json_w_end(&w);
}

static void write_plain(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '*') {
            buf_add_byte(out, text.p[i]);
        }
    }
}

const char *alert_body(struct buf *out, enum alert_sink sink, struct str text)
{
    switch (sink) {
    case ALERT_SLACK:
        write_slack(out, text);
        return "application/json";
    case ALERT_TEAMS:
    case ALERT_GCHAT:
        write_text(out, text);
        return "application/json";
    case ALERT_RAW:
        break;
    }
    write_plain(out, text);
    return "text/plain";
}

bool alert_accepted(enum alert_sink sink, int status)
{
    switch (sink) {
    case ALERT_TEAMS:
        return status == 200 || status == 202;
    case ALERT_GCHAT:
        return status == 200;
    default:
        return status >= 200 && status < 400;
    }
}
