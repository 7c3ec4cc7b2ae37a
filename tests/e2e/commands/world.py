"""The cluster of the suite, commands that run against it, and the workloads that they are asked about."""
import itertools
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lib"))
from pawltest import Cluster, Emulator, Kube, Pawl  # noqa: E402
from pawltest.azure import VAULT, Vault, azure_names, seed  # noqa: E402
from pawltest.programs import PAWL, ROOT  # noqa: E402

PORT = int(os.environ.get("CLUSTER_PORT", "17793"))
ADDRESS = "127.0.0.80"  # of Azure's names in this suite
SOON = 60  # seconds; other things run on the machine
AUTO = {"reloader.stakater.com/auto": "true"}
PLURALS = {"deployment": "deployments", "statefulset": "statefulsets", "daemonset": "daemonsets"}
KINDS = {"deployment": "Deployment", "statefulset": "StatefulSet", "daemonset": "DaemonSet"}


class World:
    def __init__(self):
        azure_names(address=ADDRESS)
        # Webhooks are called at the endpoints of their Service: nothing routes Service addresses here.
        self.cluster = Cluster(PORT, CLUSTER_APISERVER_ARGS="--enable-aggregator-routing=true")
        self.emulator = self.vault = self.ca_file = None
        self.kube = Kube(self.cluster.kubeconfig)
        self.counter = itertools.count(1)
        self.kube.namespace("pawl-system")

    # ---- commands ----

    def pawl(self, *args, kubeconfig=None, environment=None):
        """Runs a command to its end."""
        environment = {**os.environ, "KUBECONFIG": kubeconfig or self.cluster.kubeconfig, **(environment or {})}
        return subprocess.run([PAWL, *args], env=environment, capture_output=True, text=True, timeout=SOON)

    def json(self, *args, status=0, **more):
        """What a command prints with -o json."""
        done = self.pawl(*args, "-o", "json", **more)
        assert status is None or done.returncode == status, f"{args}: {done.returncode}\n{done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def controller(self, *flags, command=("run",), environment=None, host="127.0.0.1", port=None):
        """host and port, if the flags say where it listens."""
        environment = {"POD_NAMESPACE": "pawl-system", **(environment or {})}
        pawl = Pawl(self.cluster.kubeconfig, *flags, command=command, environment=environment, listen=port is None)
        pawl.host, pawl.port = host, port or pawl.port
        return pawl.start().wait_ready(SOON)

    def start_azure(self):
        """The emulator with a vault, once."""
        if not self.emulator:
            self.emulator = Emulator(seed(), "--log-level=warn", listen=ADDRESS, port=443).start().wait_ready()
            self.ca_file = self.emulator.ca_file()
            self.vault = Vault(self.ca_file)

    # ---- objects ----

    def install_definitions(self):
        """The custom resource definitions of the chart."""
        self.cluster.kubectl("apply", "--server-side", "-f", str(ROOT / "charts/pawl/files/crds"))
        self.cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")

    def namespace(self, hint, labels=None):
        name = f"{hint}-{next(self.counter)}"
        self.kube.namespace(name, labels)
        return name

    def deploy(self, ns, workload, uses=(), annotations=None, pod_annotations=None, **spec):
        """workload: "deployment/NAME"; uses: "secret/NAME", "configmap/NAME". No pods are needed, so replicas are 0."""
        kind, name = workload.split("/")
        labels = {"app": name}
        refs = {"secret": "secretRef", "configmap": "configMapRef"}
        env = [{refs[u.split("/")[0]]: {"name": u.split("/")[1]}} for u in uses]
        container = {"name": "app", "image": "busybox", "command": ["sleep", "3600"], "envFrom": env}
        template = {"metadata": {"labels": labels, "annotations": pod_annotations or {}}, "spec": {"containers": [container]}}
        body = {"apiVersion": "apps/v1", "kind": KINDS[kind],
                "metadata": {"name": name, "labels": labels, "annotations": annotations or {}},
                "spec": {"selector": {"matchLabels": labels}, "template": template, **spec}}
        if kind != "daemonset":
            body["spec"].setdefault("replicas", 0)
        if kind == "statefulset":
            body["spec"]["serviceName"] = "none"
        return self.kube.create(PLURALS[kind], ns, body)

    def get(self, ns, workload):
        kind, name = workload.split("/")
        return self.kube.get(PLURALS[kind], ns, name)

    def template(self, ns, workload):
        return self.get(ns, workload)["spec"]["template"]

    def account(self, ns, name, rules):
        """A ServiceAccount that has these rules in the whole cluster; a kubeconfig with a token of it."""
        role = f"{ns}-{name}"
        self.kube.create("serviceaccounts", ns, {"metadata": {"name": name}})
        self.kube.create("clusterroles", None, {"metadata": {"name": role}, "rules": rules})
        self.kube.create("clusterrolebindings", None, {
            "metadata": {"name": role}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "ServiceAccount", "namespace": ns, "name": name}]})
        token = self.kube.request("POST", self.kube.path("serviceaccounts", ns, name, "token"),
                                  {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})["status"]["token"]
        return self.kubeconfig(role, {"token": token}, ns)

    def kubeconfig(self, name, user, ns="default", server=None):
        path = f"{self.cluster.state}/{name}.kubeconfig"
        config = {"apiVersion": "v1", "kind": "Config", "current-context": "c",
                  "clusters": [{"name": "c", "cluster": {"server": server or f"https://{self.kube.host}:{self.kube.port}",
                                                         "certificate-authority": f"{self.cluster.state}/pki/ca.crt"}}],
                  "users": [{"name": "u", "user": user}],
                  "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": ns}}]}
        with open(path, "w", encoding="utf-8") as f:
            json.dump(config, f)
        return path


def lines(text):
    return text.rstrip("\n").split("\n")
