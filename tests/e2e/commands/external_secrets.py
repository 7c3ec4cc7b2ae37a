"""pawl external-secrets: the controller, the webhook and the certificate controller, with the arguments of External
Secrets Operator's chart; the API server itself calls the webhook and checks its certificate."""
import base64
import json
import pathlib
import ssl
import tempfile
import urllib.error
import urllib.request

from status import address_of_this_machine
from world import SOON, VAULT
from pawltest import ApiError, Pawl, wait_for
from pawltest.azure import APP, APP_SECRET, TENANT, client_credentials
from pawltest.programs import free_port

SERVICE = "eso-webhook"
READ, WRITE = ["get", "list", "watch"], ["get", "update", "patch"]
ESO, CORE = ["external-secrets.io"], [""]
KINDS = ["secretstores", "clustersecretstores", "externalsecrets", "clusterexternalsecrets", "pushsecrets", "clusterpushsecrets"]
# What the chart grants.
CONTROLLER = [
    {"apiGroups": ESO, "resources": KINDS, "verbs": READ},
    {"apiGroups": ESO, "resources": [k + part for k in KINDS for part in ("", "/status", "/finalizers")], "verbs": WRITE},
    {"apiGroups": ESO, "resources": ["externalsecrets", "pushsecrets"], "verbs": ["create", "update", "delete"]},
    {"apiGroups": CORE, "resources": ["serviceaccounts", "namespaces", "configmaps"], "verbs": READ},
    {"apiGroups": CORE, "resources": ["secrets"], "verbs": [*READ, "create", "update", "delete", "patch"]},
    {"apiGroups": CORE, "resources": ["serviceaccounts/token"], "verbs": ["create"]},
    {"apiGroups": CORE, "resources": ["events"], "verbs": ["create", "patch"]},
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": [*WRITE, "create"]},
]
CERT_CONTROLLER = [
    {"apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"], "verbs": [*READ, "update", "patch"]},
    {"apiGroups": ["admissionregistration.k8s.io"], "resources": ["validatingwebhookconfigurations"], "verbs": READ},
    {"apiGroups": ["admissionregistration.k8s.io"], "resources": ["validatingwebhookconfigurations"], "verbs": ["update", "patch"],
     "resourceNames": ["secretstore-validate", "externalsecret-validate"]},
    {"apiGroups": CORE, "resources": ["endpoints"], "verbs": READ},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": READ},
    {"apiGroups": CORE, "resources": ["secrets"], "verbs": [*READ, "update", "patch"]},
    {"apiGroups": CORE, "resources": ["events"], "verbs": ["create", "patch"]},
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": [*WRITE, "create"]},
]
WEBHOOKS = [("secretstore-validate", "secretstores"), ("externalsecret-validate", "externalsecrets")]


class Program(Pawl):
    """`pawl external-secrets ...` with its metrics and its probes on ports of their own."""

    def __init__(self, world, *args, probes="live-addr", sub=(), kubeconfig=None):
        super().__init__(kubeconfig or world.cluster.kubeconfig, *args, command=("external-secrets", *sub), listen=False)
        self.metrics_port, self.port = free_port(), free_port()
        self.command += [f"--metrics-addr=127.0.0.1:{self.metrics_port}", f"--{probes}=127.0.0.1:{self.port}"]
        self.start()

    def wait_probes(self):
        for path in ("/healthz", "/readyz"):
            wait_for(lambda path=path: (self.get(path)[0] == 200, (self.get(path), self.log()[-2000:])), SOON, path)
        return self

    def metrics_text(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10) as answer:
            return answer.read().decode()


def store(world, ns, name="azure", client=APP, secret=APP_SECRET):
    world.kube.secret(ns, name, client_credentials(client, secret))
    ref = {k: {"name": name, "key": v} for k, v in (("clientId", "client-id"), ("clientSecret", "client-secret"))}
    world.kube.create("secretstores", ns, {
        "apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": {"name": name},
        "spec": {"provider": {"azurekv": {"tenantId": TENANT, "vaultUrl": f"https://{VAULT}.vault.azure.net", "authSecretRef": ref}}}})


def external_secret(name="db", key="password", store_name="azure"):
    return {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": name},
            "spec": {"refreshInterval": "1h", "secretStoreRef": {"name": store_name}, "target": {"name": name},
                     "data": [{"secretKey": "k", "remoteRef": {"key": key}}]}}


def the_controller(world):
    world.install_definitions()
    world.start_azure()
    world.vault.set("password", "from the vault")
    ns = world.namespace("eso")
    store(world, ns)
    world.kube.create("externalsecrets", ns, external_secret())
    account = world.account(ns, "controller", CONTROLLER)
    program = Program(world, "--concurrent=1", "--loglevel=info", "--zap-time-encoding=epoch", "--enable-leader-election=true",
                      f"--extra-ca-file={world.ca_file}", kubeconfig=account).wait_probes()
    wait_for(lambda: world.kube.secret_data(ns, "db") == {"k": b"from the vault"}, SOON, "the Secret")
    wait_for(lambda: world.kube.condition("externalsecrets", ns, "db").get("reason") == "SecretSynced", SOON, "the condition")
    text = program.metrics_text()
    assert f'externalsecret_sync_calls_total{{name="db",namespace="{ns}"}}' in text, text[:3000]
    assert 'leader_election_master_status{name="external-secrets-controller"} 1' in text, text[:3000]
    assert world.kube.get("leases", ns, "external-secrets-controller")["spec"]["holderIdentity"]
    assert program.get("/status")[0] == 200, program.get("/status")
    assert program.stop() == 0, program.log()[-2000:]
    logged = [json.loads(line) for line in program.log().splitlines()]
    assert any(line["msg"] == "reconciled secret" for line in logged), program.log()
    assert not [line for line in logged if "forbidden" in json.dumps(line)], program.log()
    assert world.kube.events(ns, "db", "Created"), "an Event"
    assert all(isinstance(line["ts"], float) for line in logged), logged[0]
    assert world.kube.get("leases", ns, "external-secrets-controller")["spec"]["holderIdentity"] == "", "it was not given back"


def the_scope(world):
    """--namespace: what is elsewhere is left alone."""
    world.install_definitions()
    world.start_azure()
    world.vault.set("scoped", "value")
    inside, outside = world.namespace("eso-in"), world.namespace("eso-out")
    for ns in (inside, outside):
        store(world, ns)
        world.kube.create("externalsecrets", ns, external_secret(key="scoped"))
    program = Program(world, f"--namespace={inside}", "--enable-cluster-store-reconciler=false",
                      f"--extra-ca-file={world.ca_file}").wait_probes()
    wait_for(lambda: world.kube.secret_data(inside, "db"), SOON, "the Secret")
    world.kube.patch("externalsecrets", inside, "db", {"metadata": {"annotations": {"force-sync": "1"}}})
    wait_for(lambda: "-" in world.kube.get("externalsecrets", inside, "db")["status"].get("syncedResourceVersion", ""), SOON, "a sync")
    assert not world.kube.get("externalsecrets", outside, "db").get("status"), "it was looked at"
    assert program.stop() == 0


def secure_metrics(world):
    program = Program(world, "--metrics-secure=true").wait_probes()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with urllib.request.urlopen(f"https://127.0.0.1:{program.metrics_port}/metrics", context=context, timeout=10) as answer:
        assert b"process_cpu_seconds_total" in answer.read()
    assert program.stop() == 0


# ---- the webhook and its certificate ----

def chart_objects(ns, host, port):
    """What the chart makes beside the Deployments: an empty Secret, a Service, configurations that fail closed."""
    hooks = [{
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name, "labels": {"external-secrets.io/component": "webhook"}},
        "webhooks": [{
            "name": f"validate.{plural[:-1]}.external-secrets.io", "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "failurePolicy": "Fail", "timeoutSeconds": 5,
            "rules": [{"apiGroups": ["external-secrets.io"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE", "DELETE"],
                       "resources": [plural], "scope": "Namespaced"}],
            "clientConfig": {"service": {"name": SERVICE, "namespace": ns,
                                         "path": f"/validate-external-secrets-io-v1-{plural[:-1]}"}}}]}
        for name, plural in WEBHOOKS]
    return [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": SERVICE, "namespace": ns}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": SERVICE, "namespace": ns},
         "spec": {"ports": [{"name": "webhook", "port": 443, "targetPort": port}]}},
        {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
         "metadata": {"name": SERVICE, "namespace": ns, "labels": {"kubernetes.io/service-name": SERVICE}},
         "ports": [{"name": "webhook", "port": port}], "endpoints": [{"addresses": [host], "conditions": {"ready": True}}]},
        *hooks]


def certs_of(world, ns, **more):
    return Program(world, f"--service-name={SERVICE}", f"--service-namespace={ns}", f"--secret-name={SERVICE}",
                   f"--secret-namespace={ns}", "--crd-requeue-interval=1s", "--enable-partial-cache=true",
                   probes="healthz-addr", sub=("certcontroller",), **more)


def mount(world, ns, folder):
    """As the kubelet does with the Secret."""
    for name, value in world.kube.secret_data(ns, SERVICE).items():
        (folder / name).write_bytes(value)


def bundles(world):
    group = "apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    return [base64.b64decode(h["clientConfig"].get("caBundle", ""))
            for name, _ in WEBHOOKS for h in world.kube.request("GET", f"{group}/{name}")["webhooks"]]


def creates(world, ns, name):
    try:
        return bool(world.kube.create("externalsecrets", ns, external_secret(name))), ""
    except ApiError as error:
        return False, str(error)


def the_webhook(world):
    world.install_definitions()
    ns = world.namespace("eso-webhook")
    port = free_port()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pawl-certs-"))
    world.cluster.apply(json.dumps({"apiVersion": "v1", "kind": "List", "items": chart_objects(ns, address_of_this_machine(), port)}))
    try:
        webhook = Program(world, f"--port={port}", f"--dns-name={SERVICE}.{ns}.svc", f"--cert-dir={folder}", "--check-interval=1s",
                          probes="healthz-addr", sub=("webhook",))
        wait_for(lambda: webhook.get("/healthz")[0] == 200, SOON, "the webhook's process")
        status, text = webhook.get("/readyz")
        assert status == 500 and "tls.crt" in text, text
        assert not creates(world, ns, "too-early")[0], "the webhook of the chart does not fail closed here"
        certs = certs_of(world, ns, kubeconfig=world.account(ns, "certs", CERT_CONTROLLER)).wait_probes()
        assert set(bundles(world)) == {world.kube.secret_data(ns, SERVICE)["ca.crt"]}, "not all have the authority"
        mount(world, ns, folder)
        webhook.wait_probes()
        wait_for(lambda: creates(world, ns, "admitted"), SOON, "an ExternalSecret is admitted")
        assert world.kube.delete("externalsecrets", ns, "admitted")
        the_webhook_itself(world, ns, port)
        renewal(world, ns, folder, webhook)
        assert webhook.stop() == 0 and certs.stop() == 0
    finally:
        for name, _ in WEBHOOKS:
            world.cluster.kubectl("delete", "validatingwebhookconfiguration", name)


def the_webhook_itself(world, ns, port):
    context = ssl.create_default_context(cadata=world.kube.secret_data(ns, SERVICE)["ca.crt"].decode())
    context.check_hostname = False

    def ask(method, path, body=b""):
        request = urllib.request.Request(f"https://127.0.0.1:{port}{path}", body or None, method=method)
        try:
            with urllib.request.urlopen(request, context=context, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
    review = b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u"}}'
    status, text = ask("POST", "/validate-external-secrets-io-v1-secretstore", review)
    assert status == 200 and json.loads(text)["response"] == {"uid": "u", "allowed": True}, text
    assert ask("POST", "/validate-external-secrets-io-v1-secretstore", b"x")[0] == 400
    assert ask("GET", "/validate-external-secrets-io-v1-secretstore")[0] == 405
    assert ask("POST", "/other", review)[0] == 404


def renewal(world, ns, folder, webhook):
    """The certificate is lost, or ends soon: a new one is made, told to the API server and served."""
    old = world.kube.secret_data(ns, SERVICE)
    world.kube.patch("secrets", ns, SERVICE, {"data": {"tls.crt": base64.b64encode(b"spoilt").decode()}})
    wait_for(lambda: world.kube.secret_data(ns, SERVICE)["ca.crt"] != old["ca.crt"], SOON, "a new certificate")
    wait_for(lambda: set(bundles(world)) == {world.kube.secret_data(ns, SERVICE)["ca.crt"]}, SOON, "the new authority")
    mount(world, ns, folder)
    wait_for(lambda: "serving a new certificate" in webhook.log(), SOON, "the new certificate is served")
    wait_for(lambda: creates(world, ns, "after-renewal"), SOON, "an ExternalSecret is admitted")


def the_certificate_controller_when_it_may_not(world):
    """It says what it lacks, is not ready, and goes on when it has it."""
    ns = world.namespace("eso-certs")
    certs = certs_of(world, ns)
    wait_for(lambda: certs.get("/readyz")[0] == 500 and "not found" in certs.get("/readyz")[1], SOON, "that the Secret is missing")
    assert certs.get("/healthz")[0] == 200
    world.kube.create("secrets", ns, {"metadata": {"name": SERVICE}})
    certs.wait_probes()
    assert set(world.kube.secret_data(ns, SERVICE)) == {"ca.crt", "ca.key", "tls.crt", "tls.key"}
    assert certs.stop() == 0


def wrong_flags(world):
    for args, part in [(["--no-such-flag"], "unknown flag: --no-such-flag"), (["--loglevel=loud"], "--loglevel"),
                       (["--metrics-auth=true", "--metrics-secure=true"], "not supported"), (["nonsense"], 'unknown command "nonsense"'),
                       (["webhook", "--port=0"], "--port"), (["certcontroller", "--x"], "unknown flag")]:
        done = world.pawl("external-secrets", *args)
        assert done.returncode == 1 and part in done.stderr, done
    for sub in ([], ["webhook"], ["certcontroller"]):
        assert world.pawl("external-secrets", *sub, "--help").returncode == 0


CASES = [
    ("external-secrets: the controller", the_controller),
    ("external-secrets: one namespace", the_scope),
    ("external-secrets: secure metrics", secure_metrics),
    ("external-secrets: webhook and certificates", the_webhook),
    ("external-secrets: certificates when something is missing", the_certificate_controller_when_it_may_not),
    ("external-secrets: wrong flags", wrong_flags),
]
