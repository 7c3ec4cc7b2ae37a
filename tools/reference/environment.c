/* SPDX-License-Identifier: Apache-2.0
 *
 * The variables of the environment that are no flags. tools/generate-docs refuses a page that lacks
 * a variable which the source reads.
 */
#include "reference.h"

static const struct {
    const char *title;
    const char *about;
    const char *rows[12][2];
} groups[] = {
    {"Finding the cluster",
     "In this order: `--kubeconfig`, `KUBECONFIG`, the pod's ServiceAccount, `~/.kube/config`.",
     {{"KUBECONFIG", "Kubeconfig files, separated by colons."},
      {"KUBERNETES_SERVICE_HOST", "Set in every pod: the API server's address."},
      {"KUBERNETES_SERVICE_PORT", "Its port."},
      {"HOME", "Where `.kube/config` and the emulator's data are looked for."}}},
    {"Network",
     "The proxies are used for vaults, sign-in and the API server, in capitals or small letters.",
     {{"HTTPS_PROXY", "Proxy for https."},
      {"HTTP_PROXY", "Proxy for http."},
      {"http_proxy", "The same; wins."},
      {"NO_PROXY", "Hosts and networks to reach without one."},
      {"SSL_CERT_FILE", "File of trusted certificate authorities, instead of the system's."},
      {"SSL_CERT_DIR", "Folders of trusted certificate authorities, separated by colons."}}},
    {"Azure",
     "What the platform sets. With `authType: WorkloadIdentity` and no `serviceAccountRef` the "
     "first "
     "three are Pawl's own identity; the rest is how managed identities are found.",
     {{"AZURE_CLIENT_ID", "Client id."},
      {"AZURE_TENANT_ID", "Tenant id; also for stores that name none."},
      {"AZURE_FEDERATED_TOKEN_FILE", "File with the token of Pawl's ServiceAccount."},
      {"AZURE_POD_IDENTITY_AUTHORITY_HOST", "Instead of 169.254.169.254."},
      {"IDENTITY_ENDPOINT", "App Service, Azure Arc, Service Fabric: where identities are."},
      {"IDENTITY_HEADER", "What to send there."},
      {"IDENTITY_SERVER_THUMBPRINT", "Service Fabric: the certificate to expect."},
      {"IMDS_ENDPOINT", "Azure Arc: where the instance metadata is."},
      {"MSI_ENDPOINT", "App Service of 2017, Cloud Shell: where identities are."},
      {"MSI_SECRET", "What to send there."}}},
    {"pawl reloader",
     "Stakater Reloader's; its chart sets them. `pawl run` does not read them.",
     {{"KUBERNETES_NAMESPACE", "The only namespace to work in, if not empty."},
      {"POD_NAME", "Identity for leader election; needed by `--enable-ha`."},
      {"POD_NAMESPACE", "Namespace of the Lease; needed by `--enable-ha`."},
      {"RELOADER_NAMESPACE", "Where the ConfigMap `reloader-meta-info` is written."},
      {"RELOADER_DEPLOYMENT_NAME", "Told in that ConfigMap."},
      {"METRICS_COUNT_BY_NAMESPACE",
       "`enabled`: also count `reloader_reload_executed_total_by_namespace`."},
      {"ALERT_ON_RELOAD", "`true`: send a message after each restart."},
      {"ALERT_SINK", "`slack`, `teams`, `gchat`; anything else is plain text."},
      {"ALERT_WEBHOOK_URL", "Where to."},
      {"ALERT_WEBHOOK_PROXY", "Through which proxy."},
      {"ALERT_ADDITIONAL_INFO", "Text in front of each message."}}},
    {"pawl emulator",
     "Besides its flags.",
     {{"XDG_DATA_HOME", "Folder above `pawl/emulator`, where its data is kept by default."}}},
};

void environment_page(struct buf *out)
{
    for (size_t g = 0; g < COUNT_OF(groups); g++) {
        buf_addf(out, "## %s\n\n%s\n\n| variable | |\n| --- | --- |\n", groups[g].title,
                 groups[g].about);
        for (size_t i = 0; i < COUNT_OF(groups[g].rows) && groups[g].rows[i][0]; i++) {
            buf_addf(out, "| `%s` | %s |\n", groups[g].rows[i][0], groups[g].rows[i][1]);
        }
        buf_add_c(out, g + 1 < COUNT_OF(groups) ? "\n" : "");
    }
}
