"""pawl status: one workload in each state, seen by a running Pawl and from the objects alone."""
import socket
import urllib.request

from world import AUTO, SOON, lines
from pawltest import wait_for
from pawltest.programs import free_port

PAUSE = "deployment.reloader.stakater.com/pause-period"
REFUSAL = "not in this maintenance window"


def address_of_this_machine():
    """One that the API server's proxy accepts: not of the loopback network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("192.0.2.1", 9))  # sends nothing
        return s.getsockname()[0]


def refuse(world, ns, name):
    """The API server refuses each restart of this Deployment."""
    policy = f"{ns}-{name}"
    match = {"resourceRules": [{"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["deployments"]}]}
    rule = (f"object.metadata.namespace != '{ns}' || object.metadata.name != '{name}' || "
            "!has(object.spec.template.spec.containers[0].env)")
    group = "apis/admissionregistration.k8s.io/v1"
    world.kube.request("POST", f"{group}/validatingadmissionpolicies", {
        "metadata": {"name": policy}, "spec": {"matchConstraints": match,
                                               "validations": [{"expression": rule, "message": REFUSAL}]}})
    world.kube.request("POST", f"{group}/validatingadmissionpolicybindings", {
        "metadata": {"name": policy}, "spec": {"policyName": policy, "validationActions": ["Deny"]}})
    body = {"spec": {"template": {"spec": {"containers": [{"name": "app", "env": [{"name": "X", "value": "y"}]}]}}}}

    def refused():
        try:
            world.kube.request("PATCH", world.kube.path("deployments", ns, name) + "?dryRun=All", body,
                               "application/strategic-merge-patch+json")
        except Exception as error:  # pylint: disable=broad-except
            return REFUSAL in str(error), str(error)
        return False, "accepted"
    wait_for(refused, SOON, "the admission policy")

    def lift():
        world.kube.request("DELETE", f"{group}/validatingadmissionpolicybindings/{policy}")
        world.kube.request("DELETE", f"{group}/validatingadmissionpolicies/{policy}")
    return lift


def pod_of(world, host, port, name="pawl-0", labels=None):
    """A Pod that stands for the Pawl that listens there."""
    ns = "pawl-system"
    wait_for(lambda: world.kube.get("serviceaccounts", ns, "default"), SOON, "the ServiceAccount")
    world.kube.create("pods", ns, {
        "metadata": {"name": name, "labels": labels or {"app.kubernetes.io/name": "pawl"}},
        "spec": {"containers": [{"name": "pawl", "image": "pawl", "ports": [{"containerPort": port}]}]}})
    world.kube.patch("pods", ns, name, {"status": {"phase": "Running", "podIP": host, "podIPs": [{"ip": host}]}}, subresource="status")


def remove_pod(world, name="pawl-0"):
    world.kube.request("DELETE", world.kube.path("pods", "pawl-system", name) + "?gracePeriodSeconds=0")


class Running:
    """A Pawl with a Pod, and a namespace with a workload in each state."""

    def __init__(self, world):
        self.world = world
        self.ns = ns = world.namespace("status")
        world.kube.secret(ns, "db", {"k": "old"})
        world.kube.secret(ns, "quiet", {"k": "old"}, {"reloader.stakater.com/ignore": "true"})
        uses = ["secret/db", "secret/quiet"]
        world.deploy(ns, "deployment/fine", uses, AUTO)
        world.deploy(ns, "deployment/pausing", uses, {**AUTO, PAUSE: "1h"})
        world.deploy(ns, "deployment/settling", uses, {**AUTO, "pawl.dev/settle": "10m"})
        world.deploy(ns, "deployment/refused", uses, AUTO)
        world.deploy(ns, "deployment/held", uses, AUTO, paused=True)
        world.deploy(ns, "statefulset/unrelated", uses)
        self.lift = refuse(world, ns, "refused")
        self.host, self.port = address_of_this_machine(), free_port()
        self.pawl = world.controller("--roles=reload", f"--listen={self.host}:{self.port}", host=self.host, port=self.port)
        pod_of(world, self.host, self.port)
        wait_for(lambda: (self.states() == {"current": 4, "paused": 1}, self.states()), SOON, "everything is known")

    def rows(self, *args, status=0):
        """{workload: row}"""
        return {w["workload"]: w for w in self.world.json("status", "-n", self.ns, *args, status=status)["workloads"]}

    def states(self):
        summary = self.world.json("status", "-n", self.ns)["summary"]
        return {k: v for k, v in summary.items() if v and k in ("current", "waiting", "moving", "failing", "paused", "unknown")}

    def rotate(self):
        self.world.kube.secret(self.ns, "db", {"k": "new"})

        def known():
            done = self.world.pawl("status", "-n", self.ns)
            return "failing" in done.stdout and "waiting" in done.stdout and "resumes in" in done.stdout, done.stdout
        wait_for(known, SOON, "all states")

    def close(self):
        self.lift()
        remove_pod(self.world)
        assert self.pawl.stop() == 0


def each_state(world):
    r = Running(world)
    try:
        assert world.pawl("status", "-n", r.ns).returncode == 0
        assert r.rows()["deployment/fine"]["sources"] == [{"source": "secret/db", "state": "current"},
                                                          {"source": "secret/quiet", "state": "ignored"}]
        r.rotate()
        rows = r.rows(status=1)
        assert {k: v["state"] for k, v in rows.items()} == {
            "deployment/fine": "current", "deployment/pausing": "paused", "deployment/settling": "waiting",
            "deployment/refused": "failing", "deployment/held": "paused"}, rows
        due = {k for k, v in rows.items() if v["sources"][0] == {"source": "secret/db", "state": "due"}}
        assert due == {"deployment/settling", "deployment/refused"}, rows
        fine, refused = rows["deployment/fine"], rows["deployment/refused"]
        assert fine["restartedFor"] == "secret/db" and fine["restartedAt"], fine
        assert REFUSAL in refused["lastError"] and refused["failures"] >= 1 and refused["nextTry"] and refused["failingSince"], refused
        assert "restartedAt" not in refused and refused["dueSince"], refused
        assert rows["deployment/settling"]["dueSince"] and rows["deployment/pausing"]["pausedUntil"], rows
        assert rows["deployment/held"]["pausedByUser"] is True, rows
        table(world, r)
        in_event_metric_and_status(world, r)
        # What kept it from restarting ends, and so does the failure.
        r.lift()
        r.lift = lambda: None
        wait_for(lambda: r.rows(status=None)["deployment/refused"]["state"] == "current", 120, "the restart", every=0.5)
        assert world.pawl("status", "-n", r.ns).returncode == 0
    finally:
        r.close()


def table(world, r):
    done = world.pawl("status", "-n", r.ns)
    assert done.returncode == 1 and done.stderr == "", done
    text = lines(done.stdout)
    assert text[0] == "Pawl 0.1.0, pod pawl-system/pawl-0" and text[1] == "", text
    assert text[2].split() == ["WORKLOAD", "STATE", "SOURCES", "RESTARTED", "DETAIL"], text
    cells = {line.split()[0]: line for line in text[3:8]}
    assert "secret/db (due), secret/quiet (ignored)" in cells["deployment/refused"], text
    assert REFUSAL in cells["deployment/refused"] and "next in" in cells["deployment/refused"], text
    assert "ago for secret/db" in cells["deployment/fine"] and "resumes in 59m" in cells["deployment/pausing"], text
    assert "due for" in cells["deployment/settling"] and "a user has paused it" in cells["deployment/held"], text
    assert text[-1] == "5 workloads: 1 current, 1 waiting, 1 failing, 2 paused; 0 stores and ExternalSecrets", text


def in_event_metric_and_status(world, r):
    wait_for(lambda: [e for e in world.kube.events(r.ns, "refused", "ReloadFail") if REFUSAL in e["message"]], SOON, "the Event")
    with urllib.request.urlopen(f"http://{r.host}:{r.port}/metrics", timeout=10) as answer:
        assert "\npawl_reload_failing 1\n" in answer.read().decode()


def without_permission_for_the_proxy(world):
    """Who may only list sees what the objects say, and is told so."""
    r = Running(world)
    try:
        r.rotate()
        reads = [{"apiGroups": ["", "apps", "batch", "external-secrets.io"], "resources": ["*"], "verbs": ["list"]}]
        config = world.account(r.ns, "reader", reads)
        wait_for(lambda: world.kube.events(r.ns, "refused", "ReloadFail"), SOON, "the Event")
        done = world.pawl("status", kubeconfig=config)
        assert done.returncode == 1, done
        assert "a running Pawl cannot be asked: pod pawl-system/pawl-0" in done.stderr, done.stderr
        assert "pods/proxy" in done.stderr and "what the objects in the cluster say" in done.stderr, done.stderr
        assert REFUSAL in done.stdout and "secret/db (recorded)" in done.stdout and "a user has paused it" in done.stdout, done.stdout
        rows = {w["workload"]: w["state"] for w in world.json("status", kubeconfig=config, status=1)["workloads"]}
        assert rows == {"deployment/fine": "unknown", "deployment/pausing": "paused", "deployment/settling": "unknown",
                        "deployment/refused": "failing", "deployment/held": "paused"}, rows
    finally:
        r.close()


def at_an_address(world):
    r = Running(world)
    try:
        there = world.json("status", "-n", r.ns, f"--address=http://{r.host}:{r.port}/")
        assert there["pawls"] == [{"from": f"http://{r.host}:{r.port}", "version": "0.1.0", "leading": True}], there
        assert len(there["workloads"]) == 5, there
        nobody = world.pawl("status", "-n", r.ns, f"--address=http://{r.host}:{free_port()}")
        assert "a running Pawl cannot be asked" in nobody.stderr and "secret/db (recorded)" in nobody.stdout, nobody
        # The page is for one namespace when that is asked for, and never has a value.
        with urllib.request.urlopen(f"http://{r.host}:{r.port}/status?namespace=nowhere", timeout=10) as answer:
            assert '"workloads":[]' in answer.read().decode()
    finally:
        r.close()


def without_a_pawl(world):
    ns = world.namespace("status")
    world.kube.secret(ns, "db", {"k": "v"})
    # The record may have been written by anybody who may write the workload.
    world.deploy(ns, "deployment/web", ["secret/db"], {**AUTO, "pawl.dev/applied": "[1,2]"})
    done = world.pawl("status", "-n", ns)
    assert done.returncode == 0 and "no running Pawl was found" in done.stderr, done
    assert lines(done.stdout)[1].split() == ["deployment/web", "unknown", "secret/db", "(unknown)"], done.stdout


def the_sync_role(world):
    """An ExternalSecret whose store is missing, as the running Pawl knows it and as the objects say it."""
    world.install_definitions()
    ns = world.namespace("status-sync")
    world.kube.create("externalsecrets", ns, {
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "db"},
        "spec": {"refreshInterval": "1h", "secretStoreRef": {"name": "missing"}, "target": {"name": "db"},
                 "data": [{"secretKey": "k", "remoteRef": {"key": "v"}}]}})
    pawl = world.controller("--roles=sync")
    wait_for(lambda: world.kube.condition("externalsecrets", ns, "db").get("status") == "False", SOON, "the condition")
    address = f"--address=http://127.0.0.1:{pawl.port}"
    (row,) = world.json("status", "-n", ns, address, status=1)["objects"]
    assert (row["name"], row["ready"], row["reason"], row["store"]) == ("db", "False", "SecretSyncedError", "missing"), row
    assert "missing" in row["lastError"] and "not found" in row["lastError"], row
    done = world.pawl("status", "-n", ns, address)
    assert done.returncode == 1 and row["lastError"] in done.stdout, done
    assert lines(done.stdout)[-1] == "0 workloads; 1 stores and ExternalSecrets: 0 ready, 1 not", done.stdout
    assert pawl.stop() == 0
    (row,) = world.json("status", "-n", ns, status=1)["objects"]
    assert (row["name"], row["ready"], row["message"]) == ("db", "False", "could not get secret data from provider"), row
    assert "lastError" not in row, row


def a_pod_that_does_not_answer(world):
    ns = world.namespace("status")
    pod_of(world, address_of_this_machine(), free_port())
    try:
        done = world.pawl("status", "-n", ns)
        assert done.returncode == 0 and "cannot be asked: pod pawl-system/pawl-0: " in done.stderr, done
        assert done.stdout == "0 workloads; 0 stores and ExternalSecrets\n", done
    finally:
        remove_pod(world)


def no_cluster(world):
    config = world.kubeconfig("nowhere", {"token": "x"}, server=f"https://127.0.0.1:{free_port()}")
    done = world.pawl("status", kubeconfig=config)
    assert done.returncode == 1 and "no connection" in done.stderr, done
    assert len(lines(done.stderr)) <= 4, done.stderr


CASES = [
    ("status: without a running Pawl", without_a_pawl),
    ("status: each state of a workload", each_state),
    ("status: without permission for the proxy", without_permission_for_the_proxy),
    ("status: at an address", at_an_address),
    ("status: the sync role", the_sync_role),
    ("status: a pod that does not answer", a_pod_that_does_not_answer),
    ("status: no cluster", no_cluster),
]
