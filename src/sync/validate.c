/* SPDX-License-Identifier: Apache-2.0 */
#include "sync/validate.h"

#define TYPE_SA_TOKEN        "kubernetes.io/service-account-token"
#define TYPE_BOOTSTRAP_TOKEN "bootstrap.kubernetes.io/token"
#define ANN_SA_NAME          "kubernetes.io/service-account.name"

enum { TEXT_MAX = 2048 };

static void add(struct buf *out, const char *text)
{
    buf_add_c(out, out->n ? "; " : "");
    buf_add_c(out, text);
}

static void check_policies(const struct es_spec *spec, struct buf *out)
{
    bool owner = spec->creation == CREATE_OWNER || spec->creation == CREATE_ORPHAN;
    if (spec->deletion == DELETION_DELETE && !owner) {
        add(out, "deletionPolicy=Delete must not be used when the controller doesn't own the "
                 "secret. Please set creationPolicy=Owner");
    }
    if (spec->deletion == DELETION_MERGE && spec->creation == CREATE_NONE) {
        add(out, "deletionPolicy=Merge must not be used with creationPolicy=None. There is no "
                 "Secret to merge with");
    }
    if (!spec->n_data && !spec->n_data_from) {
        add(out, "either data or dataFrom should be specified");
    }
}

static void check_data_from(const struct es_data_from *from, struct buf *out)
{
    bool generator = from->source.generator_kind.n > 0;
    if ((from->has_find && from->has_extract) ||
        ((from->has_find || from->has_extract) && generator)) {
        add(out, "extract, find, or generatorRef cannot be set at the same time");
    }
    if (!from->has_find && !from->has_extract && !from->source.given) {
        add(out, "either extract, find, or sourceRef must be set to dataFrom");
    }
    if (from->source.given && !generator && !from->source.store.name.n) {
        add(out, "generatorRef or storeRef must be set when using sourceRef in dataFrom");
    }
}

static void check_duplicates(const struct es_spec *spec, struct buf *out)
{
    for (size_t i = 0; i < spec->n_data; i++) {
        for (size_t j = 0; j < i; j++) {
            if (str_eq(spec->data[i].secret_key, spec->data[j].secret_key)) {
                add(out, "duplicate secretKey found: ");
                buf_add_str(out, spec->data[i].secret_key);
                break;
            }
        }
    }
}

int es_spec_validate(const struct es_spec *spec, struct err **err)
{
    AUTO(buf_done) struct buf out = BUF_INIT(TEXT_MAX);
    check_policies(spec, &out);
    for (size_t i = 0; i < spec->n_data_from; i++) {
        check_data_from(&spec->data_from[i], &out);
    }
    if (spec->deletion == DELETION_RETAIN) {
        check_duplicates(spec, &out);
    }
    return out.n ? err_set(err, ERR_INVALID, "%s", out.p) : 0;
}

static bool known_target(struct str target)
{
    return !target.n || str_ieq(target, STR("Data")) || str_ieq(target, STR("Annotations")) ||
           str_ieq(target, STR("Labels"));
}

int es_template_validate(const struct es_template *template, struct err **err)
{
    bool sa_token = str_eq_c(template->type, TYPE_SA_TOKEN);
    if (sa_token && kvs_has(&template->annotations, STR(ANN_SA_NAME))) {
        return err_set(err, ERR_INVALID,
                       "template.type=\"" TYPE_SA_TOKEN "\" with annotation \"" ANN_SA_NAME
                       "\" is not allowed");
    }
    if (str_eq_c(template->type, TYPE_BOOTSTRAP_TOKEN)) {
        return err_set(err, ERR_INVALID,
                       "template.type=\"" TYPE_BOOTSTRAP_TOKEN "\" is not allowed");
    }
    for (size_t i = 0; i < template->n_from; i++) {
        struct str target = template->from[i].target;
        if (sa_token && str_ieq(target, STR("Annotations"))) {
            return err_set(err, ERR_INVALID,
                           "template.type=\"" TYPE_SA_TOKEN
                           "\" with templateFrom target=\"Annotations\" is not allowed");
        }
        if (!known_target(target)) {
            return err_set(err, ERR_INVALID,
                           "templateFrom target=\"%.*s\" is not allowed when targeting a Secret, "
                           "must be one of \"Data\", \"Annotations\" or \"Labels\"",
                           STR_ARG(str_head(target, 64)));
        }
    }
    return 0;
}
