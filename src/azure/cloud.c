/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/cloud.h"

#include "codec/url.h"

static const struct azure_cloud clouds[] = {
    {"PublicCloud", "https://login.microsoftonline.com", "vault.azure.net", "managedhsm.azure.net"},
    {"USGovernmentCloud", "https://login.microsoftonline.us", "vault.usgovcloudapi.net",
     "managedhsm.usgovcloudapi.net"},
    {"ChinaCloud", "https://login.partner.microsoftonline.cn", "vault.azure.cn",
     "managedhsm.azure.cn"},
    {"GermanCloud", "https://login.microsoftonline.de", "vault.microsoftazure.de", NULL},
    {"AzureStackCloud", NULL, NULL, NULL},
};

const struct azure_cloud *azure_cloud_find(struct str environment_type)
{
    if (environment_type.n == 0) {
        return &clouds[0];
    }
    for (size_t i = 0; i < COUNT_OF(clouds); i++) {
        if (str_eq_c(environment_type, clouds[i].name)) {
            return &clouds[i];
        }
    }
    return NULL;
}

static void add_lower(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        buf_add_byte(out, (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c));
    }
}

/* scheme://host[:port] in lower case; a port that is the scheme's own is left out, as clients
 * compare these as text. */
static void add_origin(struct buf *out, const struct url *url)
{
    bool https = str_ieq(url->scheme, STR("https"));
    buf_add_c(out, https ? "https://" : "http://");
    buf_add_c(out, url->ipv6 ? "[" : "");
    add_lower(out, url->host);
    buf_add_c(out, url->ipv6 ? "]" : "");
    if (url->port != 0 && url->port != (https ? 443 : 80)) {
        buf_addf(out, ":%u", url->port);
    }
}

static int parse_base(struct str text, bool allow_http, const char *what, struct url *url,
                      struct err **err)
{
    text = str_trim(text);
    if (text.n == 0) {
        return err_set(err, ERR_INVALID, "the %s is empty", what);
    }
    if (url_parse(text, url, err) != 0) {
        return err_wrap(err, "%s", what);
    }
    bool http = str_ieq(url->scheme, STR("http"));
    if (!str_ieq(url->scheme, STR("https")) && !(http && allow_http)) {
        return err_set(err, ERR_INVALID, "the %s must begin with https://", what);
    }
    if (url->query.n > 0 || url->fragment.n > 0) {
        return err_set(err, ERR_INVALID, "the %s must end after the host", what);
    }
    return 0;
}

int azure_authority(struct str text, bool allow_http, struct buf *out, struct err **err)
{
    struct url url = {0};
    if (parse_base(text, allow_http, "login endpoint", &url, err) != 0) {
        return -1;
    }
    struct str path = str_trim_suffix(url.path, STR("/"));
    if (path.n > 0 && !str_ieq(path, STR("/adfs"))) {
        return err_set(err, ERR_INVALID,
                       "the login endpoint must end after the host: the tenant is given elsewhere");
    }
    add_origin(out, &url);
    return 0;
}

int azure_vault_url(struct str text, bool allow_http, struct buf *out, struct err **err)
{
    struct url url = {0};
    if (parse_base(text, allow_http, "vaultUrl", &url, err) != 0) {
        return -1;
    }
    if (str_trim_suffix(url.path, STR("/")).n > 0) {
        return err_set(err, ERR_INVALID,
                       "vaultUrl must end after the host (https://NAME.vault.azure.net): "
                       "objects are named in remoteRef.key");
    }
    add_origin(out, &url);
    return 0;
}

static bool is_address(const struct url *url)
{
    for (size_t i = 0; i < url->host.n; i++) {
        char c = url->host.p[i];
        if ((c < '0' || c > '9') && c != '.') {
            return url->ipv6;
        }
    }
    return true;
}

void azure_vault_resource(const struct azure_cloud *cloud, struct str vault_url, struct buf *out)
{
    struct url url = {0};
    ptrdiff_t dot = -1;
    if (url_parse(vault_url, &url, NULL) == 0 && !is_address(&url)) {
        dot = str_find_byte(url.host, '.');
    }
    if (dot <= 0 || (size_t)dot + 1 >= url.host.n) {
        const char *suffix = cloud ? cloud->vault_suffix : NULL;
        buf_addf(out, "https://%s", suffix ? suffix : clouds[0].vault_suffix);
        return;
    }
    struct url parent = url;
    parent.host = str_from(url.host, (size_t)dot + 1);
    add_origin(out, &parent);
}

bool azure_resource_allowed(struct str vault_url, struct str resource)
{
    struct url vault;
    struct url asked;
    if (url_parse(vault_url, &vault, NULL) != 0 || url_parse(resource, &asked, NULL) != 0 ||
        is_address(&vault) || url_port(&vault) != url_port(&asked)) {
        return false;
    }
    /* One label and a dot at least before the resource's host, which has a dot itself: nobody is
     * below "net". */
    size_t n = asked.host.n;
    return str_find_byte(asked.host, '.') > 0 && vault.host.n > n + 1 &&
           vault.host.p[vault.host.n - n - 1] == '.' &&
           str_ieq(str_from(vault.host, vault.host.n - n), asked.host);
}
