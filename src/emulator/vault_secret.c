/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "emulator/vault.h"

enum { SECRET_MAX_VALUE = 25600 };

static void secret_bundle(struct vault_call *v, struct json_writer *w, const struct object *o,
                          const struct version *ver, bool value)
{
    if (value) {
        json_w_key(w, "value");
        json_w_str(w, ver->value);
    }
    if (ver->has_content_type) {
        json_w_key(w, "contentType");
        json_w_str(w, ver->content_type);
    }
    json_w_key(w, "id");
    json_w_str(w, object_id(v, kind_secret.live, o, ver));
    if (o->managed) {
        json_w_key(w, "managed");
        json_w_bool(w, true);
    }
    write_attributes(v, w, ver, false);
    write_tags(w, ver);
    if (o->managed) {
        json_w_key(w, "kid");
        json_w_str(w, object_id(v, kind_key.live, o, ver));
    }
}

static void secret_item(struct vault_call *v UNUSED, struct json_writer *w,
                        const struct object *o UNUSED, const struct version *ver)
{
    if (ver->has_content_type) {
        json_w_key(w, "contentType");
        json_w_str(w, ver->content_type);
    }
}

/* Every PUT makes a new version, which takes nothing over from the one before. */
void op_set_secret(struct vault_call *v)
{
    const struct json *value = json_get(v->body, "value");
    struct version ver = new_version(v);
    struct object o;
    ver.value = json_str(value);
    if (!json_is(value, JSON_STRING) || ver.value.n > SECRET_MAX_VALUE) {
        fail_bad_parameter(v, STR("Property has invalid value\r\n"));
    } else if (read_properties(v, &ver) && find_or_add(v, false, &o)) {
        version_add(v->s, o.id, &ver);
        reply_bundle(v, &o, &ver, true);
    }
}

const struct object_kind kind_secret = {
    .type = OBJECT_SECRET,
    .live = "secrets",
    .bin = "deletedsecrets",
    .noun = "Secret",
    .not_found = "SecretNotFound",
    .disabled = "SecretDisabled",
    .id_member = "id",
    .bundle = secret_bundle,
    .item = secret_item,
};
