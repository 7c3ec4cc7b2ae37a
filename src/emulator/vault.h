/* SPDX-License-Identifier: Apache-2.0
 *
 * vault: the data plane of Key Vault: `https://NAME.SUFFIX/secrets`, `/keys`, `/certificates`.
 *
 * vault.c is the door: the challenge before anything else is looked at, the check of the token, the
 * api-version, the name, the right to do it, one transaction around the operation. The operations:
 *   vault_objects.c  what secrets, keys and certificates have in common: get, lists, update
 *   vault_bin.c      delete, recover, purge;  vault_backup.c  backup and restore
 *   vault_secret.c, vault_key.c, vault_certificate.c  what differs
 *   vault_error.c    the error bodies
 */
#ifndef PAWL_EMULATOR_VAULT_H
#define PAWL_EMULATOR_VAULT_H

#include "emulator/core.h"
#include "emulator/objects.h"

struct vault_call;
typedef void (*vault_op)(struct vault_call *v);

/* What differs between the three types of objects. */
struct object_kind {
    enum object_type type;
    const char *live;      /* path segment: "secrets" */
    const char *bin;       /* path segment: "deletedsecrets" */
    const char *noun;      /* in messages: "Secret" */
    const char *not_found; /* error code */
    const char *disabled;  /* inner error code when a version is disabled; NULL: may be read */
    const char *id_member; /* in lists */
    /* Members of a bundle; value: whether to show it. */
    void (*bundle)(struct vault_call *v, struct json_writer *w, const struct object *o,
                   const struct version *ver, bool value);
    /* What a PATCH may change beyond attributes and tags; answers and returns false if it is wrong.
     * NULL: nothing. */
    bool (*update)(struct vault_call *v, struct version *ver);
    /* Members of a list item beyond id, attributes, tags. */
    void (*item)(struct vault_call *v, struct json_writer *w, const struct object *o,
                 const struct version *ver);
};
const struct object_kind *object_kind(enum object_type type);

struct caller {
    struct str appid;
    struct str oid;
    struct str iss;
};

/* One authenticated request to a vault. Lives in the arena of its call. */
struct vault_call {
    struct call *c;
    struct arena *a; /* of the call */
    struct store *s;
    struct vault vault;
    struct str base; /* "https://kv1.vault.azure.net" */
    const struct object_kind *kind;
    struct str name;    /* as in the path; empty if the route has none */
    struct str version; /* likewise */
    struct str api_version;
    struct json *body; /* an object; empty where none was sent */
    struct caller caller;
    int64_t now;
    bool undo;  /* what the operation has written so far is not to be kept */
    bool later; /* the operation goes on with what a worker makes */
    void *job;  /* of that worker */
    vault_op rest;
};

/* The site handler. */
void vault_handle(struct call *c);
/* Slow pure work in the middle of an operation: work(job) runs on a worker thread, then rest(v), in
 * a transaction of its own, on the loop; it finds job in v->job. Without a loop both run at once.
 */
void vault_work(struct vault_call *v, void *job, void (*work)(void *job), vault_op rest);

/* ---- errors (vault_error.c) ---- */

enum vault_error {
    VERR_BAD_PARAMETER,
    VERR_UNAUTHORIZED,
    VERR_RBAC,
    VERR_ACCESS_DENIED,
    VERR_POLICY,
    VERR_FIREWALL,
    VERR_CONNECTION,
    VERR_DISABLED, /* the inner code is the kind's */
    VERR_FORBIDDEN,
    VERR_NOT_FOUND, /* the code is the kind's */
    VERR_DELETED,
    VERR_BEING_DELETED,
    VERR_BEING_RECOVERED,
    VERR_CONFLICT,
    VERR_METHOD,
    VERR_THROTTLED,
    VERR_INTERNAL,
    VERR_UNAVAILABLE,
    VERR_COUNT
};
/* kind may be NULL where the row does not need it. */
void vault_error(struct call *c, enum vault_error error, const struct object_kind *kind,
                 struct str message);
/* For faults: the row by HTTP status and code (inner code, or code; may be empty), with a message
 * as the service writes it. False if there is no such row. */
bool vault_error_by_code(struct call *c, int status, struct str code);
/* 401 with the challenge. */
void vault_unauthorized(struct call *c, struct str message);
void fail_bad_parameter(struct vault_call *v, struct str message);
void fail_not_found(struct vault_call *v);
void fail_deleted_not_found(struct vault_call *v);
/* The headers that each answer of a vault has. */
void vault_headers(struct call *c);

/* ---- who may (vault_access.c) ---- */

/* Checks the token of the call against the vault; answers 401 and returns false if it is not good.
 */
bool vault_authenticate(struct vault_call *v);
/* Answers 403 and returns false if the caller may not. */
bool vault_authorize(struct vault_call *v, enum access access);
/* "https://vault.azure.net" for the vault of the call, with the client's port. */
struct str vault_resource(struct call *c);

/* ---- common parts (vault_objects.c) ---- */

bool vault_name_valid(struct str name);
/* The object if it is live and ready; else answers 404 and returns false. */
bool find_live(struct vault_call *v, struct object *o);
/* The object and the version of the path (latest if none); else answers. */
bool find_version(struct vault_call *v, struct object *o, struct version *ver);
/* The live object to add a version to, made if absent; else answers (409). */
bool find_or_add(struct vault_call *v, bool managed, struct object *o);
/* Reads attributes, tags and content type of the body into ver (only what is there); else answers.
 */
bool read_properties(struct vault_call *v, struct version *ver);
/* A new enabled version with a fresh id and times. */
struct version new_version(struct vault_call *v);
void write_attributes(struct vault_call *v, struct json_writer *w, const struct version *ver,
                      bool key);
void write_tags(struct json_writer *w, const struct version *ver);
/* "id": base/segment/name[/version] */
struct str object_id(struct vault_call *v, const char *segment, const struct object *o,
                     const struct version *ver);
void reply_bundle(struct vault_call *v, const struct object *o, const struct version *ver,
                  bool value);

/* True if the version is disabled, and that has been answered. */
bool refused_as_disabled(struct vault_call *v, const struct version *ver);
void op_get(struct vault_call *v);
void op_list(struct vault_call *v);
void op_versions(struct vault_call *v);
void op_list_deleted(struct vault_call *v);
void op_update(struct vault_call *v);
/* vault_bin.c */
void op_delete(struct vault_call *v);
void op_get_deleted(struct vault_call *v);
void op_recover(struct vault_call *v);
void op_purge(struct vault_call *v);
void write_deleted(struct vault_call *v, struct json_writer *w, const struct object *o);
/* vault_backup.c */
void op_backup(struct vault_call *v);
void op_restore(struct vault_call *v);
/* vault_secret.c */
void op_set_secret(struct vault_call *v);
extern const struct object_kind kind_secret;
/* vault_key.c */
void op_import_key(struct vault_call *v);
void op_create_key(struct vault_call *v);
extern const struct object_kind kind_key;
/* vault_certificate.c */
void op_import_certificate(struct vault_call *v);
void op_create_certificate(struct vault_call *v);
void op_certificate_policy(struct vault_call *v);
void op_certificate_operation(struct vault_call *v);
extern const struct object_kind kind_certificate;

#endif
