"""A cluster, an emulator of Azure and a Pawl with the sync role, and short ways to fill and to look at them.

Each case works in a namespace and with an application of its own, so that cases run side by side and what
one of them asked a vault can be counted.
"""
import base64
import hashlib
import json
import os
import pathlib
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lib"))
from pawltest import ApiError, Cluster, Emulator, Kube, Pawl, wait_for  # noqa: E402
from pawltest.azure import TENANT, Vault, azure_names  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[3]
PORT = int(os.environ.get("CLUSTER_PORT", "17543"))
ADDRESS = "127.0.0.78"
VAULT = "my-key-vault"
SPARE_VAULTS = ("busy-vault", "broken-vault", "slow-vault", "reset-vault", "expired-vault", "locked-vault", "listing-vault")
WORKLOAD_NAMESPACES = ("workload", "workload-cluster", "workload-apart", "canary-workload")
WORKLOAD_CLIENT = "1b7d8e00-0000-4000-8000-000000000002"
WRITER, WRITER_SECRET = "0a9b4c00-0000-4000-8000-000000000001", "writer~secret-of-the-test"
N_APPS = 100

MANAGED = "reconcile.external-secrets.io/managed"
CREATED_BY = "reconcile.external-secrets.io/created-by"
DATA_HASH = "reconcile.external-secrets.io/data-hash"
FINALIZER = "externalsecrets.external-secrets.io/externalsecret-cleanup"


def secret_ref(name, **more):
    """authSecretRef to a Secret made by Case.credentials."""
    return {"clientId": {"name": name, "key": "client-id", **more}, "clientSecret": {"name": name, "key": "client-secret", **more}}


def text_of(data):
    """data of a Secret with values as text where they are."""
    return None if data is None else {k: v.decode(errors="surrogateescape") for k, v in data.items()}


# ---- what ESO writes, computed the way its documentation of hashes says ----

def sha3(text):
    return hashlib.sha3_224(text.encode()).hexdigest()


def data_hash(data):
    parts = (f"{k}:[{' '.join(str(b) for b in data[k])}]" for k in sorted(data))
    return sha3(f"map[{' '.join(parts)}]")


def go_map(pairs):
    return "map[" + " ".join(f"{k}:{pairs[k]}" for k in sorted(pairs)) + "]"


def synced_version(external_secret):
    meta = external_secret["metadata"]
    text = f"{{annotations:{go_map(meta.get('annotations', {}))} labels:{go_map(meta.get('labels', {}))}}}"
    return f"{meta['generation']}-{sha3(text)}"


def field_manager(name):
    return "externalsecrets.external-secrets.io/" + (name if len(name) <= 27 else "sha3/" + sha3(name))


# ---- the directory of the emulator ----

def app_id(i):
    return f"2c6e9f00-0000-4000-8000-{i:012d}"


def app_secret(i):
    return f"app~{i}~secret-of-the-test"


def directory(issuer, issuer_ca, locked_readers=(), audiences=None, apps=()):
    """Seed: a tenant; a writer; applications that may read each vault but the locked one, which only
    `locked_readers` (numbers of applications) may; an identity that ServiceAccounts "app" of some namespaces
    act as. audiences: of namespaces whose tokens need another one than usual. apps: more of them, as triples
    (name, client id, client secret)."""
    audiences = audiences or {}
    apps = [*((f"app-{i}", app_id(i), app_secret(i)) for i in range(N_APPS)), *apps]
    lines = [f"tenants: [{{id: {TENANT}, name: Test, domain: test.example}}]",
             "subscriptions: [{id: 5e1f2a00-0000-4000-8000-00000000d3e0, name: test}]",
             "apps:",
             f"  - {{name: writer, clientId: {WRITER}, secrets: [{{value: {WRITER_SECRET}}}]}}"]
    lines += [f"  - {{name: {name}, clientId: {client}, secrets: [{{value: {secret}}}]}}" for name, client, secret in apps]
    lines += ["identities:",
              f"  - name: workload\n    clientId: {WORKLOAD_CLIENT}\n    principalId: 1b7d8e00-0000-4000-8000-00000000000b",
              "    resourceGroup: rg\n    federatedCredentials:"]
    lines += [f"      - {{name: {ns}, issuer: \"{issuer}\", subject: \"system:serviceaccount:{ns}:app\", "
              f"audiences: [\"{audiences.get(ns, 'api://AzureADTokenExchange')}\"], caFile: {issuer_ca}}}"
              for ns in (*WORKLOAD_NAMESPACES, *audiences)]
    lines.append("vaults:")
    lines += [f"  - {{name: {v}, resourceGroup: rg, mode: rbac}}" for v in (VAULT, *SPARE_VAULTS)]
    lines.append("roleAssignments:")
    for vault in (VAULT, *SPARE_VAULTS):
        principals = [("writer", "Key Vault Administrator"), ("workload", "Key Vault Administrator")]
        readers = [f"app-{i}" for i in locked_readers] if vault == "locked-vault" else [name for name, _, _ in apps]
        principals += [(name, "Key Vault Administrator") for name in readers]
        lines += [f"  - {{principal: {p}, role: {role}, scope: {vault}}}" for p, role in principals]
    return "\n".join(lines) + "\n"


class World:
    def __init__(self, port=PORT, address=ADDRESS):
        self._lock = threading.Lock()
        azure_names(VAULT, *SPARE_VAULTS, address=address)
        self.cluster = Cluster(port)
        self.kube = Kube(self.cluster.kubeconfig)
        self.apply_definitions()
        self.issuer = f"https://127.0.0.1:{port}"
        self.issuer_ca = f"{self.cluster.state}/pki/ca.crt"
        self.emulator = Emulator(directory(self.issuer, self.issuer_ca), "--log-level=warn", listen=address, port=443)
        self.emulator.start().wait_ready()
        self.vaults = {name: Vault(self.emulator.ca_file(), name, WRITER, WRITER_SECRET) for name in (VAULT, *SPARE_VAULTS)}
        self.vault = self.vaults[VAULT]
        self.program = None
        self.programs = []
        self.seed = {"locked_readers": [], "audiences": {"audience": "api://elsewhere"}, "apps": []}
        self.reseed()
        self._apps = iter(range(N_APPS))

    def apply_definitions(self):
        crds = sorted((ROOT / "charts/pawl/files/crds").glob("*.yaml"))
        self.cluster.apply("\n---\n".join(path.read_text() for path in crds))
        self.cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")

    def remove_definitions(self):
        """With all objects; a Pawl must run, for their finalizers."""
        self.cluster.kubectl("delete", "crd", "--all", "--wait", "--timeout=120s")

    def pawl(self, *flags, kubeconfig=None, environment=None, trust=True):
        """A Pawl that is not started yet."""
        ca = [f"--extra-ca-file={self.emulator.ca_file()}"] if trust else []
        program = Pawl(kubeconfig or self.cluster.kubeconfig, "--roles=sync", "--log-level=debug", *ca, *flags,
                       environment=environment)
        self.programs.append(program)
        return program

    def kill_all(self):
        """Of what a failed case has left, nothing must work against the next one."""
        for program in self.programs:
            program.kill()

    def start(self, *flags):
        self.program = self.pawl(*flags).start().wait_ready()

    def api_answers(self):
        try:
            return self.kube.request("GET", "readyz")
        except (ApiError, OSError):
            return False

    # ---- filling ----

    def case(self, name, labels=None, sign_in=True):
        return Case(self, name, labels, sign_in)

    def next_app(self):
        with self._lock:
            return next(self._apps)

    def reseed(self, change=lambda seed: None):
        """Gives the emulator a changed directory; what is in the vaults stays."""
        with self._lock:
            change(self.seed)
            text = directory(self.issuer, self.issuer_ca, **self.seed).encode()
            request = urllib.request.Request(f"http://127.0.0.1:{self.emulator.admin}/seed", text, method="POST")
            urllib.request.urlopen(request, timeout=30).close()

    def fault(self, **rule):
        """Adds a rule for what is to go wrong; a function that takes it away."""
        with self._lock:
            number = max(f["id"] for f in self.emulator.admin_request("POST", "/faults", rule)["faults"])
        return lambda: self.emulator.admin_request("DELETE", f"/faults/{number}")

    def requests_of(self, client):
        """How many requests a client has made at vaults so far."""
        counts = self.emulator.admin_request("GET", "/requests")["counts"]
        return sum(row["count"] for row in counts if row["site"] == "vault" and row["client"] == client)

    def tokens_of(self, client):
        counts = self.emulator.admin_request("GET", "/requests")["counts"]
        return sum(row["count"] for row in counts if row["site"] == "login" and row["client"] == client)

    def kubectl(self, *args):
        return self.cluster.kubectl(*args).stdout

    def kubeconfig_of(self, token):
        """A kubeconfig of the cluster for somebody else."""
        text = self.kubectl("config", "view", "--raw", "-o", "json")
        config = json.loads(text)
        config["users"] = [{"name": u["name"], "user": {"token": token}} for u in config["users"]]
        path = tempfile.NamedTemporaryFile("w", suffix=".kubeconfig", delete=False)
        with path:
            json.dump(config, path)
        return path.name


class Case:
    """A namespace, an application, a store named "store"; names of secrets in the vault begin with the namespace's."""

    def __init__(self, world, ns, labels=None, sign_in=True):
        self.world, self.kube, self.ns = world, world.kube, ns
        self.app = world.next_app()
        self.client = app_id(self.app)
        self.kube.namespace(ns, labels)
        if sign_in:
            self.credentials()

    def credentials(self, client=None, secret=None, name="azure"):
        self.kube.secret(self.ns, name, {"client-id": client or self.client, "client-secret": secret or app_secret(self.app)})

    # ---- vault ----

    def key(self, name):
        return f"{self.ns}-{name}"

    def put(self, name, value, vault=VAULT, **attributes):
        return self.world.vaults[vault].set(self.key(name), value, **attributes)

    def remove(self, name, vault=VAULT):
        self.world.vaults[vault].delete(self.key(name))

    def requests(self):
        return self.world.requests_of(self.client)

    # ---- manifests ----

    def azurekv(self, vault=VAULT, **fields):
        spec = {"vaultUrl": f"https://{vault}.vault.azure.net", "tenantId": TENANT, "authType": "ServicePrincipal",
                "authSecretRef": secret_ref("azure")}
        spec.update(fields)
        return {k: v for k, v in spec.items() if v is not None}

    def store(self, name="store", vault=VAULT, spec=None, wait=True, **fields):
        spec = spec or {"provider": {"azurekv": self.azurekv(vault, **fields)}}
        self.kube.create("secretstores", self.ns, {"apiVersion": "external-secrets.io/v1", "kind": "SecretStore",
                                                   "metadata": {"name": name}, "spec": spec})
        if wait:
            self.store_becomes("True", "Valid", name=name)

    def cluster_store(self, name, vault=VAULT, conditions=None, **fields):
        spec = {"provider": {"azurekv": self.azurekv(vault, **fields)}}
        if conditions is not None:
            spec["conditions"] = conditions
        self.kube.create("clustersecretstores", None, {"apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore",
                                                       "metadata": {"name": name}, "spec": spec})

    def workload_identity(self, client=WORKLOAD_CLIENT, name="app"):
        """A ServiceAccount with the annotation of the guide, and the fields of a store that signs in with it."""
        self.kube.create("serviceaccounts", self.ns, {"metadata": {"name": name, "annotations": {
            "azure.workload.identity/client-id": client}}})
        return {"authType": "WorkloadIdentity", "authSecretRef": None, "serviceAccountRef": {"name": name}}

    def es(self, name="es", data=None, store="store", interval="1h", meta=None, kind="SecretStore", **spec):
        """data: {secretKey: name in the vault, or a whole remoteRef}."""
        body = {"refreshInterval": interval, "secretStoreRef": {"name": store, "kind": kind}, **spec}
        if data:
            body["data"] = [{"secretKey": k, "remoteRef": v if isinstance(v, dict) else {"key": self.key(v)}} for k, v in data.items()]
        return self.kube.create("externalsecrets", self.ns, {
            "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": name, **(meta or {})},
            "spec": body})

    def edit_store(self, name="store", **azurekv):
        self.kube.patch("secretstores", self.ns, name, {"spec": {"provider": {"azurekv": azurekv}}})

    def edit(self, name, spec):
        self.kube.patch("externalsecrets", self.ns, name, {"spec": spec})

    def annotate(self, name="es", **annotations):
        self.kube.patch("externalsecrets", self.ns, name, {"metadata": {"annotations": annotations or {"force-sync": str(time.time_ns())}}})

    # ---- the state of the world ----

    def get(self, name="es"):
        return self.kube.get("externalsecrets", self.ns, name)

    def data(self, name="es"):
        return text_of(self.kube.secret_data(self.ns, name))

    def becomes(self, status, reason, name="es", message=None, seconds=60):
        """Waits for the condition Ready to be so."""
        def condition():
            c = self.kube.condition("externalsecrets", self.ns, name)
            good = c.get("status") == status and c.get("reason") == reason and message in (None, c.get("message"))
            return (c if good else False, c)
        return wait_for(condition, seconds, f"condition {status} {reason} of {self.ns}/{name}")[0]

    def synced(self, name="es", seconds=60):
        return self.becomes("True", "SecretSynced", name, seconds=seconds)

    def fails(self, name="es", message="could not get secret data from provider", seconds=60):
        return self.becomes("False", "SecretSyncedError", name, message, seconds)

    def store_becomes(self, status, reason, name="store", message=None, kind="secretstores"):
        def condition():
            c = self.kube.condition(kind, self.ns if kind == "secretstores" else None, name)
            good = c.get("status") == status and c.get("reason") == reason and message in (None, c.get("message"))
            return (c if good else False, c)
        return wait_for(condition, 60, f"condition {status} {reason} of {kind} {self.ns}/{name}")[0]

    def data_becomes(self, want, name="es", seconds=60):
        return wait_for(lambda: (self.data(name) == want, self.data(name)), seconds, f"data of {self.ns}/{name}")

    def secret(self, name="es"):
        return self.kube.get("secrets", self.ns, name)

    def gone(self, name="es", resource="secrets", seconds=60):
        wait_for(lambda: self.kube.get(resource, self.ns, name) is None, seconds, f"{resource} {self.ns}/{name} to go")

    def event(self, reason, part="", name="es", seconds=30, ns=None):
        """Waits for an Event about an object whose message has `part` in it."""
        def find():
            seen = self.kube.events(ns or self.ns, name)
            fits = [e for e in seen if e["reason"] == reason and part in e["message"]]
            return (fits[0] if fits else False, [(e["reason"], e["message"]) for e in seen])
        return wait_for(find, seconds, f"Event {reason} \"{part}\" about {self.ns}/{name}")[0]

    def passes(self, name="es"):
        """How often Pawl has looked at an ExternalSecret so far."""
        return self.world.program.metric_sum("externalsecret_sync_calls_total", namespace=self.ns, name=name)


def b64(value):
    return base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()
