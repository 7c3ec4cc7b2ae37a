"""What goes on in spite of: kill -9 at any moment, an API server that is away, two replicas, missing permissions, a
kubeconfig that is none, Secrets that another program has made. Each case starts Pawls of its own, one after another."""
import os
import random
import re
import time

from world import (CREATED_BY, DATA_HASH, FINALIZER, MANAGED, b64, data_hash, field_manager, secret_ref, sha3, synced_version,
                   wait_for)

SEED = int(os.environ.get("SEED") or 20261124)
KILLS = 12


def fill(w, name, n, interval="1h"):
    """A case with n ExternalSecrets es-0 ..., of one value each, and a function that gives all of them a new one."""
    c = w.case(name)
    for i in range(n):
        c.put(str(i), "start")
    c.store(wait=False)
    for i in range(n):
        c.es(f"es-{i}", {"x": str(i)}, interval=interval)

    def rotate(value, sync=True):
        for i in range(n):
            c.put(str(i), f"{value}-{i}")
        for i in range(n if sync else 0):
            c.annotate(f"es-{i}")

    def all_have(value, seconds=60):
        for i in range(n):
            c.data_becomes({"x": f"{value}-{i}"}, f"es-{i}", seconds)
    return c, rotate, all_have


def says(program, text):
    """Is it in a text of the log, whose lines are JSON?"""
    return text.replace('"', '\\"') in program.log()


# ---- crashes ----

def killed(w):
    """kill -9 somewhere in a rotation, again and again: the next process ends what was begun, and nothing is half done."""
    dice = random.Random(SEED)
    c, rotate, all_have = fill(w, "killed", 8)
    program = w.pawl().start()
    for i in range(KILLS):
        rotate(i)
        wait = dice.uniform(0, 0.35)
        time.sleep(wait)
        program.kill()
        program = w.pawl().start()
        try:
            all_have(i)
        except AssertionError as error:
            raise AssertionError(f"kill {i} after {wait:.3f} s, SEED={SEED}") from error
    for i in range(8):
        c.synced(f"es-{i}")
        es, meta = c.get(f"es-{i}"), c.secret(f"es-{i}")["metadata"]
        assert es["metadata"]["finalizers"] == [FINALIZER], es["metadata"]
        assert meta["annotations"][DATA_HASH] == data_hash({"x": f"{KILLS - 1}-{i}".encode()}), meta
        wait_for(lambda n=f"es-{i}": c.get(n)["status"]["syncedResourceVersion"] == synced_version(c.get(n)), 30, "the status")
    assert program.stop() == 0


def killed_while_deleting(w):
    """ExternalSecrets deleted while nobody runs, or killed in the middle of it: all of them go."""
    c, _, all_have = fill(w, "killed-deleting", 6)
    program = w.pawl().start()
    for i in range(6):
        c.synced(f"es-{i}")
    for i in range(6):
        w.kube.delete("externalsecrets", c.ns, f"es-{i}")
        if i == 2:
            program.kill()
    program = w.pawl().start()
    for i in range(6):
        c.gone(f"es-{i}", "externalsecrets")
        c.gone(f"es-{i}")
    program.stop()


# ---- the API server ----

def api_server_away(w):
    """Stopped for 30 s in the middle of a rotation. Values that change meanwhile arrive afterwards, by the same process."""
    c, rotate, all_have = fill(w, "away", 10, interval="3s")
    program = w.pawl().start().wait_ready()
    for i in range(10):
        c.synced(f"es-{i}")
    rotate("during")
    before_requests, before_log = c.requests(), len(program.log().splitlines())
    w.cluster.restart("apiserver", 30)
    rotate("after", sync=False)
    wait_for(lambda: w.api_answers(), 60, "the API server")
    spent, lines = c.requests() - before_requests, len(program.log().splitlines()) - before_log
    all_have("after")
    for i in range(10):
        c.synced(f"es-{i}")
    assert program.alive(), program.log()[-2000:]
    # A look every 3 s at 10 values is 100 reads in this time; what cannot be written must not cost more.
    assert spent <= 200, f"{spent} vault requests while the API server was away"
    assert lines <= 1500, f"{lines} log lines while the API server was away"
    program.wait_ready(30)
    assert program.stop() == 0


# ---- two replicas ----

def replicas(w):
    c, rotate, all_have = fill(w, "replicas", 4)
    flags = ("--leader-elect", f"--leader-elect-lease-namespace={c.ns}", "--leader-elect-lease-duration=6s",
             "--leader-elect-renew-deadline=4s", "--leader-elect-retry-period=1s")

    def holder():
        lease = w.kube.get("leases", c.ns, "pawl")
        return lease and lease["spec"].get("holderIdentity")

    first = w.pawl(*flags).start()
    wait_for(holder, 30, "a leader")
    name = holder()
    second = w.pawl(*flags).start()
    rotate("one")
    all_have("one")
    assert not re.search("secret created|reconciled secret", second.log()), "the second one has worked too"
    assert second.alive() and holder() == name
    first.kill()
    begin = time.monotonic()
    rotate("two")
    all_have("two")
    assert time.monotonic() - begin < 30, "the lease was taken late"
    wait_for(lambda: holder() != name, 10, "another leader")
    third = w.pawl(*flags).start()
    time.sleep(2)
    begin = time.monotonic()
    assert second.stop() == 0
    rotate("three")
    all_have("three")
    assert third.stop() == 0


# ---- permissions ----

RULES = [
    {"apiGroups": ["external-secrets.io"], "resources": ["externalsecrets", "secretstores", "clustersecretstores"],
     "verbs": ["get", "list", "watch", "patch", "update"]},
    {"apiGroups": ["external-secrets.io"], "resources": ["externalsecrets/status", "secretstores/status", "clustersecretstores/status"],
     "verbs": ["get", "patch", "update"]},
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "watch", "create", "update", "patch", "delete"]},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
    {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch"]},
]


def rules_without(resource, *verbs):
    return [{**rule, "verbs": [v for v in rule["verbs"] if resource not in rule["resources"] or v not in verbs]} for rule in RULES]


def permissions(w):
    """A verb that the role lacks is named, in the log and in an Event or the readiness; given, all goes on."""
    c = w.case("permissions")
    c.put("x", "y")
    w.kube.create("serviceaccounts", c.ns, {"metadata": {"name": "pawl"}})
    w.kube.create("clusterroles", None, {"metadata": {"name": "pawl"}, "rules": rules_without("secrets", "list", "watch")})
    w.kube.create("clusterrolebindings", None, {
        "metadata": {"name": "pawl"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "pawl"},
        "subjects": [{"kind": "ServiceAccount", "namespace": c.ns, "name": "pawl"}]})

    def role(rules):
        w.kube.replace("clusterroles", None, "pawl", {"metadata": {"name": "pawl"}, "rules": rules})

    token = w.kubectl("create", "token", "pawl", "-n", c.ns).strip()
    kubeconfig = w.kubeconfig_of(token)
    try:
        program = w.pawl(kubeconfig=kubeconfig).start()
        wait_for(lambda: 'cannot list resource "secrets"' in program.get("/readyz")[1], 30, "readiness that names the verb")
        assert says(program, 'cannot list resource "secrets"'), program.log()[-2000:]
        role(rules_without("secrets", "create"))
        program.wait_ready(90)
        c.store()
        c.es(data={"x": "x"})
        c.fails(message="could not update secret")
        c.event("UpdateFailed", 'cannot create resource "secrets"')
        role(rules_without("externalsecrets/status", "patch"))
        c.data_becomes({"x": "y"}, seconds=90)
        wait_for(lambda: says(program, 'cannot patch resource "externalsecrets/status"'), 60, "the verb in the log")
        role(RULES)
        c.synced(seconds=120)
        assert program.stop() == 0
    finally:
        os.unlink(kubeconfig)


# Each verb that the sync role needs, beside those above: an ExternalSecret that cannot do without it.
ALL_RULES = RULES + [
    {"apiGroups": [""], "resources": ["configmaps", "serviceaccounts"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]},
    {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get", "list", "watch"]},
]


def needs_credentials(c):
    c.es(data={"x": "x"})


def needs_update(c):
    c.es(data={"x": "x"})
    c.kube.secret(c.ns, "es", {"x": "somebody else's"})


def needs_metadata(c):
    c.kube.request("POST", c.kube.path("secrets", c.ns), {"metadata": {"name": "es"}, "immutable": True, "data": {"x": b64("y")}})
    c.es(data={"x": "x"})


def needs_delete(c):
    c.put("gone", "1")
    c.es("going", {"x": "gone"}, target={"name": "es", "deletionPolicy": "Delete"}, interval="1s")
    c.synced("going")
    c.remove("gone")


def needs_workload_identity(c):
    pass


def needs_config_map(c):
    c.kube.config_map(c.ns, "texts", {"x": "{{ .x }}"})
    c.es(data={"x": "x"}, target={"template": {"templateFrom": [{"configMap": {"name": "texts", "items": [{"key": "x"}]}}]}})


def needs_namespace(c):
    c.cluster_store(c.ns, conditions=[{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": c.ns}}}])
    c.es(data={"x": "x"}, store=c.ns, kind="ClusterSecretStore")


VERBS = [
    ("externalsecrets", "patch", needs_credentials), ("externalsecrets/status", "patch", needs_credentials),
    ("secretstores/status", "patch", needs_credentials), ("secrets", "get", needs_credentials), ("secrets", "create", needs_credentials),
    ("secrets", "update", needs_update), ("secrets", "patch", needs_metadata), ("secrets", "delete", needs_delete),
    ("serviceaccounts", "get", needs_workload_identity), ("serviceaccounts/token", "create", needs_workload_identity),
    ("configmaps", "get", needs_config_map), ("namespaces", "get", needs_namespace), ("events", "create", needs_credentials),
]
LISTED = ("externalsecrets", "secretstores", "clustersecretstores", "secrets")


def verbs(w):
    """Each verb that is missing is named, in the log and, where there is an ExternalSecret that waits for it, in an Event.
    With it, all is well without a restart."""
    home = w.case("verbs")
    kube = w.kube
    kube.create("serviceaccounts", home.ns, {"metadata": {"name": "verbs"}})
    kube.create("clusterroles", None, {"metadata": {"name": "verbs"}, "rules": ALL_RULES})
    kube.create("clusterrolebindings", None, {
        "metadata": {"name": "verbs"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "verbs"},
        "subjects": [{"kind": "ServiceAccount", "namespace": home.ns, "name": "verbs"}]})
    kubeconfig = w.kubeconfig_of(w.kubectl("create", "token", "verbs", "-n", home.ns).strip())

    def without(resource, *missing):
        rules = [{**rule, "verbs": [v for v in rule["verbs"] if resource not in rule["resources"] or v not in missing]} for rule in ALL_RULES]
        kube.replace("clusterroles", None, "verbs", {"metadata": {"name": "verbs"}, "rules": [r for r in rules if r["verbs"]]})

    def can(verb, resource):
        """The API server has taken note of the role."""
        plural, _, subresource = resource.partition("/")
        group = "external-secrets.io" if plural.endswith(("externalsecrets", "stores")) else ""
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": {
            "user": f"system:serviceaccount:{home.ns}:verbs",
            "resourceAttributes": {"namespace": "default", "verb": verb, "group": group, "resource": plural, "subresource": subresource}}}
        return kube.request("POST", "apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"].get("allowed", False)

    def named(program, verb, resource):
        return says(program, f'cannot {verb} resource "{resource}"')

    try:
        for resource in LISTED:
            without(resource, "list", "watch")
            wait_for(lambda r=resource: not can("list", r), 30, "the role")
            program = w.pawl(kubeconfig=kubeconfig).start()
            wait_for(lambda p=program, r=resource: (f'cannot list resource "{r}"' in p.get("/readyz")[1], p.get("/readyz")), 30, resource)
            assert named(program, "list", resource), program.log()[-2000:]
            assert program.stop() == 0
        without("nothing")
        wait_for(lambda: can("list", "secrets"), 30, "the role")
        program = w.pawl(kubeconfig=kubeconfig).start().wait_ready(60)
        for resource, verb, needs in VERBS:
            name = f"verb-{resource.replace('/', '-')}-{verb}"
            without(resource, verb)
            wait_for(lambda r=resource, v=verb: not can(v, r), 30, "the role")
            c = w.case(name)
            c.put("x", "y")
            account = needs is needs_workload_identity
            c.store(wait=False, **(c.workload_identity() if account else {}))
            needs(c)
            if account:
                c.es(data={"x": "x"})
            wait_for(lambda v=verb, r=resource: named(program, v, r), 60, f"{verb} {resource} in the log")
            without("nothing")
            if needs is needs_delete:
                c.gone(seconds=120)
            elif account:
                c.store_becomes("False", "InvalidProviderConfig", message="unable to create client")  # Azure does not know it
            else:
                c.data_becomes({"x": "y"}, seconds=120)
                c.synced(seconds=120)
            if resource in ("secrets", "configmaps", "namespaces"):
                assert any(f'cannot {verb} resource "{resource}"' in e["message"] for e in kube.events(c.ns)), kube.events(c.ns)
        assert program.stop() == 0
    finally:
        os.unlink(kubeconfig)


# ---- custom resource definitions ----

def quiet(program, seconds=6):
    """It neither spins nor fills the log."""
    cpu, lines = program.cpu_seconds(), len(program.log().splitlines())
    time.sleep(seconds)
    assert program.alive(), program.log()[-2000:]
    cpu, lines = program.cpu_seconds() - cpu, len(program.log().splitlines()) - lines
    assert cpu < seconds / 10 and lines < 20 * seconds, f"{cpu:.2f} s of CPU and {lines} lines in {seconds} s"


def restarts(w, ns, value):
    """The reload role moves a workload."""
    w.kube.config_map(ns, "settings", {"k": value})

    def moved():
        deployment = w.kube.get("deployments", ns, "web")
        env = deployment["spec"]["template"]["spec"]["containers"][0].get("env", [])
        return [e["value"] for e in env if e["name"].startswith("STAKATER_SETTINGS")]
    before = moved()
    w.kube.config_map(ns, "settings", {"k": value + "!"})
    wait_for(lambda: (moved() not in ([], before), moved()), 60, "the restart of the workload")


def definitions(w):
    """The CRDs go while Pawl runs, are not there when it starts, and come: it says so, stays up, goes on with the other
    role, and syncs as soon as they are there."""
    c = w.case("definitions")
    c.put("x", "y")
    kube, ns = w.kube, c.ns
    kube.config_map(ns, "settings", {"k": "0"})
    kube.create("deployments", ns, {"metadata": {"name": "web", "annotations": {"reloader.stakater.com/auto": "true"}}, "spec": {
        "selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [
            {"name": "web", "image": "none", "envFrom": [{"configMapRef": {"name": "settings"}}]}]}}}})
    program = w.pawl("--roles=sync,reload").start().wait_ready(60)
    wait_for(lambda: "pawl.dev/applied" in kube.get("deployments", ns, "web")["metadata"]["annotations"], 60, "the record")
    c.store()
    c.es(data={"x": "x"})
    c.synced()

    def says_so():
        ready = program.get("/readyz")
        good = ready[0] == 500 and "externalsecrets.external-secrets.io is not installed" in ready[1]
        return good and says(program, "a custom resource definition is missing"), ready

    w.remove_definitions()
    wait_for(lambda: says(program, "a custom resource definition is missing"), 60, "the word in the log")
    quiet(program)
    restarts(w, ns, "1")
    assert program.stop() == 0
    program = w.pawl("--roles=sync,reload").start()
    wait_for(says_so, 60, "the word in the log and of the readiness")
    quiet(program)
    restarts(w, ns, "2")
    w.apply_definitions()
    c.store(wait=False)
    c.es(data={"x": "x"})
    c.data_becomes({"x": "y"})
    c.synced()
    program.wait_ready(30)
    assert program.stop() == 0


# ---- kubeconfig ----

def kubeconfigs(w):
    """What is no kubeconfig ends the process with status 1 and a line that names file and reason."""
    good = open(w.cluster.kubeconfig, encoding="utf-8").read()
    folder = w.emulator.folder
    for name, text, parts in (
            ("missing", None, ("no such file|not found|does not exist",)),
            ("empty", "", ("current-context|no context|no cluster|empty",)),
            ("yaml", "clusters: [", ("line|YAML|yaml",)),
            ("a-list", "- 1\n", ("mapping|object",)),
            ("context", re.sub(r"current-context: .*", "current-context: nobody", good), ("nobody",)),
            ("authority", re.sub(r"certificate-authority-data: [^,}\s]+", "certificate-authority-data: bm90IGEgY2VydA==", good), ("certificate",)),
            ("server", re.sub(r"server: [^,}\s]+", "server: 'ftp://127.0.0.1'", good), ("ftp|scheme|https",))):
        path = folder / f"{name}.kubeconfig"
        if text is not None:
            path.write_text(text)
        program = w.pawl(f"--kubeconfig={path}").start()
        wait_for(lambda p=program: not p.alive(), 20, f"the end of pawl with kubeconfig \"{name}\"")
        log = program.log()
        assert program.process.returncode == 1, (name, program.process.returncode, log)
        assert str(path) in log and any(re.search(p, log) for p in parts), (name, log)


# ---- trust ----

def authority_not_trusted(w):
    c = w.case("untrusting")
    c.put("x", "y")
    program = w.pawl(trust=False).start()
    c.store()
    c.es(data={"x": "x"})
    c.fails()
    message = c.event("UpdateFailed", "certificate")["message"]
    assert "login.microsoftonline.com" in message and "--extra-ca-file" in message, message
    assert program.stop() == 0
    program = w.pawl().start()
    c.synced()
    program.stop()


# ---- what another program has made ----

def taken_over(w):
    """Objects as External Secrets Operator leaves them: nothing is written, no vault is asked, and from then on they are ours."""
    c = w.case("taken-over")
    c.put("one", "1")
    c.put("two", "2")
    api = "external-secrets.io/v1"
    w.kube.create("secretstores", c.ns, {"apiVersion": api, "kind": "SecretStore", "metadata": {"name": "store"},
                                         "spec": {"provider": {"azurekv": c.azurekv(authSecretRef=secret_ref("azure"))}}})
    remote = {"conversionStrategy": "Default", "decodingStrategy": "None", "metadataPolicy": "None", "nullBytePolicy": "Ignore"}
    es = w.kube.create("externalsecrets", c.ns, {
        "apiVersion": api, "kind": "ExternalSecret",
        "metadata": {"name": "es", "finalizers": [FINALIZER], "labels": {"app": "a"}, "annotations": {"note": "n"}},
        "spec": {"refreshInterval": "1h0m0s", "secretStoreRef": {"name": "store", "kind": "SecretStore"},
                 "target": {"name": "target", "creationPolicy": "Owner", "deletionPolicy": "Retain"},
                 "data": [{"secretKey": k, "remoteRef": {"key": c.key(k), **remote}} for k in ("one", "two")]}})
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    w.kube.patch("externalsecrets", c.ns, "es", {"status": {
        "binding": {"name": "target"}, "refreshTime": now, "syncedResourceVersion": synced_version(es),
        "conditions": [{"type": "Ready", "status": "True", "reason": "SecretSynced", "message": "secret synced", "lastTransitionTime": now}]}},
        subresource="status")
    data = {"one": b"1", "two": b"2"}
    owner = {"apiVersion": api, "kind": "ExternalSecret", "name": "es", "uid": es["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}
    w.kube.request("POST", w.kube.path("secrets", c.ns) + f"?fieldManager={field_manager('es')}", {
        "type": "Opaque", "data": {k: b64(v) for k, v in data.items()}, "metadata": {
            "name": "target", "ownerReferences": [owner], "annotations": {"note": "n", DATA_HASH: data_hash(data)},
            "labels": {"app": "a", MANAGED: "true", CREATED_BY: sha3(f"{c.ns}/es")}}})
    before = (c.get(), c.secret("target"))
    program = w.pawl().start().wait_ready()
    c.store_becomes("True", "Valid")
    time.sleep(3)
    assert (c.get(), c.secret("target")) == before, "written although all was as it should be"
    assert c.requests() == 0, "a vault was asked"
    c.edit("es", {"data": [{"secretKey": "one", "remoteRef": {"key": c.key("one")}}]})
    c.data_becomes({"one": "1"}, "target")
    program.stop()


def stopped_for_a_while(w):
    """What has changed while no Pawl ran is found at the start, if its time has come; the rest costs nothing."""
    c = w.case("restarted")
    c.put("soon", "1")
    c.put("later", "1")
    program = w.pawl().start()
    c.store()
    c.es("soon", {"x": "soon"}, interval="2s")
    c.es("later", {"x": "later"})
    c.synced("soon")
    c.synced("later")
    assert program.stop() == 0
    c.put("soon", "2")
    c.put("later", "2")
    later = c.get("later")
    time.sleep(2)
    program = w.pawl().start()
    c.data_becomes({"x": "2"}, "soon", seconds=20)
    assert c.get("later") == later and c.data("later") == {"x": "1"}
    program.stop()


CASES = [("interrupted-" + f.__name__.replace("_", "-"), f) for f in (
    kubeconfigs, taken_over, stopped_for_a_while, authority_not_trusted, permissions, verbs, replicas, killed, killed_while_deleting,
    api_server_away, definitions)]

