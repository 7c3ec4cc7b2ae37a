/* SPDX-License-Identifier: Apache-2.0 */
#include "app/rivals.h"

enum { TEXT_MAX = 4096 };

/* By the last part of an image's name, before its tag. */
static const struct program {
    const char *image;
    const char *what;
    int roles;
} programs[] = {
    {"external-secrets", "External Secrets Operator", RIVAL_SYNC},
    {"reloader", "Stakater Reloader", RIVAL_RELOAD},
    {"pawl", "Pawl", RIVAL_SYNC | RIVAL_RELOAD},
    {"pawl-external-secrets", "Pawl", RIVAL_SYNC},
    {"pawl-reloader", "Pawl", RIVAL_RELOAD},
};

/* Flags that keep a controller to a part of the cluster. */
static const char *const limits[] = {
    "--namespace=", "--namespaces=", "--namespace-selector=", "--controller-class="};

/* "registry:5000/a/pawl:1@sha256:..." -> "pawl" */
static struct str image_name(struct str image)
{
    ptrdiff_t at = str_find_byte(image, '@');
    image = at < 0 ? image : str_head(image, (size_t)at);
    ptrdiff_t slash = str_rfind_byte(image, '/');
    struct str last = str_from(image, (size_t)(slash + 1));
    ptrdiff_t colon = str_find_byte(last, ':');
    return colon < 0 ? last : str_head(last, (size_t)colon);
}

static const struct program *program_of(const struct json *container)
{
    struct str name = image_name(json_find_str(container, "image"));
    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        if (str_eq_c(name, programs[i].image)) {
            return &programs[i];
        }
    }
    return NULL;
}

static int roles_of(const struct program *p, const struct json *args)
{
    int roles = p->roles;
    for (size_t i = 0; i < json_len(args); i++) {
        struct str arg = json_str(json_at(args, i));
        if (i == 0 && (str_eq(arg, STR("webhook")) || str_eq(arg, STR("certcontroller")))) {
            return 0; /* these keep no Secrets */
        }
        if (str_starts(arg, STR("--roles="))) {
            roles = (str_find(arg, STR("sync")) >= 0 ? RIVAL_SYNC : 0) |
                    (str_find(arg, STR("reload")) >= 0 ? RIVAL_RELOAD : 0);
        }
    }
    return roles;
}

static bool has_value(struct str arg, const char *flag)
{
    struct str value = str_from(arg, strlen(flag));
    return str_starts(arg, str_c(flag)) && value.n > 0 && !str_eq(value, STR("default"));
}

static bool is_limited(const struct json *container)
{
    const struct json *args = json_get(container, "args");
    const struct json *env = json_get(container, "env");
    for (size_t i = 0; i < json_len(args); i++) {
        for (size_t k = 0; k < COUNT_OF(limits); k++) {
            if (has_value(json_str(json_at(args, i)), limits[k])) {
                return true;
            }
        }
    }
    for (size_t i = 0; i < json_len(env); i++) {
        if (str_eq(json_find_str(json_at(env, i), "name"), STR("KUBERNETES_NAMESPACE"))) {
            return true;
        }
    }
    return false;
}

void rivals_add(struct rivals *r, const struct json *deployment)
{
    const struct json *containers = json_find(deployment, "spec.template.spec.containers");
    struct str ns = json_find_str(deployment, "metadata.namespace");
    struct str name = json_find_str(deployment, "metadata.name");
    for (size_t i = 0; i < json_len(containers); i++) {
        const struct json *container = json_at(containers, i);
        const struct program *p = program_of(container);
        int roles = p ? roles_of(p, json_get(container, "args")) : 0;
        if (roles == 0) {
            continue;
        }
        struct rival rival = {.roles = roles, .limited = is_limited(container)};
        rival.running = json_int(json_find(deployment, "spec.replicas"), 1) > 0;
        rival.what = xstrdup(p->what);
        rival.where = xasprintf("deployment/%.*s in namespace %.*s", STR_ARG(name), STR_ARG(ns));
        vec_push(&r->v, rival);
    }
}

void rivals_done(struct rivals *r)
{
    for (size_t i = 0; i < r->v.n; i++) {
        free(r->v.v[i].what);
        free(r->v.v[i].where);
    }
    vec_done(&r->v);
}

/* ---- */

static const char *const work[] = {
    [RIVAL_SYNC] = "keeps Secrets", [RIVAL_RELOAD] = "restarts workloads"};

static void judge_role(const struct rivals *r, int role,
                       void (*found)(void *arg, const struct finding *finding), void *arg)
{
    AUTO(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
    size_t n = 0;
    bool limited = false;
    for (size_t i = 0; i < r->v.n; i++) {
        const struct rival *one = &r->v.v[i];
        if (one->running && (one->roles & role)) {
            buf_addf(&text, "%s%s (%s)", n++ > 0 ? " and " : "", one->what, one->where);
            limited = limited || one->limited;
        }
    }
    struct finding f = {.level = FINDING_OK};
    if (n == 0) {
        buf_addf(&text, "no controller in the cluster %s", work[role]);
        f.level = FINDING_NOTE;
        f.remedy = "install charts/pawl, or run `pawl run` elsewhere with a kubeconfig";
    } else if (n == 1) {
        buf_addf(&text, " alone %s", work[role]);
    } else if (limited) {
        buf_addf(&text, ": each %s", work[role]);
        f.level = FINDING_NOTE;
        f.remedy = "make sure that their namespaces or controller classes do not overlap";
    } else {
        buf_addf(&text, ": each %s", work[role]);
        f.level = FINDING_BAD;
        f.remedy = "scale all but one to 0: they work against each other";
    }
    f.what = buf_str(&text);
    found(arg, &f);
}

void rivals_judge(const struct rivals *r, bool sync, bool reload,
                  void (*found)(void *arg, const struct finding *finding), void *arg)
{
    if (sync) {
        judge_role(r, RIVAL_SYNC, found, arg);
    }
    if (reload) {
        judge_role(r, RIVAL_RELOAD, found, arg);
    }
}
