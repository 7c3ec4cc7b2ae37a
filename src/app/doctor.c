/* SPDX-License-Identifier: Apache-2.0
 *
 * The questions are: version, self, definitions, then the rows of `accesses`, one request a verb,
 * then those of doctor_cluster.c and doctor_stores.c. An API server that does not answer the first
 * one ends it: everything else would only say so again.
 */
#include "app/doctor_internal.h"

#include "base/clock.h"
#include "kube/discovery.h"
#include "net/http_fields.h"

enum { TEXT_MAX = 4096, MIN_MINOR = 28 };
/* Tokens of workload identity are refused when clocks differ by minutes. */
#define CLOCK_MAX (60 * NS_S)

#define GRANT "grant it to Pawl's ServiceAccount, as the ClusterRole of charts/pawl does"
#define ALL_NAMESPACES                                                                             \
    "grant it in a ClusterRole, as charts/pawl does, or work in some namespaces only "             \
    "(--namespaces)"

enum part { PART_SYNC = 1, PART_RELOAD = 2 };

static const struct access_row {
    int parts;
    enum resource_id resource;
    const char *subresource;
    const char *verbs; /* separated by blanks */
    enum finding_level without;
    const char *remedy;
} accesses[] = {
    {PART_SYNC, RES_EXTERNALSECRETS, NULL, "list watch patch", FINDING_BAD, GRANT},
    {PART_SYNC, RES_EXTERNALSECRETS, "status", "patch", FINDING_BAD, GRANT},
    {PART_SYNC, RES_SECRETSTORES, NULL, "list watch", FINDING_BAD, GRANT},
    {PART_SYNC, RES_SECRETSTORES, "status", "patch", FINDING_BAD, GRANT},
    {PART_SYNC, RES_CLUSTERSECRETSTORES, NULL, "list watch", FINDING_NOTE, ALL_NAMESPACES},
    {PART_SYNC, RES_CLUSTERSECRETSTORES, "status", "patch", FINDING_NOTE, ALL_NAMESPACES},
    {PART_SYNC, RES_SECRETS, NULL, "create update delete", FINDING_BAD, GRANT},
    {PART_SYNC, RES_SERVICEACCOUNTS, NULL, "get", FINDING_NOTE,
     "needed by stores with a serviceAccountRef"},
    {PART_SYNC, RES_SERVICEACCOUNTS, "token", "create", FINDING_NOTE,
     "needed by stores with a serviceAccountRef (rbac.serviceAccountTokenCreate in charts/pawl)"},
    {PART_SYNC | PART_RELOAD, RES_SECRETS, NULL, "get list watch", FINDING_BAD, GRANT},
    {PART_SYNC | PART_RELOAD, RES_CONFIGMAPS, NULL, "get list watch", FINDING_BAD, GRANT},
    {PART_RELOAD, RES_DEPLOYMENTS, NULL, "list patch", FINDING_BAD, GRANT},
    {PART_RELOAD, RES_DAEMONSETS, NULL, "list patch", FINDING_BAD, GRANT},
    {PART_RELOAD, RES_STATEFULSETS, NULL, "list patch", FINDING_BAD, GRANT},
    {PART_RELOAD, RES_DEPLOYMENTS, NULL, "watch", FINDING_NOTE,
     "workloads are listed whenever a source changes; watching them is cheaper"},
    {PART_RELOAD, RES_CRONJOBS, NULL, "list patch", FINDING_NOTE, "needed to restart CronJobs"},
    {PART_RELOAD, RES_JOBS, NULL, "list create delete", FINDING_NOTE, "needed to restart Jobs"},
    {PART_SYNC | PART_RELOAD, RES_EVENTS, NULL, "create patch", FINDING_NOTE,
     "without it nobody is told in the object's Events"},
};

static void next_access(struct doctor *d);

void doctor_tell(struct doctor *d, enum finding_level level, const char *remedy, const char *fmt,
                 ...)
{
    AUTO(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
    va_list args;
    va_start(args, fmt);
    buf_addv(&text, fmt, args);
    va_end(args);
    d->config.found(d->config.arg, &(struct finding){level, buf_str(&text), remedy});
}

/* ---- what is asked, in order ---- */

static void first_access(struct doctor *d)
{
    d->row = (size_t)-1; /* the next one is the first */
    next_access(d);
}

static void (*const steps[])(struct doctor *d) = {first_access, doctor_controllers, doctor_webhooks,
                                                  doctor_stores};

void doctor_next(struct doctor *d)
{
    if (d->step < COUNT_OF(steps)) {
        steps[d->step++](d);
    } else {
        d->config.done(d->config.arg);
    }
}

/* ---- permissions ---- */

static bool wanted(const struct doctor *d, const struct access_row *row)
{
    int parts = (d->config.sync ? PART_SYNC : 0) | (d->config.reload ? PART_RELOAD : 0);
    return (row->parts & parts) != 0;
}

static void access_answered(void *arg, const struct kube_answer *answer)
{
    struct doctor *d = arg;
    const struct access_row *row = &accesses[d->row];
    const struct resource *r = resource_of(row->resource);
    bool may = !answer->err && discover_read_allowed(answer->object);
    d->call = NULL;
    AUTO(buf_done) struct buf what = BUF_INIT(TEXT_MAX);
    buf_addf(&what, "%.*s %s%s%s%s%s", STR_ARG(d->verb), r->plural, *r->group ? "." : "", r->group,
             row->subresource ? "/" : "", row->subresource ? row->subresource : "");
    if (answer->err) {
        doctor_tell(d, FINDING_BAD, "ask who runs the cluster", "cannot ask whether we may %s: %s",
                    what.p, err_msg(answer->err));
    } else {
        doctor_tell(d, may ? FINDING_OK : row->without, may ? NULL : row->remedy, "%s %s%s%s",
                    may ? "may" : "may not", what.p, d->ns[0] ? " in namespace " : "", d->ns);
    }
    next_access(d);
}

static void next_access(struct doctor *d)
{
    while (d->verbs.n == 0 || !str_split(&d->verbs, ' ', &d->verb)) {
        do {
            d->row++;
        } while (d->row < COUNT_OF(accesses) && !wanted(d, &accesses[d->row]));
        if (d->row >= COUNT_OF(accesses)) {
            doctor_next(d);
            return;
        }
        d->verbs = str_c(accesses[d->row].verbs);
    }
    AUTO(freep) char *verb = str_dup(d->verb);
    const struct resource *r = resource_of(accesses[d->row].resource);
    struct kube_access access = {.verb = verb,
                                 .resource = r,
                                 .subresource = accesses[d->row].subresource,
                                 .ns = r->namespaced ? str_c(d->ns) : STR_EMPTY};
    d->call = discover_access(d->config.client, &access, access_answered, d);
}

/* ---- the server, we, the definitions ---- */

static void definitions_answered(void *arg, const struct kube_answer *answer)
{
    struct doctor *d = arg;
    const struct resource *r = resource_of(RES_EXTERNALSECRETS);
    d->call = NULL;
    bool served = !answer->err && discover_read_serves(answer->object, str_c(r->plural));
    doctor_tell(d, served ? FINDING_OK : FINDING_BAD,
                served ? NULL
                       : "install the custom resource definitions (installCRDs in charts/pawl)",
                "the cluster %s %s", served ? "serves" : "does not serve", r->api_version);
    d->served = served;
    doctor_next(d);
}

static void ask_definitions(struct doctor *d)
{
    const struct resource *r = resource_of(RES_EXTERNALSECRETS);
    if (d->config.sync) {
        d->call = discover_group_version(d->config.client, str_c(r->group), str_c(r->version),
                                         definitions_answered, d);
    } else {
        doctor_next(d);
    }
}

static void self_answered(void *arg, const struct kube_answer *answer)
{
    struct doctor *d = arg;
    d->call = NULL;
    if (!answer->err) {
        struct str name = discover_read_username(answer->object);
        doctor_tell(d, FINDING_OK, NULL, "we are %.*s", STR_ARG(name));
    }
    ask_definitions(d);
}

static void check_clock(struct doctor *d, struct str date)
{
    ns_t server;
    if (http_date_parse(date, &server)) {
        ns_t off = clock_real() - server;
        bool fine = off < CLOCK_MAX && off > -CLOCK_MAX;
        doctor_tell(
            d, fine ? FINDING_OK : FINDING_BAD,
            fine ? NULL
                 : "set the clock of this machine: Entra ID refuses tokens from another time",
            "the clock here %s that of the API server", fine ? "agrees with" : "differs from");
    }
}

static void version_answered(void *arg, const struct kube_answer *answer)
{
    struct doctor *d = arg;
    AUTO(err_freep) struct err *err = answer->err ? err_copy(answer->err) : NULL;
    struct kube_version v = {0};
    d->call = NULL;
    if (err || discover_read_version(answer->object, &v, &err) != 0) {
        doctor_tell(d, FINDING_BAD, "check the kubeconfig, the network and the credential",
                    "the API server cannot be used: %s", err_msg(err));
        d->config.done(d->config.arg);
        return;
    }
    bool old = v.major == 1 && v.minor < MIN_MINOR;
    doctor_tell(d, old ? FINDING_NOTE : FINDING_OK,
                old ? "Pawl is tested with 1.28 and newer" : NULL, "Kubernetes %.*s answers",
                STR_ARG(v.git_version));
    check_clock(d, answer->date);
    d->call = discover_self(d->config.client, self_answered, d);
}

struct doctor *doctor_new(const struct doctor_config *config)
{
    struct doctor *d = xcalloc(1, sizeof(*d));
    d->config = *config;
    d->ns = str_dup(config->ns);
    d->config.ns = str_c(d->ns);
    d->arena = ARENA_INIT(ARENA_PLAIN);
    d->call = discover_version(config->client, version_answered, d);
    return d;
}

void doctor_free(struct doctor *d)
{
    if (!d) {
        return;
    }
    kube_cancel(d->call);
    lister_cancel(d->lister);
    store_checker_free(d->checker);
    rivals_done(&d->rivals);
    arena_done(&d->arena);
    free(d->ns);
    free(d);
}
