/* SPDX-License-Identifier: Apache-2.0 */
#include "reload/meta_info.h"

#include "codec/json.h"
#include "reload/selector.h"

enum { PART_MAX = 128 * 1024 };

static void write_build(struct json_writer *w)
{
    json_w_strings(w, "goVersion", "", "releaseVersion", PAWL_VERSION, "commitHash", "", NULL);
    json_w_strings(w, "commitTime", "0001-01-01T00:00:00Z", "edition", "oss", NULL);
}

static void write_list(struct json_writer *w, const char *key, struct reload_list list)
{
    json_w_key(w, key);
    json_w_array(w);
    for (size_t i = 0; i < list.n; i++) {
        json_w_c(w, list.v[i]);
    }
    json_w_end(w);
}

/* Selectors appear as they are used, after the rewrite of the older forms. */
static void write_selectors(struct json_writer *w, const char *key, struct reload_list list)
{
    json_w_key(w, key);
    json_w_array(w);
    for (size_t i = 0; i < list.n; i++) {
        AUTO(buf_done) struct buf entry = BUF_INIT(PART_MAX);
        label_selector_rewrite(&entry, str_c(list.v[i]));
        json_w_str(w, buf_str(&entry));
    }
    json_w_end(w);
}

static void write_bool(struct json_writer *w, const char *key, bool value)
{
    json_w_key(w, key);
    json_w_bool(w, value);
}

static void write_keys(struct json_writer *w, const struct reload_keys *k)
{
    json_w_strings(w, "configmapUpdateOnChangeAnnotation", k->list[SOURCE_CONFIGMAP],
                   "secretUpdateOnChangeAnnotation", k->list[SOURCE_SECRET],
                   "secretProviderClassUpdateOnChangeAnnotation", k->list[SOURCE_SPC],
                   "reloaderAutoAnnotation", k->auto_any, "ignoreResourceAnnotation", k->ignore,
                   "configmapReloaderAutoAnnotation", k->auto_typed[SOURCE_CONFIGMAP],
                   "secretReloaderAutoAnnotation", k->auto_typed[SOURCE_SECRET],
                   "secretProviderClassReloaderAutoAnnotation", k->auto_typed[SOURCE_SPC],
                   "configmapExcludeReloaderAnnotation", k->exclude[SOURCE_CONFIGMAP],
                   "secretExcludeReloaderAnnotation", k->exclude[SOURCE_SECRET],
                   "secretProviderClassExcludeReloaderAnnotation", k->exclude[SOURCE_SPC],
                   "autoSearchAnnotation", k->search, "searchMatchAnnotation", k->match,
                   "rolloutStrategyAnnotation", k->rollout_strategy, "pauseDeploymentAnnotation",
                   k->pause_period, "pauseDeploymentTimeAnnotation", k->paused_at, NULL);
}

static void write_ignored(struct json_writer *w, const struct reload_options *o)
{
    static const struct {
        enum source_type type;
        const char *word;
    } resources[] = {{SOURCE_CONFIGMAP, "configmaps"}, {SOURCE_SECRET, "secrets"}};
    static const struct {
        enum workload_kind kind;
        const char *word;
    } kinds[] = {{WORKLOAD_JOB, "jobs"}, {WORKLOAD_CRONJOB, "cronjobs"}};
    json_w_key(w, "resourcesToIgnore");
    json_w_array(w);
    for (size_t i = 0; i < COUNT_OF(resources); i++) {
        if (o->ignore_type[resources[i].type]) {
            json_w_c(w, resources[i].word);
        }
    }
    json_w_end(w);
    json_w_key(w, "workloadTypesToIgnore");
    json_w_array(w);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (o->ignore_kind[kinds[i].kind]) {
            json_w_c(w, kinds[i].word);
        }
    }
    json_w_end(w);
}

static void write_options(struct json_writer *w, const struct reload_options *o)
{
    write_bool(w, "autoReloadAll", o->auto_reload_all);
    write_keys(w, &o->keys);
    json_w_strings(w, "logFormat", o->log_format, "logLevel", o->log_level, NULL);
    write_bool(w, "isArgoRollouts", !o->ignore_kind[WORKLOAD_ROLLOUT]);
    json_w_strings(w, "reloadStrategy", reload_strategy_name(o->strategy), NULL);
    write_bool(w, "reloadOnCreate", o->on_create);
    write_bool(w, "reloadOnDelete", o->on_delete);
    write_bool(w, "syncAfterRestart", o->sync_after_restart);
    write_bool(w, "enableHA", o->enable_ha);
    write_bool(w, "enableCSIIntegration", !o->ignore_type[SOURCE_SPC]);
    json_w_strings(w, "webhookUrl", o->webhook_url, NULL);
    write_ignored(w, o);
    write_selectors(w, "namespaceSelectors", o->namespace_selector);
    write_selectors(w, "resourceSelectors", o->resource_selector);
    write_list(w, "namespacesToIgnore", o->ignored_namespaces);
    write_bool(w, "enablePProf", o->enable_pprof);
    json_w_strings(w, "pprofAddr", o->pprof_address, NULL);
}

static void write_deployment(struct json_writer *w, const struct reload_options *o)
{
    json_w_strings(w, "name", o->deployment_name ? o->deployment_name : "", "namespace",
                   o->meta_info_namespace, NULL);
}

/* One data key whose value is a JSON object as a string. */
static void write_part(struct json_writer *w, const char *key, struct buf *part)
{
    json_w_key(w, key);
    json_w_str(w, buf_str(part));
    buf_done(part);
}

void meta_info_write(struct buf *out, const struct reload_options *o)
{
    struct json_writer w = json_writer(out);
    struct buf build = BUF_INIT(PART_MAX);
    struct buf options = BUF_INIT(PART_MAX);
    struct buf deployment = BUF_INIT(PART_MAX);
    struct json_writer part = json_writer(&build);
    json_w_object(&part);
    write_build(&part);
    json_w_end(&part);
    part = json_writer(&options);
    json_w_object(&part);
    write_options(&part, o);
    json_w_end(&part);
    part = json_writer(&deployment);
    json_w_object(&part);
    write_deployment(&part, o);
    json_w_end(&part);

    json_w_object(&w);
    json_w_strings(&w, "apiVersion", "v1", "kind", "ConfigMap", NULL);
    json_w_key(&w, "metadata");
    json_w_object(&w);
    json_w_strings(&w, "name", META_INFO_NAME, "namespace", o->meta_info_namespace, NULL);
    json_w_key(&w, "labels");
    json_w_object(&w);
    json_w_strings(&w, "reloader.stakater.com/meta-info", "reloader", NULL);
    json_w_end(&w);
    json_w_end(&w);
    json_w_key(&w, "data");
    json_w_object(&w);
    write_part(&w, "buildInfo", &build);
    write_part(&w, "reloaderOptions", &options);
    write_part(&w, "deploymentInfo", &deployment);
    json_w_end(&w);
    json_w_end(&w);
}
