/* SPDX-License-Identifier: Apache-2.0
 *
 * pawl check: the doctor's findings as lines or JSON. Exit status 1 if something does not work.
 */
#include "app/cluster_flags.h"
#include "app/doctor.h"
#include "app/run_options.h"
#include "app/runtime.h"
#include "base/file.h"
#include "cmd/commands.h"
#include "codec/json.h"
#include "net/http_client.h"

enum { OUTPUT_MAX = 1 << 20, CA_MAX = 4 << 20 };

struct check_options {
    struct flag_list roles;
    struct cluster_flags cluster;
    char *ns, *as, *output, *extra_ca_file;
    bool stores;
};

#define OPTION(member) offsetof(struct check_options, member)

static const struct flag rows[] = {
    {"roles", 0, FLAG_LIST, OPTION(roles), "sync,reload", "PAWL_ROLES",
     .help = "The roles to look for: sync, reload."},
    CLUSTER_FLAG_ROWS(struct check_options, cluster),
    {"namespace", 'n', FLAG_STRING, OPTION(ns), NULL, NULL, "name",
     "Look for permissions and stores in this namespace only; empty means in all."},
    {"as", 0, FLAG_STRING, OPTION(as), NULL, NULL, "user",
     "Look as this user, such as system:serviceaccount:pawl:pawl."},
    {"stores", 0, FLAG_BOOL, OPTION(stores), "true",
     .help = "Sign in with the credentials of each store, and ask its vault."},
    {"extra-ca-file", 0, FLAG_STRING, OPTION(extra_ca_file), NULL, "PAWL_EXTRA_CA_FILE", "file",
     "PEM file with certificate authorities to trust for that, besides the system's."},
    {"output", 'o', FLAG_STRING, OPTION(output), "table", .help = "How to print it.",
     .choices = "table|json"},
};
static const struct flag_set set = {
    "pawl check", NULL,
    "Looks at a cluster the way `pawl run` will need it: version, clock, custom resource "
    "definitions, each permission, other controllers, webhooks, and for each store whether it can "
    "sign in and its vault answers. Says what to do about each finding. Writes nothing.",
    rows, COUNT_OF(rows)};

struct check {
    struct loop *loop;
    bool json;
    size_t bad;
    struct buf out;
    struct json_writer writer;
};

static const char *const levels[] = {
    [FINDING_OK] = "ok", [FINDING_NOTE] = "note", [FINDING_BAD] = "BAD"};

static void found(void *arg, const struct finding *f)
{
    struct check *c = arg;
    c->bad += f->level == FINDING_BAD;
    if (!c->json) {
        printf("%-5s %.*s%s%s\n", levels[f->level], STR_ARG(f->what), f->remedy ? ": " : "",
               f->remedy ? f->remedy : "");
        return;
    }
    json_w_object(&c->writer);
    json_w_strings(&c->writer, "level", levels[f->level]);
    json_w_key(&c->writer, "finding");
    json_w_str(&c->writer, f->what);
    if (f->remedy) {
        json_w_strings(&c->writer, "remedy", f->remedy);
    }
    json_w_end(&c->writer);
}

static void done(void *arg)
{
    const struct check *c = arg;
    loop_stop(c->loop);
}

static int look(const struct check_options *o, struct check *c, struct runtime *rt,
                struct err **err)
{
    bool sync = false, reload = false;
    AUTO(buf_done) struct buf ca_pem = BUF_INIT(CA_MAX);
    if (role_names(&o->roles, &sync, &reload, err) != 0) {
        return -1;
    }
    if (*o->extra_ca_file && file_read(o->extra_ca_file, &ca_pem, err) != 0) {
        return err_wrap(err, "--extra-ca-file");
    }
    struct kube_config_options where = cluster_flags_where(&o->cluster);
    where.as = str_c(o->as);
    if (runtime_open(rt, &where, &(struct kube_client_config){0}, err) != 0) {
        return -1;
    }
    c->loop = rt->loop;
    struct doctor *d = doctor_new(&(struct doctor_config){.client = rt->client,
                                                          .sync = sync,
                                                          .reload = reload,
                                                          .ns = str_c(o->ns),
                                                          .stores = o->stores,
                                                          .ca_pem = buf_str(&ca_pem),
                                                          .found = found,
                                                          .done = done,
                                                          .arg = c});
    loop_run(rt->loop);
    doctor_free(d);
    return 0;
}

int cmd_check(int argc, const char *const *argv)
{
    struct check_options o = {0};
    struct check c = {.out = BUF_INIT(OUTPUT_MAX)};
    struct runtime rt = {0};
    struct flag_rest rest;
    int status = EXIT_OK;
    AUTO(err_freep) struct err *err = NULL;
    if (command_options(&set, &o, argc, argv, &rest, &status)) {
        http_global_init();
        c.json = strcmp(o.output, "json") == 0;
        c.writer = json_writer(&c.out);
        json_w_array(&c.writer);
        if (look(&o, &c, &rt, &err) != 0) {
            status = command_failed(err);
        } else {
            json_w_end(&c.writer);
            if (c.json) {
                puts(c.out.p);
            }
            status = c.bad > 0 ? EXIT_FAILED : EXIT_OK;
        }
        runtime_close(&rt);
        http_global_done();
    }
    flags_done(&set, &o);
    buf_done(&c.out);
    return status;
}
