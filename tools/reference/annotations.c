/* SPDX-License-Identifier: Apache-2.0
 *
 * The page of annotations and labels. Every key comes from the source's own constants; a key of
 * struct reload_keys that has no row here is an error.
 */
#include "reference.h"

#include "reload/job.h"
#include "reload/options.h"
#include "sync/names.h"

struct row {
    const char *key;
    const char *value;
    const char *meaning;
};

static void write_rows(struct buf *out, const char *title, const char *about,
                       const struct row *rows, size_t n)
{
    buf_addf(out, "## %s\n\n%s\n\n| annotation | value | |\n| --- | --- | --- |\n", title, about);
    for (size_t i = 0; i < n; i++) {
        buf_addf(out, "| `%s` | %s | %s |\n", rows[i].key, rows[i].value, rows[i].meaning);
    }
}

static void reload_rows(struct buf *out, const struct reload_keys *k)
{
    const struct row workload[] = {
        {k->auto_any, "bool", "Restart when anything changes that the pod template refers to."},
        {k->auto_typed[SOURCE_SECRET], "bool", "The same for Secrets only."},
        {k->auto_typed[SOURCE_CONFIGMAP], "bool", "The same for ConfigMaps only."},
        {k->auto_typed[SOURCE_SPC], "bool", "The same for SecretProviderClasses only."},
        {k->search, "`true`",
         "Restart when a Secret or ConfigMap changes that the pod template refers to and that has "
         "the "
         "annotation below, *match*."},
        {k->list[SOURCE_SECRET], "regular expressions",
         "Restart when a Secret changes whose whole name matches, referred to or not. Separated by "
         "commas."},
        {k->list[SOURCE_CONFIGMAP], "regular expressions", "The same for ConfigMaps."},
        {k->list[SOURCE_SPC], "regular expressions", "The same for SecretProviderClasses."},
        {k->exclude[SOURCE_SECRET], "names",
         "Never restart for these Secrets. Exact names, separated by commas. On the workload "
         "only."},
        {k->exclude[SOURCE_CONFIGMAP], "names", "The same for ConfigMaps."},
        {k->exclude[SOURCE_SPC], "names", "The same for SecretProviderClasses."},
        {k->pause_period, "duration, `5m`",
         "Deployments only: pause the Deployment for this long after a restart, so that further "
         "changes become one. On the workload only."},
        {k->rollout_strategy, "`rollout` or `restart`",
         "Argo Rollouts only: change the pod template, or set `spec.restartAt`."},
        {RELOAD_SETTLE_ANNOTATION, "duration, `60s`",
         "Pawl's own: restart only when nothing has changed for this long. On the workload only."},
    };
    const struct row source[] = {
        {k->match, "`true`", "Counts for workloads with *search*."},
        {k->ignore, "`true`", "Never restarts anything."},
    };
    const struct row written[] = {
        {RELOAD_LEDGER_ANNOTATION, "JSON",
         "On the workload: what it was last restarted for, as keyed hashes (the ledger)."},
        {RELOAD_LAST_RELOADED_FROM, "JSON",
         "In the pod template, with `--reload-strategy=annotations`: the last cause."},
        {k->paused_at, "RFC 3339 time", "On a Deployment that Pawl has paused: since when."},
        {JOB_HOLDS_ANNOTATION, "name",
         "On a suspended Job that keeps the copy of a Job while it is replaced: whose."},
        {JOB_HOLDS_UID_ANNOTATION, "uid", "The same Job's uid."},
        {JOB_COPY_ANNOTATION, "JSON", "The copy."},
    };
    write_rows(
        out, "On workloads, or on their pod templates",
        "Read from the workload's own metadata if one of *auto*, *search* or the *reload* list "
        "stands there, else from its pod template. A bool is what Go's `ParseBool` takes: `true`, "
        "`1`, `t` ...; `true` alone means exactly that.",
        workload, COUNT_OF(workload));
    buf_add_byte(out, '\n');
    write_rows(out, "On Secrets, ConfigMaps and SecretProviderClasses",
               "In an ExternalSecret they go to `spec.target.template.metadata.annotations`.",
               source, COUNT_OF(source));
    buf_add_byte(out, '\n');
    write_rows(out, "Written by the reload role", "Not for people to set.", written,
               COUNT_OF(written));
    /* The ledger and the other constants are no members of the struct. */
    const size_t keys = sizeof(*k) / sizeof(const char *);
    const size_t constants = 1 + 2 + 3;
    must(COUNT_OF(workload) + COUNT_OF(source) + COUNT_OF(written) == keys + constants);
}

static void sync_rows(struct buf *out)
{
    static const struct row account[] = {
        {ANN_CLIENT_ID, "client id", "The identity that the ServiceAccount stands for."},
        {ANN_TENANT_ID, "tenant id", "Its tenant, where the store names none."},
    };
    static const struct row written[] = {
        {LABEL_MANAGED, "`true`", "Label: the Secret is kept by this role."},
        {LABEL_CREATED_BY, "hash", "Label: of the ExternalSecret that owns it."},
        {ANN_DATA_HASH, "hash", "Of the data that was written, to find changes by others."},
    };
    write_rows(out, "On ServiceAccounts",
               "For stores with `authType: WorkloadIdentity` and a `serviceAccountRef`.", account,
               COUNT_OF(account));
    buf_add_byte(out, '\n');
    write_rows(out, "Written by the sync role", "On Secrets; not for people to set.", written,
               COUNT_OF(written));
}

void annotations_page(struct buf *out)
{
    struct reload_options o;
    reload_options_init(&o);
    reload_rows(out, &o.keys);
    buf_add_c(
        out,
        "\n## On ExternalSecrets\n\nAny label or annotation that changes makes the role sync at "
        "once. `force-sync` with the time as its value is the usual one:\n\n"
        "```sh\nkubectl annotate externalsecret NAME force-sync=$(date +%s) --overwrite\n```\n\n");
    sync_rows(out);
}
