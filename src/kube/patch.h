/* SPDX-License-Identifier: Apache-2.0
 *
 * patch: bodies of PATCH requests. Pure.
 *
 * Each patch_* appends one whole JSON document. Which to use:
 *   merge      any kind; keys of maps (labels, annotations, data); a list is replaced whole
 *   strategic  built-in kinds; lists of containers, env, volumes ... are merged by name. New
 * elements go in front: never patch for the order's sake JSON       any kind; exact places; a
 * failed test leaves the object alone (ERR_INVALID)
 */
#ifndef PAWL_KUBE_PATCH_H
#define PAWL_KUBE_PATCH_H

#include "base/buf.h"
#include "codec/json.h"

/* One key of a map; a value with p NULL deletes the key. */
struct patch_entry {
    struct str key;
    struct str value;
};

/* Where the metadata is: "" the object's own, "spec.template" the pod template's,
 * "spec.jobTemplate.spec.template" ... */
void patch_annotations(struct buf *out, const char *at, const struct patch_entry *entries,
                       size_t n);
/* Annotations of the object and of its template in one merge (or strategic) patch; resource_version
 * makes it conditional unless empty. */
void patch_annotations_both(struct buf *out, const char *template_at,
                            const struct patch_entry *object, size_t n_object,
                            const struct patch_entry *in_template, size_t n_template,
                            struct str resource_version);
void patch_labels(struct buf *out, const char *at, const struct patch_entry *entries, size_t n);

/* {"metadata":{"resourceVersion":...},"status":STATUS}: a conditional merge patch for /status. */
void patch_status(struct buf *out, struct str resource_version, const struct json *status);

/* A JSON patch in steps: begin, operations, end. `path` is the finished pointer. */
struct patch_json {
    struct json_writer w;
};
struct patch_json patch_json_begin(struct buf *out);
void patch_json_op(struct patch_json *p, const char *op, struct str path, const struct json *value);
void patch_json_op_str(struct patch_json *p, const char *op, struct str path, struct str value);
void patch_json_end(struct patch_json *p);
/* Appends "/" and the key escaped for a JSON pointer (RFC 6901): ~ as ~0, / as ~1. */
void patch_pointer(struct buf *out, struct str key);

#endif
