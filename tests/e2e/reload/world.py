"""The cluster of the suite, the Pawl that runs in it, and one scenario: baseline, trigger, what must be true then."""
import itertools
import json
import os
import sys
import pathlib
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "lib"))
from pawltest import ApiError, Cluster, Kube, Pawl, wait_for  # noqa: E402
from pawltest.programs import free_port  # noqa: E402
import objects  # noqa: E402
from objects import APPLIED, PLURALS  # noqa: E402

PORT = int(os.environ.get("CLUSTER_PORT", "17443"))
AUTO = {"reloader.stakater.com/auto": "true"}
SOON = 60  # seconds; other things run on the machine


class World:
    def __init__(self):
        self.cluster = Cluster(PORT)
        self.kube = Kube(self.cluster.kubeconfig)
        self.pawl = None
        self.counter = itertools.count(1)
        for crd in objects.CRDS:
            self.kube.create("customresourcedefinitions", None, crd)
        for plural in ("rollouts", "secretproviderclasses", "secretproviderclasspodstatuses"):
            wait_for(lambda plural=plural: self.served(plural), SOON, f"the CRD {plural}")

    def served(self, plural):
        try:
            return self.kube.list(plural) is not None
        except (ApiError, OSError):
            return False

    # ---- Pawl ----

    def another(self, command, *flags, environment=None, kubeconfig=None):
        """command: "run" or "reloader". POD_NAMESPACE is where the ledger's key is kept."""
        self.kube.namespace("pawl-system")
        roles = ["--roles=reload"] if command == "run" else []
        env = {"POD_NAMESPACE": "pawl-system", **(environment or {})}
        pawl = Pawl(kubeconfig or self.cluster.kubeconfig, *roles, *flags, command=(command,), environment=env)
        return pawl.start().wait_ready(SOON)

    def start(self, command, *flags, **more):
        """The one that runs, instead of the one before."""
        self.stop()
        self.pawl = self.another(command, *flags, **more)
        return self.pawl

    def run_once(self, command, *flags):
        """A Pawl that is expected to end by itself."""
        pawl = Pawl(self.cluster.kubeconfig, *flags, command=(command,)).start()
        pawl.process.wait(SOON)
        return pawl

    @staticmethod
    def free_port():
        return free_port()

    def token_kubeconfig(self, ns, account):
        """A kubeconfig with a token of a ServiceAccount."""
        token = self.kube.request("POST", self.kube.path("serviceaccounts", ns, account, "token"),
                                  {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})["status"]["token"]
        path = f"{self.cluster.state}/{account}.kubeconfig"
        config = {"apiVersion": "v1", "kind": "Config", "current-context": "c",
                  "clusters": [{"name": "c", "cluster": {"server": f"https://{self.kube.host}:{self.kube.port}",
                                                         "certificate-authority": f"{self.cluster.state}/pki/ca.crt"}}],
                  "users": [{"name": "u", "user": {"token": token}}],
                  "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": ns}}]}
        with open(path, "w", encoding="utf-8") as f:
            json.dump(config, f)
        return path

    def stop(self):
        if self.pawl and not self.pawl.alive() and self.pawl.process.returncode == -9:
            self.pawl = None  # a test has killed it
        if self.pawl:
            pawl, self.pawl = self.pawl, None
            status = pawl.stop()
            assert status == 0, f"pawl stopped with {status}: {pawl.log()[-2000:]}"

    # ---- sources ----

    def namespace(self, name, labels=None):
        self.kube.namespace(name, labels)
        return name

    def new_namespace(self, hint, labels=None):
        return self.namespace(f"{hint.lower()}-{next(self.counter)}", labels)

    def source(self, ns, source, value="old", annotations=None, labels=None):
        """Creates "cm:NAME", "secret:NAME" or "spc:NAME" (with the status of one pod)."""
        source_type, name = source.split(":")
        if source_type == "cm":
            self.kube.config_map(ns, name, {"k": value}, annotations, labels)
        elif source_type == "secret":
            self.kube.secret(ns, name, {"k": value}, annotations, labels)
        else:
            self.kube.create("secretproviderclasses", ns, objects.provider_class(name, annotations))
            self.kube.create("secretproviderclasspodstatuses", ns, objects.pod_status(f"pod-{name}", name, value))

    def change(self, ns, source, value):
        source_type, name = source.split(":")
        if source_type == "spc":
            status = objects.pod_status("", name, value)["status"]
            self.kube.patch("secretproviderclasspodstatuses", ns, f"pod-{name}", {"status": status})
        elif source_type == "cm":
            self.kube.config_map(ns, name, {"k": value})
        else:
            self.kube.secret(ns, name, {"k": value})

    def touch(self, ns, source):
        """Changes only labels."""
        source_type, name = source.split(":")
        plural = {"cm": "configmaps", "secret": "secrets", "spc": "secretproviderclasspodstatuses"}[source_type]
        name = f"pod-{name}" if source_type == "spc" else name
        self.kube.patch(plural, ns, name, {"metadata": {"labels": {"touched": str(next(self.counter))}}})

    def remove(self, ns, source):
        source_type, name = source.split(":")
        self.kube.delete({"cm": "configmaps", "secret": "secrets"}[source_type], ns, name)

    # ---- workloads ----

    def create(self, ns, body):
        return self.kube.create(PLURALS[body["kind"]], ns, body)

    def deploy(self, ns, name, uses=(), annotations=None, kind="Deployment", **more):
        return self.create(ns, objects.workload(kind, name, uses, annotations, **more))

    def get(self, ns, name, kind="Deployment"):
        thing = self.kube.get(PLURALS[kind], ns, name)
        if thing:
            thing.setdefault("kind", kind)
        return thing

    def applied(self, ns, name, kind="Deployment"):
        thing = self.get(ns, name, kind)
        return bool(thing) and APPLIED in thing["metadata"].get("annotations", {})

    def wait_applied(self, ns, name, kind="Deployment"):
        wait_for(lambda: self.applied(ns, name, kind), SOON, f"the record on {kind} {ns}/{name}")

    def wait_recorded(self, ns, name, sources, kind="Deployment"):
        """The record has all of the sources: each that becomes known later is one more write, and the generation of a
        Deployment counts writes of annotations, too."""
        def recorded():
            text = self.get(ns, name, kind)["metadata"].get("annotations", {}).get(APPLIED, "{}")
            return set(sources) <= set(json.loads(text)), text
        wait_for(recorded, SOON, f"the record of {', '.join(sources)} on {kind} {ns}/{name}")

    def mark(self, ns, name, kind):
        """What is different after a restart and only then."""
        if kind == "CronJob":
            return json.dumps(sorted(j["metadata"]["uid"] for j in self.jobs_of(ns, name)))
        thing = self.get(ns, name, kind)
        if thing is None:
            return None
        if kind == "Job":
            return thing["metadata"]["uid"]
        return json.dumps([objects.template(thing), thing["spec"].get("restartAt")], sort_keys=True)

    def jobs_of(self, ns, cronjob):
        return [j for j in self.kube.list("jobs", ns)
                if any(o["kind"] == "CronJob" and o["name"] == cronjob for o in j["metadata"].get("ownerReferences", []))]

    def generation(self, ns, name, kind="Deployment"):
        return self.get(ns, name, kind)["metadata"]["generation"]

    def wait_moved(self, ns, name, before, kind="Deployment"):
        def moved():
            now = self.mark(ns, name, kind)
            return now is not None and now != before, now
        wait_for(moved, SOON, f"a restart of {kind} {ns}/{name}")


class Sentinel:
    """A Deployment of its own that must restart: when it has, what came before it has been looked at, too, so a test
    that nothing happens need not guess how long to wait."""

    def __init__(self, world, ns, source="cm:sentinel", labels=None, annotations=None):
        self.world, self.ns, self.source, self.value = world, ns, source, 0
        self.name = source.split(":")[1]
        world.source(ns, source, "0", labels=labels)
        world.deploy(ns, self.name, [("volume" if source.startswith("spc") else "envFrom", source)], annotations or AUTO)

    def ready(self):
        self.world.wait_applied(self.ns, self.name)

    def pass_by(self, times=2):
        for _ in range(times):
            before = self.world.mark(self.ns, self.name, "Deployment")
            self.value += 1
            self.world.change(self.ns, self.source, str(self.value))
            self.world.wait_moved(self.ns, self.name, before)
            time.sleep(0.1)
