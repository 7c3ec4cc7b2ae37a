"""What nobody watches: changes during downtime, taking over from Reloader, Reloader's own rights, restarts of Pawl."""
import json
import time

import objects
from decisions import used
from pawltest import wait_for
from world import AUTO, SOON, Sentinel


def reloads(world):
    """How often this Pawl has restarted something."""
    return world.pawl.metric_sum("reloader_reload_executed_total", success="true")


def writes(world):
    """Writes of this Pawl to what exists, by its own count, with those that the server refused."""
    return {method: world.pawl.metric_sum("rest_client_requests_total", method=method)
            for method in ("PUT", "PATCH", "DELETE")}


def deploy_many(world, ns, n):
    for i in range(n):
        world.source(ns, f"secret:s-{i}")
        world.deploy(ns, f"w-{i}", used(f"secret:s-{i}"), AUTO)
    for i in range(n):
        world.wait_applied(ns, f"w-{i}")


def downtime(world):
    """Changes made while Pawl is down are found and applied once, also deleted and made again."""
    ns = world.new_namespace("downtime")
    world.start("run")
    deploy_many(world, ns, 6)
    generations = [world.generation(ns, f"w-{i}") for i in range(6)]
    world.stop()
    for value in ("1", "2", "3"):
        world.change(ns, "secret:s-0", value)
    world.touch(ns, "secret:s-1")
    world.remove(ns, "secret:s-2")
    world.source(ns, "secret:s-2", "new")
    world.remove(ns, "secret:s-3")
    world.source(ns, "secret:s-3", "old")
    world.change(ns, "secret:s-4", "new")
    world.change(ns, "secret:s-4", "old")
    world.start("run")
    wait_for(lambda: reloads(world) >= 2, SOON, "two restarts")
    sentinel = Sentinel(world, ns)
    sentinel.ready()
    sentinel.pass_by()
    grown = [world.generation(ns, f"w-{i}") - generations[i] for i in range(6)]
    assert grown == [1, 0, 1, 0, 0, 0], grown


def without_ledger(world):
    """--ledger=false: as Reloader does it, a change during downtime is not noticed and nothing is recorded."""
    ns = world.new_namespace("off")
    world.source(ns, "secret:a")
    world.deploy(ns, "w", used("secret:a"), AUTO)
    world.start("reloader", "--ledger=false")
    world.stop()
    world.change(ns, "secret:a", "new")
    before = world.get(ns, "w")["metadata"]["generation"]
    world.start("reloader", "--ledger=false")
    assert world.generation(ns, "w") == before
    mark = world.mark(ns, "w", "Deployment")
    world.change(ns, "secret:a", "newer")
    world.wait_moved(ns, "w", mark)
    assert not world.applied(ns, "w")


def take_over(world):
    """What Reloader has left on workloads counts as the record: nothing restarts, except what changed since."""
    ns = world.new_namespace("take-over")
    world.start("reloader", "--ledger=false")
    for name in ("same", "changed"):
        world.source(ns, f"secret:{name}")
        world.deploy(ns, f"w-{name}", used(f"secret:{name}"), AUTO)
    for name in ("same", "changed"):
        mark = world.mark(ns, f"w-{name}", "Deployment")
        world.change(ns, f"secret:{name}", "by Reloader")
        world.wait_moved(ns, f"w-{name}", mark)
    world.stop()
    assert not world.applied(ns, "w-same")
    marks = {name: world.mark(ns, f"w-{name}", "Deployment") for name in ("same", "changed")}
    world.change(ns, "secret:changed", "while nobody looked")
    world.start("run")
    world.wait_applied(ns, "w-same")
    world.wait_moved(ns, "w-changed", marks["changed"])
    sentinel = Sentinel(world, ns)
    sentinel.ready()
    sentinel.pass_by()
    assert world.mark(ns, "w-same", "Deployment") == marks["same"], "taking over restarted a workload"
    assert reloads(world) == 3, "only the changed one and the sentinel, twice"


def restarts(world):
    """Ten restarts of Pawl with nothing changed: not one write to anything."""
    ns = world.new_namespace("restarts")
    world.start("run")
    deploy_many(world, ns, 10)
    world.source(ns, "cm:c")
    for kind in ("DaemonSet", "StatefulSet", "CronJob", "Job"):
        world.deploy(ns, f"w-{kind.lower()}", used("cm:c"), AUTO, kind)
        world.wait_applied(ns, f"w-{kind.lower()}", kind)
    sentinel = Sentinel(world, world.new_namespace("restarts-sentinel"))
    sentinel.ready()
    world.stop()
    versions = version_of_all(world, ns)
    for i in range(10):
        world.start("run")
        sentinel.pass_by(1)
        assert writes(world) == {"PUT": 0, "PATCH": 1, "DELETE": 0}, ("more than the sentinel's own", i, writes(world))
        world.stop()
    assert version_of_all(world, ns) == versions


def version_of_all(world, ns):
    return {(plural, thing["metadata"]["name"]): thing["metadata"]["generation"]
            for plural in ("deployments", "daemonsets", "statefulsets", "cronjobs") for thing in world.kube.list(plural, ns)}


def quick_changes(world):
    """Many quick changes of one Secret end with the hash of the last value."""
    ns = world.new_namespace("quick")
    world.start("run")
    deploy_many(world, ns, 1)
    for i in range(40):
        world.change(ns, "secret:s-0", f"v{i}")
    sentinel = Sentinel(world, ns)
    sentinel.ready()
    sentinel.pass_by()
    hashes = objects.variables(world.get(ns, "w-0"))
    world.source(ns, "secret:reference", "v39")
    world.deploy(ns, "reference", used("secret:reference"), AUTO)
    world.wait_applied(ns, "reference")
    world.change(ns, "secret:reference", "other")
    wait_for(lambda: objects.variables(world.get(ns, "reference")), SOON, "the variable")
    first = objects.variables(world.get(ns, "reference"))["STAKATER_REFERENCE_SECRET"]
    world.change(ns, "secret:reference", "v39")
    wait_for(lambda: objects.variables(world.get(ns, "reference"))["STAKATER_REFERENCE_SECRET"] != first, SOON, "the last value")
    assert list(hashes.values()) == list(objects.variables(world.get(ns, "reference")).values()), hashes


def failure(world):
    """A workload whose restart is refused holds nobody up, is seen in an event, and moves as soon as it may."""
    ns = world.new_namespace("failure")
    world.start("run")
    world.source(ns, "cm:a")
    for name in ("a", "refused", "z"):
        world.deploy(ns, name, used("cm:a"), AUTO)
        world.wait_applied(ns, name)
    deny(world, ns)
    marks = {name: world.mark(ns, name, "Deployment") for name in ("a", "refused", "z")}
    world.change(ns, "cm:a", "new")
    world.wait_moved(ns, "a", marks["a"])
    world.wait_moved(ns, "z", marks["z"])
    event = wait_for(lambda: world.kube.events(ns, "refused", "ReloadFail"), SOON, "the event")[0]
    assert event["message"].startswith(f"Update for 'refused' of type 'Deployment' in namespace '{ns}' failed with error"), event["message"]
    assert world.mark(ns, "refused", "Deployment") == marks["refused"]
    assert world.pawl.metric_sum("reloader_reload_executed_total", success="false") >= 1
    allow(world)
    world.wait_moved(ns, "refused", marks["refused"])


POLICY = "admissionregistration.k8s.io/v1"


def deny(world, ns):
    """Patches of the Deployment "refused" are denied at admission, once the policy is in effect."""
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["deployments"]}
    base = f"apis/{POLICY}"
    world.kube.request("POST", f"{base}/validatingadmissionpolicies", {
        "metadata": {"name": "refuse"}, "spec": {
            "failurePolicy": "Fail", "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": "object.metadata.name != 'refused'", "message": "not this one"}]}})
    world.kube.request("POST", f"{base}/validatingadmissionpolicybindings", {
        "metadata": {"name": "refuse"}, "spec": {"policyName": "refuse", "validationActions": ["Deny"]}})

    def denied():
        try:
            world.kube.patch("deployments", ns, "refused", {"metadata": {"labels": {"try": str(time.monotonic_ns())}}})
            return False
        except Exception as error:  # pylint: disable=broad-except
            return "not this one" in str(error)
    wait_for(denied, SOON, "the admission policy")


def allow(world):
    for plural in ("validatingadmissionpolicybindings", "validatingadmissionpolicies"):
        world.kube.request("DELETE", f"apis/{POLICY}/{plural}/refuse")


def leftovers(world):
    """The variable of a Secret that is used no more goes with the next restart, and by none of its own."""
    ns = world.new_namespace("leftovers")
    world.start("run")
    world.source(ns, "secret:old-one")
    world.source(ns, "secret:new-one")
    world.deploy(ns, "w", used("secret:old-one"), AUTO)
    world.wait_applied(ns, "w")
    world.change(ns, "secret:old-one", "1")
    wait_for(lambda: objects.variables(world.get(ns, "w")), SOON, "the first variable")
    body = world.get(ns, "w")
    body["spec"]["template"]["spec"]["containers"][0]["envFrom"] = [{"secretRef": {"name": "new-one"}}]
    world.kube.patch("deployments", ns, "w", [
        {"op": "replace", "path": "/spec/template/spec/containers/0/envFrom", "value": [{"secretRef": {"name": "new-one"}}]}], "json")
    wait_for(lambda: "new-one" in world.get(ns, "w")["metadata"]["annotations"][objects.APPLIED], SOON, "the new record")
    assert list(objects.variables(world.get(ns, "w"))) == ["STAKATER_OLD_ONE_SECRET"]
    world.change(ns, "secret:new-one", "1")
    wait_for(lambda: list(objects.variables(world.get(ns, "w"))) == ["STAKATER_NEW_ONE_SECRET"], SOON, "only the new variable")


# ---- Reloader's own chart grants less than Pawl's ----

RULES = [
    ([""], ["secrets", "configmaps"], ["list", "get", "watch"]),
    (["apps"], ["deployments", "daemonsets", "statefulsets"], ["list", "get", "update", "patch"]),
    (["batch"], ["cronjobs"], ["list", "get"]),
    (["batch"], ["jobs"], ["create", "delete", "list", "get"]),
    ([""], ["events"], ["create", "patch"]),
]
ENVIRONMENT = {"GOMAXPROCS": "1", "GOMEMLIMIT": "536870912", "RELOADER_NAMESPACE": "reloader", "RELOADER_DEPLOYMENT_NAME": "reloader-reloader"}
ARGUMENTS = ("--log-level=info", "--reload-strategy=env-vars")


def stock_account(world):
    """The ServiceAccount, roles and kubeconfig that Reloader's chart would give to Pawl."""
    kube, name = world.kube, "reloader-reloader"
    rbac = "rbac.authorization.k8s.io"
    world.namespace("reloader")
    subject = [{"kind": "ServiceAccount", "name": name, "namespace": "reloader"}]
    if not kube.get("serviceaccounts", "reloader", name):
        kube.create("serviceaccounts", "reloader", {"metadata": {"name": name}})
        kube.create("clusterroles", None, {"metadata": {"name": f"{name}-role"}, "rules": [
            {"apiGroups": g, "resources": r, "verbs": v} for g, r, v in RULES]})
        kube.create("clusterrolebindings", None, {"metadata": {"name": f"{name}-role-binding"}, "subjects": subject,
                                                  "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": f"{name}-role"}})
        kube.create("roles", "reloader", {"metadata": {"name": f"{name}-metadata-role"}, "rules": [
            {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list", "get", "watch", "create", "update"]}]})
        kube.create("rolebindings", "reloader", {"metadata": {"name": f"{name}-metadata-role-binding"}, "subjects": subject,
                                                 "roleRef": {"apiGroup": rbac, "kind": "Role", "name": f"{name}-metadata-role"}})
    return world.token_kubeconfig("reloader", name)


def start_stock(world, *flags):
    return world.start("reloader", *ARGUMENTS, *flags, kubeconfig=stock_account(world),
                       environment={**ENVIRONMENT, "POD_NAMESPACE": ""})


def stock_rights(world):
    """With the rights of Reloader's chart everything works. How lists are shared: faults.py."""
    start_stock(world)
    ns = world.new_namespace("stock")
    kinds = ("Deployment", "DaemonSet", "StatefulSet", "CronJob", "Job")
    for source in ("cm:a", "secret:b"):
        world.source(ns, source)
    for kind in kinds:
        world.deploy(ns, f"w-{kind.lower()}", used("cm:a") + used("secret:b"), AUTO, kind)
    world.deploy(ns, "other", used("cm:a"))
    marks = {kind: world.mark(ns, f"w-{kind.lower()}", kind) for kind in kinds}
    other = world.mark(ns, "other", "Deployment")
    for source in ("cm:a", "secret:b"):
        world.change(ns, source, "new")
        for kind in kinds:
            world.wait_moved(ns, f"w-{kind.lower()}", marks[kind], kind)
            marks[kind] = world.mark(ns, f"w-{kind.lower()}", kind)
    assert world.mark(ns, "other", "Deployment") == other
    assert world.kube.get("configmaps", "reloader", "reloader-meta-info"), "no meta information"
    assert world.kube.get("configmaps", "reloader", "pawl-ledger"), "the ledger's key is not in the ConfigMap"
    assert not world.kube.get("secrets", "reloader", "pawl-ledger")


def stock_downtime(world):
    """With these rights, too, a change while Pawl was down is applied once, and a restart writes nothing."""
    start_stock(world)
    ns = world.new_namespace("stock-down")
    for name in ("a", "b"):
        world.source(ns, f"secret:{name}")
        world.deploy(ns, f"w-{name}", used(f"secret:{name}"), AUTO)
    world.change(ns, "secret:a", "1")
    world.change(ns, "secret:b", "1")
    for name in ("a", "b"):
        wait_for(lambda name=name: objects.variables(world.get(ns, f"w-{name}")), SOON, "the first restart")
    world.stop()
    generations = {name: world.generation(ns, f"w-{name}") for name in ("a", "b")}
    world.change(ns, "secret:a", "2")
    start_stock(world)
    wait_for(lambda: world.generation(ns, "w-a") > generations["a"], SOON, "the restart that was due")
    world.stop()
    start_stock(world)
    Sentinel(world, ns).pass_by()
    assert world.generation(ns, "w-a") == generations["a"] + 1
    assert world.generation(ns, "w-b") == generations["b"]


def probes(world):
    """The probes of Reloader's chart: /live and /metrics on the port that it serves."""
    pawl = start_stock(world)
    assert pawl.get("/live")[0] == 200 and pawl.get("/metrics")[0] == 200
    assert json.loads(world.kube.get("configmaps", "reloader", "reloader-meta-info")["data"]["reloaderOptions"])["logLevel"] == "info"


CASES = [("downtime", downtime), ("without the ledger", without_ledger), ("take-over from Reloader", take_over),
         ("ten restarts", restarts), ("quick changes", quick_changes), ("one fails", failure), ("leftovers", leftovers),
         ("stock rights", stock_rights), ("stock rights, downtime", stock_downtime), ("stock probes", probes)]
