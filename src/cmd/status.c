/* SPDX-License-Identifier: Apache-2.0
 *
 * pawl status: what is. Running Pawls are asked first, because only they know what is due and what
 * fails; what nobody answered for is read from the objects in the cluster. Exit status 1 if
 * something fails or could not be seen.
 */
#include "app/cluster_flags.h"
#include "app/look_flags.h"
#include "app/runtime.h"
#include "app/status_client.h"
#include "app/status_objects.h"
#include "app/status_view.h"
#include "app/table.h"
#include "base/clock.h"
#include "cmd/commands.h"
#include "net/http_client.h"

enum { OUTPUT_MAX = 64 << 20, ERROR_MAX = 64 * 1024 };

struct status_options {
    struct look_flags look;
    char *address, *pawl_ns;
    struct cluster_flags cluster;
};

#define OPTION(member) offsetof(struct status_options, member)

static const struct flag rows[] = {
    LOOK_FLAG_ROWS(struct status_options, look),
    {"address", 0, FLAG_STRING, OPTION(address), NULL, NULL, "URL",
     "Ask the Pawl that listens there, such as http://127.0.0.1:9090, instead of the pods."},
    {"pawl-namespace", 0, FLAG_STRING, OPTION(pawl_ns), NULL, NULL, "name",
     "Where Pawl's pods are; empty means to look for them in all namespaces."},
    CLUSTER_FLAG_ROWS(struct status_options, cluster),
};
static const struct flag_set set = {
    "pawl status", NULL,
    "Shows each workload that something can restart: with what sources, when it was restarted "
    "last, what is due, what fails and why; and each ExternalSecret and store. Asks the running "
    "Pawl through the API server (permission: get on pods/proxy), or reads what the objects say. "
    "Writes nothing.",
    rows, COUNT_OF(rows)};

struct asking {
    const struct status_options *options;
    struct runtime runtime;
    struct str ns;
    struct arena arena; /* documents */
    struct status_view view;
    struct status_objects *objects;
    struct err *unasked; /* why a running Pawl could not be asked */
    struct problems problems;
};

/* ---- what comes ---- */

static void asked(void *arg, struct str from, struct str document)
{
    struct asking *a = arg;
    AUTO(err_freep) struct err *err = NULL;
    const struct json *doc = json_parse(&a->arena, document, JSON_COPY, &err);
    if (!doc) {
        err_wrap(&err, "%.*s", STR_ARG(from));
        command_problem(&a->problems, err);
        return;
    }
    status_view_add(&a->view, arena_str(&a->arena, from), doc);
}

static void cannot_ask(void *arg, const struct err *err)
{
    struct asking *a = arg;
    if (!a->unasked) {
        a->unasked = err_copy(err);
    }
}

static void read_objects(void *arg, struct str document)
{
    struct asking *a = arg;
    status_view_fill(&a->view, json_parse(&a->arena, document, JSON_COPY, NULL));
    loop_stop(a->runtime.loop);
}

static void refused(void *arg, const struct err *err)
{
    struct asking *a = arg;
    command_problem(&a->problems, err);
}

static void all_asked(void *arg)
{
    struct asking *a = arg;
    if (a->view.has_workloads && a->view.has_objects) {
        loop_stop(a->runtime.loop);
        return;
    }
    a->objects = status_objects_new(&(struct status_objects_config){.client = a->runtime.client,
                                                                    .ns = a->ns,
                                                                    .problem = refused,
                                                                    .done = read_objects,
                                                                    .arg = a});
}

/* ---- */

/* The error may quote what a pod has answered, whoever it is. */
static void say_unasked(const struct err *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT(ERROR_MAX);
    buf_add_c(&text, err_msg(err));
    table_clean(&text);
    fprintf(stderr, "pawl: a running Pawl cannot be asked: %s\n", text.p);
}

static void say_where_from(const struct asking *a)
{
    bool none = a->view.asked.n == 0;
    if (a->unasked) {
        say_unasked(a->unasked);
    } else if (none) {
        fputs("pawl: no running Pawl was found\n", stderr);
    }
    if (none) {
        fputs("pawl: shown is what the objects in the cluster say; what is due is not among it\n",
              stderr);
    }
}

static int print(struct asking *a)
{
    AUTO(buf_done) struct buf out = BUF_INIT(OUTPUT_MAX);
    say_where_from(a);
    if (look_flags_json(&a->options->look)) {
        status_view_json(&a->view, &out);
    } else {
        status_view_table(&a->view, clock_real(), &out);
    }
    (void)fwrite(out.p, 1, out.n, stdout);
    return status_view_failing(&a->view) > 0 || a->problems.any ? EXIT_FAILED : EXIT_OK;
}

static int look(struct asking *a, struct err **err)
{
    const struct status_options *o = a->options;
    struct kube_config_options where = cluster_flags_where(&o->cluster);
    if (runtime_open(&a->runtime, &where, &(struct kube_client_config){0}, err) != 0) {
        return -1;
    }
    a->ns = look_flags_ns(&o->look, a->runtime.kube->ns);
    struct status_client_config config = {
        .loop = a->runtime.loop,
        .client = a->runtime.client,
        .address = str_c(o->address),
        .pawl_ns = str_c(o->pawl_ns),
        .ns = a->ns,
        .found = asked,
        .problem = cannot_ask,
        .done = all_asked,
        .arg = a,
    };
    struct status_client *client = status_client_new(&config);
    loop_run(a->runtime.loop);
    status_client_free(client);
    status_objects_free(a->objects);
    return 0;
}

static int status(const struct status_options *o)
{
    AUTO(err_freep) struct err *err = NULL;
    struct asking a = {.options = o, .arena = ARENA_INIT(ARENA_PLAIN)};
    a.view.namespaces = o->look.all;
    http_global_init();
    int result = look(&a, &err) == 0 ? print(&a) : command_failed(err);
    status_view_done(&a.view);
    arena_done(&a.arena);
    err_free(a.unasked);
    err_free(a.problems.last);
    runtime_close(&a.runtime);
    http_global_done();
    return result;
}

int cmd_status(int argc, const char *const *argv)
{
    struct status_options o = {0};
    struct flag_rest rest;
    int result = EXIT_OK;
    if (command_options(&set, &o, argc, argv, &rest, &result)) {
        result = status(&o);
    }
    flags_done(&set, &o);
    return result;
}
