/* SPDX-License-Identifier: Apache-2.0
 *
 * Soft delete, which in Key Vault cannot be switched off. A certificate takes the key and the
 * secret that belong to it along on each of its ways.
 */
#include "emulator/vault.h"

static int64_t settle_seconds(const struct vault_call *v)
{
    return (v->c->emu->config.settle + NS_S - 1) / NS_S;
}

/* Applies the state to the object and, for a certificate, to what belongs to it. */
static void set_state(struct vault_call *v, const struct object *o)
{
    object_set_state(v->s, o);
    if (o->type != OBJECT_CERTIFICATE) {
        return;
    }
    static const enum object_type parts[] = {OBJECT_KEY, OBJECT_SECRET};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        struct object part;
        if (object_find(v->s, v->a, v->vault.name, parts[i], o->name, v->now, &part) &&
            part.managed) {
            part.state = o->state;
            part.ready = o->ready;
            part.deleted = o->deleted;
            part.purge = o->purge;
            object_set_state(v->s, &part);
        }
    }
}

/* False and answered if the object belongs to a certificate. */
static bool check_not_managed(struct vault_call *v, const struct object *o, const char *operation)
{
    if (!o->managed) {
        return true;
    }
    struct str noun = lower(v->a, str_c(v->kind->noun));
    vault_error(v->c, VERR_FORBIDDEN, NULL,
                arena_printf(v->a,
                             "Operation %s is not allowed on a %.*s that belongs to a certificate.",
                             operation, STR_ARG(noun)));
    return false;
}

void write_deleted(struct vault_call *v, struct json_writer *w, const struct object *o)
{
    json_w_key(w, "recoveryId");
    json_w_str(w, object_id(v, v->kind->bin, o, NULL));
    json_w_key(w, "deletedDate");
    json_w_int(w, o->deleted);
    json_w_key(w, "scheduledPurgeDate");
    json_w_int(w, o->purge);
}

static void reply_deleted(struct vault_call *v, const struct object *o, const struct version *ver)
{
    struct json_writer w = call_json(v->c, 200);
    json_w_object(&w);
    write_deleted(v, &w, o);
    v->kind->bundle(v, &w, o, ver, false);
    json_w_end(&w);
}

void op_delete(struct vault_call *v)
{
    struct object o;
    struct version ver;
    if (!find_version(v, &o, &ver) || !check_not_managed(v, &o, "delete")) {
        return;
    }
    o.state = OBJECT_DELETED;
    o.ready = v->now + settle_seconds(v);
    o.deleted = v->now;
    o.purge = v->now + (int64_t)v->vault.days * 24 * 3600;
    set_state(v, &o);
    reply_deleted(v, &o, &ver);
}

/* The object if it is in the bin and its deletion is complete; else answers 404. */
static bool find_deleted(struct vault_call *v, struct object *o, struct version *ver)
{
    if (object_find(v->s, v->a, v->vault.name, v->kind->type, v->name, v->now, o) &&
        o->state == OBJECT_DELETED && o->ready <= v->now &&
        version_find(v->s, v->a, o->id, STR_EMPTY, ver)) {
        return true;
    }
    fail_deleted_not_found(v);
    return false;
}

void op_get_deleted(struct vault_call *v)
{
    struct object o;
    struct version ver;
    if (!find_deleted(v, &o, &ver)) {
        return;
    }
    if (refused_as_disabled(v, &ver)) {
        return;
    }
    reply_deleted(v, &o, &ver);
}

void op_recover(struct vault_call *v)
{
    struct object o;
    struct version ver;
    if (!find_deleted(v, &o, &ver) || !check_not_managed(v, &o, "recover")) {
        return;
    }
    o.state = OBJECT_LIVE;
    o.ready = v->now + settle_seconds(v);
    set_state(v, &o);
    reply_bundle(v, &o, &ver, false);
}

void op_purge(struct vault_call *v)
{
    struct object o;
    struct version ver;
    if (!find_deleted(v, &o, &ver) || !check_not_managed(v, &o, "purge")) {
        return;
    }
    if (v->vault.purge_protection) {
        vault_error(v->c, VERR_FORBIDDEN, NULL,
                    STR("Operation \"purge\" is not allowed because purge protection is enabled "
                        "for this vault. Key Vault service will automatically purge it after the "
                        "retention period has passed."));
        return;
    }
    o.state = OBJECT_PURGED;
    o.ready = v->now + settle_seconds(v);
    set_state(v, &o);
    call_text(v->c, 204, NULL, STR_EMPTY);
}
