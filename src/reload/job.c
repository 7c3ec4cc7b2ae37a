/* SPDX-License-Identifier: Apache-2.0 */
#include "reload/job.h"

#include "base/encode.h"
#include "codec/hash.h"

/* Annotations of one object may take 256 KiB together. */
enum { COPY_MAX = 224 * 1024, NAME_HASH = 5, HOLDER_HASH = 4 };

static const char *const generated_labels[] = {
    "controller-uid",
    "job-name",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
};
static const char *const server_fields[] = {
    "uid",           "resourceVersion",   "creationTimestamp",          "generation",   "selfLink",
    "managedFields", "deletionTimestamp", "deletionGracePeriodSeconds", "generateName",
};

/* BASE-xxxxxxxx with the first bytes of a hash over the parts; the base is cut to fit. */
static struct str hashed_name(struct arena *a, struct str base, const char *middle, size_t bytes,
                              struct str first, struct str second)
{
    uint8_t hash[HASH_MAX];
    AUTO(buf_done) struct buf text = BUF_INIT(1024 * 1024);
    AUTO(buf_done) struct buf name = BUF_INIT(JOB_NAME_MAX);
    buf_add_str(&text, first);
    buf_add_byte(&text, '\0');
    buf_add_str(&text, second);
    hash_bytes(HASH_SHA256, buf_str(&text), hash);
    buf_add_str(&name, str_head(base, JOB_NAME_MAX - strlen(middle) - 2 * bytes));
    buf_add_c(&name, middle);
    hex_encode(&name, hash, bytes);
    return arena_str(a, buf_str(&name));
}

struct str job_name(struct arena *a, struct str cronjob, struct str uid, struct str ledger)
{
    return hashed_name(a, cronjob, "-", NAME_HASH, uid, ledger);
}

struct str job_holder_name(struct arena *a, struct str name, struct str uid)
{
    return hashed_name(a, name, "-pawl-", HOLDER_HASH, uid, name);
}

static struct json *new_job(struct arena *a, struct str ns, struct str name)
{
    struct json *job = json_new_object(a);
    json_set_str(a, job, "apiVersion", STR("batch/v1"));
    json_set_str(a, job, "kind", STR("Job"));
    struct json *metadata = json_edit(a, job, "metadata");
    json_set_str(a, metadata, "name", name);
    json_set_str(a, metadata, "namespace", ns);
    return job;
}

static void copy_members(struct arena *a, struct json *to, const struct json *from)
{
    for (size_t i = 0; json_is(from, JSON_OBJECT) && i < from->n; i++) {
        json_set(a, to, from->members[i].key, json_clone(a, from->members[i].value));
    }
}

static void set_owner(struct arena *a, struct json *job, const struct json *cronjob)
{
    struct json *owner = json_new_object(a);
    struct json *owners = json_new_array(a);
    json_set_str(a, owner, "apiVersion", STR("batch/v1"));
    json_set_str(a, owner, "kind", STR("CronJob"));
    json_set_str(a, owner, "name", json_find_str(cronjob, "metadata.name"));
    json_set_str(a, owner, "uid", json_find_str(cronjob, "metadata.uid"));
    json_set(a, owner, STR("controller"), json_new_bool(a, true));
    json_push(a, owners, owner);
    json_set(a, json_edit(a, job, "metadata"), STR("ownerReferences"), owners);
}

struct json *job_from_cronjob(struct arena *a, const struct json *cronjob, struct str name,
                              struct err **err)
{
    const struct json *template = json_find(cronjob, "spec.jobTemplate");
    const struct json *spec = json_get(template, "spec");
    if (!json_is(spec, JSON_OBJECT)) {
        err_set(err, ERR_PARSE, "the CronJob has no spec.jobTemplate.spec");
        return NULL;
    }
    struct json *job = new_job(a, json_find_str(cronjob, "metadata.namespace"), name);
    const struct json *labels = json_find(template, "metadata.labels");
    if (json_len(labels) > 0) {
        copy_members(a, json_edit(a, job, "metadata.labels"), labels);
    }
    struct json *annotations = json_edit(a, job, "metadata.annotations");
    json_set_str(a, annotations, "cronjob.kubernetes.io/instantiate", STR("manual"));
    copy_members(a, annotations, json_find(template, "metadata.annotations"));
    set_owner(a, job, cronjob);
    json_set(a, job, STR("spec"), json_clone(a, spec));
    return job;
}

static void drop(struct json *object, const char *const *keys, size_t n)
{
    for (size_t i = 0; object && i < n; i++) {
        json_del(object, str_c(keys[i]));
    }
}

struct json *job_copy(struct arena *a, const struct json *job)
{
    struct json *copy = json_clone(a, job);
    json_set_str(a, copy, "apiVersion", STR("batch/v1"));
    json_set_str(a, copy, "kind", STR("Job"));
    json_del(copy, STR("status"));
    drop(json_get(copy, "metadata"), server_fields, COUNT_OF(server_fields));
    if (!json_bool(json_find(copy, "spec.manualSelector"), false)) {
        json_del(json_get(copy, "spec"), STR("selector"));
        drop(json_find(copy, "metadata.labels"), generated_labels, COUNT_OF(generated_labels));
        drop(json_find(copy, "spec.template.metadata.labels"), generated_labels,
             COUNT_OF(generated_labels));
    }
    return copy;
}

struct json *job_holder(struct arena *a, const struct json *copy, struct str uid, struct err **err)
{
    struct str name = json_find_str(copy, "metadata.name");
    AUTO(buf_done) struct buf text = BUF_INIT_WIPE(COPY_MAX);
    if (!json_is(json_get(copy, "spec"), JSON_OBJECT)) {
        err_set(err, ERR_PARSE, "the Job has no spec");
        return NULL;
    }
    json_write(&text, copy, JSON_WRITE_PLAIN);
    if (!buf_ok(&text)) {
        err_set(err, ERR_LIMIT,
                "the Job is larger than %d bytes, so that no copy can be kept while it is replaced",
                COPY_MAX);
        return NULL;
    }
    struct json *holder =
        new_job(a, json_find_str(copy, "metadata.namespace"), job_holder_name(a, name, uid));
    copy_members(a, json_edit(a, holder, "metadata.labels"), json_find(copy, "metadata.labels"));
    struct json *annotations = json_edit(a, holder, "metadata.annotations");
    json_set_str(a, annotations, JOB_HOLDS_ANNOTATION, name);
    json_set_str(a, annotations, JOB_HOLDS_UID_ANNOTATION, uid);
    json_set_str(a, annotations, JOB_COPY_ANNOTATION, buf_str(&text));
    struct json *spec = json_set(a, holder, STR("spec"), json_clone(a, json_get(copy, "spec")));
    json_del(spec, STR("selector"));
    json_del(spec, STR("manualSelector"));
    drop(json_find(spec, "template.metadata.labels"), generated_labels, COUNT_OF(generated_labels));
    json_set(a, spec, STR("suspend"), json_new_bool(a, true));
    return holder;
}

struct json *job_held(struct arena *a, const struct json *holder, struct err **err)
{
    const struct json *annotations = json_find(holder, "metadata.annotations");
    struct json *copy =
        json_parse(a, json_str(json_get(annotations, JOB_COPY_ANNOTATION)), JSON_COPY, err);
    if (!copy) {
        err_wrap(err, "annotation " JOB_COPY_ANNOTATION);
        return NULL;
    }
    if (!str_eq(json_find_str(copy, "metadata.name"),
                json_str(json_get(annotations, JOB_HOLDS_ANNOTATION))) ||
        !str_eq(json_find_str(copy, "metadata.namespace"),
                json_find_str(holder, "metadata.namespace")) ||
        !str_eq(json_find_str(copy, "kind"), STR("Job"))) {
        err_set(err, ERR_PARSE, "annotation " JOB_COPY_ANNOTATION " is the copy of another Job");
        return NULL;
    }
    return copy;
}
