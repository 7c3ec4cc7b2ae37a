"""Flags, environment and scopes: one Pawl for each, its cases all at once."""
import base64
import http.server
import json
import threading
import urllib.request

import objects
from decisions import used
from pawltest import Pawl, wait_for
from world import AUTO, SOON, Sentinel

ANNOTATIONS = "--reload-strategy=annotations"


class Expect:
    """One workload, one change, in a namespace of its own; the name says what is expected."""

    def __init__(self, name, source, moves, kind="Deployment", wl=None, labels=None, ns=None, ns_labels=None, event="change"):
        self.name, self.source, self.moves, self.kind = name, source, moves, kind
        self.wl = AUTO if wl is None else wl
        self.labels, self.ns, self.ns_labels, self.event = labels, ns, ns_labels, event

    def trigger(self, world, ns):
        if self.event == "create":
            world.source(ns, self.source, "new", labels=self.labels)
        elif self.event == "delete":
            world.remove(ns, self.source)
        else:
            world.change(ns, self.source, "new")

    def run(self, world, sentinel_options, sentinel_ns):
        ns = world.namespace(self.ns, self.ns_labels) if self.ns else world.new_namespace(self.name.split()[0], self.ns_labels)
        if self.event != "create":
            world.source(ns, self.source, labels=self.labels)
        world.deploy(ns, "w", used(self.source), self.wl, self.kind)
        sentinel = Sentinel(world, sentinel_ns or ns, **sentinel_options)
        sentinel.ready()
        if self.moves and self.event != "create":
            world.wait_applied(ns, "w", self.kind)
        before = world.mark(ns, "w", self.kind)
        self.trigger(world, ns)
        if self.moves:
            world.wait_moved(ns, "w", before, self.kind)
        sentinel.pass_by()
        if not self.moves:
            assert world.mark(ns, "w", self.kind) == before, f"{self.kind} {ns}/w restarted"


class Setting:
    """A Pawl with these flags. sentinel: how the Deployment is made that must move, so that it is known when the others
    would have; sentinel_ns: where it lives when most namespaces are out of scope."""

    def __init__(self, flags, *cases, environment=None, sentinel=None, namespaces=(), sentinel_ns=None):
        self.flags, self.cases, self.environment = flags, cases, environment
        self.sentinel, self.namespaces, self.sentinel_ns = sentinel or {}, namespaces, sentinel_ns

    def run(self, world, checks):
        if not any(checks.wants(c.name) for c in self.cases):
            return
        for ns in self.namespaces:
            world.namespace(ns, {"env": "test"})
        world.start("reloader", *self.flags, environment=self.environment)
        checks.run_all([(c.name, c.run, world, {**self.sentinel, **({"source": f"cm:sentinel-{i}"} if self.sentinel_ns else {})},
                         self.sentinel_ns) for i, c in enumerate(self.cases)])


SETTINGS = (
    Setting([ANNOTATIONS, "--auto-reload-all=true"],
            Expect("F1 auto-reload-all", "cm:a", True, wl={}),
            Expect("F2 auto-reload-all, auto false", "cm:a", False, wl={"reloader.stakater.com/auto": "false"})),
    Setting([ANNOTATIONS, "--resources-to-ignore=secrets"],
            Expect("F3 Secrets ignored, a Secret", "secret:a", False), Expect("F4 Secrets ignored, a ConfigMap", "cm:a", True)),
    Setting([ANNOTATIONS, "--resources-to-ignore=configMaps"],
            Expect("F5 ConfigMaps ignored, a ConfigMap", "cm:a", False),
            Expect("F6 ConfigMaps ignored, a Secret", "secret:a", True), sentinel={"source": "secret:sentinel"}),
    Setting([ANNOTATIONS, "--ignored-workload-types=cronjobs,jobs"],
            Expect("F7 CronJobs ignored, a CronJob", "cm:a", False, kind="CronJob"),
            Expect("F9 Jobs ignored, a Job", "cm:a", False, kind="Job"),
            Expect("F8 CronJobs ignored, a Deployment", "cm:a", True)),
    Setting([ANNOTATIONS, "--namespaces-to-ignore=ignored-1,ignored-2"],
            Expect("F10 in an ignored namespace", "cm:a", False, ns="ignored-2"),
            Expect("F11 in another namespace", "cm:a", True, ns="not-ignored"), namespaces=("sentinels",), sentinel_ns="sentinels"),
    Setting([ANNOTATIONS, "--namespace-selector=\"env=test\""],
            Expect("F12 in a selected namespace", "cm:a", True, ns_labels={"env": "test"}),
            Expect("F13 in a namespace not selected", "cm:a", False, ns="not-selected"), namespaces=("selected",),
            sentinel_ns="selected"),
    Setting([ANNOTATIONS, "--reload-on-create=true"],
            Expect("F14 a ConfigMap is created", "cm:a", True, event="create"),
            Expect("F15 a Secret is created", "secret:a", True, event="create"),
            Expect("F19 delete is off, a ConfigMap is deleted", "cm:a", False, event="delete")),
    Setting([ANNOTATIONS, "--reload-on-delete=true"],
            Expect("F16 create is off, a ConfigMap is created", "cm:a", False, event="create"),
            Expect("F17 a ConfigMap is deleted", "cm:a", True, event="delete"),
            Expect("F18 a Secret is deleted", "secret:a", True, event="delete")),
    Setting([ANNOTATIONS, "--resource-label-selector=reload=true"],
            Expect("F20 a labelled ConfigMap", "cm:a", True, labels={"reload": "true"}),
            Expect("F21 one without the label", "cm:a", False), sentinel={"labels": {"reload": "true"}}),
    Setting([ANNOTATIONS], Expect("F22 in its own namespace", "cm:a", True, ns="own"),
            Expect("F23 in another namespace", "cm:a", False, ns="other"), environment={"KUBERNETES_NAMESPACE": "own"},
            namespaces=("own",), sentinel_ns="own"),
    Setting([ANNOTATIONS, "--namespaces=own-2,listed"], Expect("F24 in a listed namespace", "cm:a", True, ns="listed"),
            Expect("F25 in the namespace of the release", "cm:a", True, ns="own-2"),
            Expect("F26 in one that is not listed", "cm:a", False, ns="unlisted"), namespaces=("own-2", "listed"),
            sentinel_ns="own-2"),
    Setting([ANNOTATIONS, "--auto-annotation", "example.com/auto", "--is-Argo-Rollouts=True"],
            Expect("F28 an annotation of another name", "cm:a", True, wl={"example.com/auto": "true"}),
            Expect("F29 the usual name has no meaning then", "cm:a", False),
            Expect("F30 Rollouts are off unless exactly true", "cm:a", False, kind="Rollout", wl={"example.com/auto": "true"}),
            sentinel={"annotations": {"example.com/auto": "true"}}),
)


# ---- what is sent to others ----

class Sink:
    """An HTTP server that keeps what is posted."""

    def __init__(self, status=200):
        self.posts = posts = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                posts.append((self.headers["Content-Type"], body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


def webhook(world):
    """With a web hook nothing is restarted, and each change is posted."""
    sink = Sink()
    ns = world.new_namespace("webhook")
    world.start("reloader", f"--webhook-url={sink.url}")
    world.source(ns, "cm:a")
    world.deploy(ns, "w", used("cm:a"), AUTO)
    before = world.get(ns, "w")
    world.change(ns, "cm:a", "new")
    wait_for(lambda: sink.posts, SOON, "a post")
    assert json.loads(sink.posts[0][1]) == {"webhook": "update successful"}
    assert world.get(ns, "w")["metadata"]["generation"] == before["metadata"]["generation"]


def restarted(world, ns):
    world.source(ns, "cm:a")
    world.deploy(ns, "w", used("cm:a"), AUTO)
    world.wait_applied(ns, "w")
    before = world.mark(ns, "w", "Deployment")
    world.change(ns, "cm:a", "new")
    world.wait_moved(ns, "w", before)


def alert(world):
    """A message to each kind of chat, after the restart."""
    text = "Reloader detected changes in *a* of type *CONFIGMAP* in namespace *{0}*. Hence reloaded *w* of type *Deployment* in namespace *{0}*"
    for sink_name, read in (("slack", lambda body: json.loads(body)["attachments"][0]["text"]),
                            ("teams", lambda body: json.loads(body)["text"]), ("gchat", lambda body: json.loads(body)["text"]),
                            ("raw", lambda body: body)):
        sink = Sink()
        ns = world.new_namespace("alert")
        world.start("reloader", environment={"ALERT_ON_RELOAD": "true", "ALERT_SINK": sink_name, "ALERT_WEBHOOK_URL": sink.url,
                                             "ALERT_ADDITIONAL_INFO": "test cluster "})
        restarted(world, ns)
        wait_for(lambda sink=sink: sink.posts, SOON, f"an alert to {sink_name}")
        wanted = "test cluster : " + text.format(ns)
        got = read(sink.posts[0][1])
        assert got == (wanted.replace("*", "") if sink_name == "raw" else wanted), got


def observability(world):
    """Events, metrics, log lines, probes and the ConfigMap of meta information, under Reloader's names."""
    ns = world.new_namespace("observe")
    pawl = world.start("reloader", "--log-format=json", environment={
        "RELOADER_NAMESPACE": ns, "RELOADER_DEPLOYMENT_NAME": "reloader", "METRICS_COUNT_BY_NAMESPACE": "enabled"})
    restarted(world, ns)
    event = wait_for(lambda: world.kube.events(ns, "w", "Reloaded"), SOON, "the event")[0]
    assert event["message"] == (f"Changes detected in 'a' of type 'CONFIGMAP' in namespace '{ns}', "
                                f"Updated 'w' of type 'Deployment' in namespace '{ns}'"), event["message"]
    assert event["source"]["component"] == "reloader-configmaps", event["source"]
    assert pawl.metric_sum("reloader_reload_executed_total", success="true") == 1
    assert pawl.metric_sum("reloader_reload_executed_total", success="false") == 0
    assert pawl.metric_sum("reloader_reload_executed_total_by_namespace", success="true", namespace=ns) == 1
    assert pawl.metric_sum("reloader_action_total", workload_kind="Deployment", result="success") == 1
    assert pawl.get("/live") == (200, "alive")
    messages = [json.loads(line)["msg"] for line in pawl.log().splitlines()]
    for line in ("Starting Reloader", "created controller for: configmaps",
                 "Starting Controller to watch resource type: secrets in namespace: ",
                 f"Changes detected in 'a' of type 'CONFIGMAP' in namespace '{ns}'; updated 'w' of type 'Deployment' in namespace '{ns}'"):
        assert line in messages, line
    meta = world.kube.get("configmaps", ns, "reloader-meta-info")["data"]
    assert json.loads(meta["reloaderOptions"])["reloadStrategy"] == "env-vars", meta
    assert json.loads(meta["deploymentInfo"])["name"] == "reloader", meta


def bad_flags(world):
    """What Reloader refuses ends with 1 and a message."""
    for flags, text in ((["--nonsense"], "unknown flag: --nonsense"), (["--reload-strategy=default"], "reload-strategy"),
                        (["--resources-to-ignore=secrets,configmaps"], "resources-to-ignore"), (["--enable-ha"], "POD_NAME")):
        pawl = world.run_once("reloader", *flags)
        assert pawl.process.returncode == 1 and text in pawl.log(), (flags, pawl.process.returncode, pawl.log())


def high_availability(world):
    """Two replicas, one Lease of Reloader's name: the second takes over at once when the first is told to stop, and what
    changed in between is applied once."""
    ns = world.new_namespace("ha")
    environment = {"POD_NAMESPACE": ns}
    first = world.start("reloader", "--enable-ha", environment={**environment, "POD_NAME": "first"})
    lease = wait_for(lambda: world.kube.get("leases", ns, "stakater-reloader-lock"), SOON, "the lease")
    assert lease["spec"]["holderIdentity"] == "first", lease["spec"]
    world.source(ns, "cm:a")
    world.deploy(ns, "w", used("cm:a"), AUTO)
    world.wait_applied(ns, "w")
    second = world.another("reloader", "--enable-ha", environment={**environment, "POD_NAME": "second"})
    assert second.get("/live") == (200, "alive")
    generation = world.generation(ns, "w")
    before = world.mark(ns, "w", "Deployment")
    assert first.stop() == 0
    world.change(ns, "cm:a", "new")
    world.wait_moved(ns, "w", before)
    assert world.kube.get("leases", ns, "stakater-reloader-lock")["spec"]["holderIdentity"] == "second"
    assert "became leader, starting controllers" in second.log() and "new leader is first" in second.log(), second.log()
    assert second.stop() == 0
    assert world.generation(ns, "w") == generation + 1


def pause(world):
    """A28: a pause begins with the change and ends by itself, also when Pawl is killed meanwhile."""
    ns = world.new_namespace("pause")
    world.start("reloader")
    world.source(ns, "cm:a")
    world.deploy(ns, "w", used("cm:a"), {**AUTO, "deployment.reloader.stakater.com/pause-period": "3s"})
    world.deploy(ns, "bad", used("cm:a"), {**AUTO, "deployment.reloader.stakater.com/pause-period": "soon"})
    world.deploy(ns, "by-user", used("cm:a"), {**AUTO, "deployment.reloader.stakater.com/pause-period": "1s"}, paused=True)
    for name in ("w", "bad", "by-user"):
        world.wait_applied(ns, name)
    marks = {name: world.mark(ns, name, "Deployment") for name in ("w", "bad", "by-user")}
    world.change(ns, "cm:a", "new")
    for name, mark in marks.items():
        world.wait_moved(ns, name, mark)
    thing = world.get(ns, "w")
    assert thing["spec"].get("paused"), "w is not paused"
    assert "deployment.reloader.stakater.com/paused-at" in thing["metadata"]["annotations"]
    world.pawl.kill()
    world.start("reloader")
    wait_for(lambda: not world.get(ns, "w")["spec"].get("paused"), SOON, "the end of the pause")
    assert "deployment.reloader.stakater.com/paused-at" not in world.get(ns, "w")["metadata"]["annotations"]
    assert world.get(ns, "by-user")["spec"].get("paused"), "a pause by a user must stay"


def pprof(world):
    """The second address of --enable-pprof serves the metrics."""
    port = world.free_port()
    world.start("reloader", "--enable-pprof", f"--pprof-addr=127.0.0.1:{port}")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        assert b"reloader_reload_executed_total" in answer.read()


def hashes(world):
    """The variable holds the hash that Reloader would write."""
    ns = world.new_namespace("hash")
    world.start("reloader")
    world.source(ns, "secret:my-db.v2")
    world.deploy(ns, "w", used("secret:my-db.v2"), AUTO)
    world.wait_applied(ns, "w")
    encoded = {k: base64.b64encode(v).decode() for k, v in {"user": b"admin", "password": b"s3cret"}.items()}
    world.kube.patch("secrets", ns, "my-db.v2", [{"op": "replace", "path": "/data", "value": encoded}], "json")
    wait_for(lambda: objects.variables(world.get(ns, "w")), SOON, "the variable")
    found = objects.variables(world.get(ns, "w"))
    assert found == {"STAKATER_MY_DB_V2_SECRET": "56544a1c8ef84c0b141b00e0b6b0f54d4aa9218e"}, found


def verbs(world):
    """Each verb that the role needs is named in the log when it is missing, what needs it waits, and given it, all goes on
    without a restart of Pawl."""
    kube, rbac = world.kube, "rbac.authorization.k8s.io"
    rules = [([""], ["secrets"], ["get", "list", "watch", "create"]), ([""], ["configmaps"], ["get", "list", "watch", "create"]),
             (["apps"], ["deployments"], ["list", "watch", "patch"]),
             (["apps"], ["daemonsets", "statefulsets"], ["get", "list", "watch", "patch"]),
             (["batch"], ["cronjobs"], ["get", "list", "watch", "patch"]), (["batch"], ["jobs"], ["get", "list", "watch", "create", "delete", "patch"]),
             ([""], ["events"], ["create", "patch"])]

    def role(*missing):
        """missing: pairs (resource, verb)."""
        return {"metadata": {"name": "verbs"}, "rules": [
            {"apiGroups": g, "resources": r, "verbs": [v for v in verbs if not any((one, v) in missing for one in r)]} for g, r, verbs in rules]}

    world.namespace("verbs")
    kube.create("serviceaccounts", "verbs", {"metadata": {"name": "verbs"}})
    kube.create("clusterroles", None, role())
    kube.create("clusterrolebindings", None, {
        "metadata": {"name": "verbs"}, "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "verbs"},
        "subjects": [{"kind": "ServiceAccount", "name": "verbs", "namespace": "verbs"}]})
    # The ledger's key in its own namespace stays readable.
    kube.create("roles", "verbs", {"metadata": {"name": "key"}, "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "create"]}]})
    kube.create("rolebindings", "verbs", {
        "metadata": {"name": "key"}, "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "key"},
        "subjects": [{"kind": "ServiceAccount", "name": "verbs", "namespace": "verbs"}]})
    kubeconfig = world.token_kubeconfig("verbs", "verbs")

    def named(pawl, resource, verb):
        text = f'cannot {verb} resource \\"{resource}\\"'
        wait_for(lambda: text in pawl.log(), SOON, f"{verb} {resource} in the log")

    for resource, verb, source in (("deployments", "list", "cm:a"), ("deployments", "patch", "cm:a"), ("secrets", "get", "secret:a"),
                                   ("configmaps", "get", "cm:a"), ("events", "create", "cm:a"), ("secrets", "list", "secret:a")):
        ns = world.new_namespace("verbs")
        missing = [(resource, verb)] + ([(resource, "watch")] if verb == "list" else [])
        kube.replace("clusterroles", None, "verbs", role(*missing))
        pawl = Pawl(kubeconfig, "--log-format=json", command=("reloader",), environment={"POD_NAMESPACE": "verbs"}).start()
        world.source(ns, source)
        world.deploy(ns, "w", used(source), AUTO)
        if (resource, verb) == ("deployments", "list"):
            wait_for(lambda p=pawl: p.get("/readyz")[0] == 200 or p.get("/metrics")[0] == 200, SOON, "the start")
            world.change(ns, source, "first")  # without watch, only a change has them listed
        if verb in ("list", "get"):
            named(pawl, resource, verb)  # the first look already needs it
            kube.replace("clusterroles", None, "verbs", role())
        if (resource, verb) == ("deployments", "list"):
            pass  # the record comes with the next change
        elif verb == "patch":
            named(pawl, resource, verb)  # the record is given up, the restart is not
        else:
            wait_for(lambda ns=ns: world.applied(ns, "w"), 150, f"the record, after {verb} {resource}")
        mark = world.mark(ns, "w", "Deployment")
        world.change(ns, source, "new")
        if verb == "patch":
            event = wait_for(lambda ns=ns: world.kube.events(ns, "w", "ReloadFail"), SOON, "an Event about the failure")[0]
            assert f'cannot {verb} resource "{resource}"' in event["message"], event["message"]
            kube.replace("clusterroles", None, "verbs", role())
        world.wait_moved(ns, "w", mark)
        named(pawl, resource, verb)
        kube.replace("clusterroles", None, "verbs", role())
        assert pawl.stop() == 0


CASES = [("missing verbs", verbs), ("webhook mode", webhook), ("alerts", alert), ("observability", observability), ("bad flags", bad_flags),
         ("HA", high_availability), ("A28 pause period", pause), ("pprof", pprof), ("hashes", hashes)]
