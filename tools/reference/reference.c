/* SPDX-License-Identifier: Apache-2.0
 *
 * reference PAGE: see reference.h. The page of metrics is what a registry holds after every layer
 * has added its families to it, as a controller does it.
 */
#include "reference.h"

#include "app/controller.h"
#include "app/process_metrics.h"
#include "kube/client.h"
#include "kube/workqueue.h"
#include "net/http_client.h"
#include "reload/metrics.h"
#include "sync/metrics.h"

enum { PAGE_MAX = 1 << 20 };

/* Families by the beginning of their names; each goes under the first that fits. */
static const struct {
    const char *title;
    const char *about;
    const char *prefixes[10];
} groups[] = {
    {"Reload role", "The names, labels and units are those of Stakater Reloader.", {"reloader_"}},
    {"Sync role",
     "The names, labels and units are those of External Secrets Operator: durations of passes are "
     "in "
     "nanoseconds. With `--enable-extended-metric-labels` the families of objects also have the "
     "labels "
     "`app_kubernetes_io_name`, `_instance`, `_version`, `_component`, `_part_of` and "
     "`_managed_by`.",
     {"externalsecret", "secretstore", "clustersecretstore", "pushsecret", "clusterexternalsecret",
      "clusterpushsecret", "controller_runtime_"}},
    {"Pawl's own", "What neither of the two programs has.", {"pawl_"}},
    {"Process, Kubernetes client, queues, leader election",
     "The names are those of client-go, controller-runtime and Prometheus's client libraries.",
     {""}},
};

static size_t group_of(const char *name)
{
    size_t g = 0;
    for (; g + 1 < COUNT_OF(groups); g++) {
        for (size_t i = 0; i < COUNT_OF(groups[g].prefixes) && groups[g].prefixes[i]; i++) {
            if (str_starts(str_c(name), str_c(groups[g].prefixes[i]))) {
                return g;
            }
        }
    }
    return g;
}

struct listing {
    struct buf *out;
    size_t group;
};

static void write_row(void *arg, const struct metric_desc *desc)
{
    const struct listing *l = arg;
    if (group_of(desc->name) != l->group) {
        return;
    }
    buf_addf(l->out, "| `%s` | %s | ", desc->name, metric_type_name(desc->type));
    for (size_t i = 0; desc->labels[i]; i++) {
        buf_addf(l->out, "%s`%s`", i ? ", " : "", desc->labels[i]);
    }
    buf_addf(l->out, " | %s |\n", desc->help);
}

static void write_groups(const struct metrics *m, struct buf *out)
{
    for (size_t g = 0; g < COUNT_OF(groups); g++) {
        buf_addf(out, "## %s\n\n%s\n\n| metric | type | labels | |\n| --- | --- | --- | --- |\n",
                 groups[g].title, groups[g].about);
        metrics_each(m, write_row, &(struct listing){out, g});
        buf_add_c(out, g + 1 < COUNT_OF(groups) ? "\n" : "");
    }
}

void metrics_page(struct buf *out)
{
    struct loop *l = loop_new();
    struct metrics *m = metrics_new();
    struct kube_config kube = {.server = STR("https://127.0.0.1")};
    struct kube_client *client =
        kube_client_new(l, &(struct kube_client_config){.config = &kube, .metrics = m});
    struct reload_metrics reload;
    process_metrics_add(m);
    (void)workqueue_metrics_add(m);
    (void)metrics_add(m, &controller_leader_metric);
    struct sync_metrics *sync = sync_metrics_new(m, false, 1);
    reload_metrics_init(&reload, m, true);
    write_groups(m, out);
    kube_client_free(client);
    sync_metrics_free(sync);
    metrics_free(m);
    loop_free(l);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*write)(struct buf *out);
    } pages[] = {{"metrics", metrics_page},
                 {"annotations", annotations_page},
                 {"environment", environment_page}};
    AUTO(buf_done) struct buf out = BUF_INIT(PAGE_MAX);
    http_global_init();
    for (size_t i = 0; argc == 2 && i < COUNT_OF(pages); i++) {
        if (strcmp(argv[1], pages[i].name) == 0) {
            pages[i].write(&out);
        }
    }
    http_global_done();
    fputs(out.p, stdout);
    return out.n > 0 ? 0 : 2;
}
