"""pawl plan: what it foretells, and whether that comes true."""
from world import AUTO, SOON, lines
from pawltest import wait_for
from pawltest.programs import free_port

LIST = "secret.reloader.stakater.com/reload"
MISSING = "the source does not exist, and without --reload-on-create its creation restarts nothing"
LISTS = [{"apiGroups": ["", "apps", "batch"], "resources": ["*"], "verbs": ["list"]}]


def people_of(world):
    """A namespace with one workload for each answer that there is about secret/db."""
    ns = world.namespace("plan")
    world.kube.secret(ns, "db", {"k": "old"})
    world.kube.secret(ns, "quiet", {"k": "old"}, {"reloader.stakater.com/ignore": "true"})
    world.kube.config_map(ns, "settings", {"k": "old"})
    uses = ["secret/db", "configmap/settings", "secret/quiet"]
    world.deploy(ns, "deployment/auto", uses, AUTO)
    world.deploy(ns, "deployment/plain", uses)
    world.deploy(ns, "deployment/template", uses, pod_annotations=AUTO)
    world.deploy(ns, "deployment/excluding", uses, {**AUTO, "secrets.exclude.reloader.stakater.com/reload": "db"})
    world.deploy(ns, "statefulset/listing", (), {LIST: "x,d."})
    world.deploy(ns, "daemonset/searching", uses, {"reloader.stakater.com/search": "true"})
    world.deploy(ns, "deployment/unrelated", (), AUTO)
    return ns


def who_restarts(world):
    ns = people_of(world)
    done = world.pawl("plan", "secret/db", "-n", ns)
    assert (done.returncode, done.stderr) == (0, ""), done
    wanted = [
        "SOURCE     WORKLOAD              RESTARTS  WHY",
        "secret/db  deployment/auto       yes       reloader.stakater.com/auto",
        "secret/db  deployment/template   yes       reloader.stakater.com/auto (on the pod template)",
        f"secret/db  statefulset/listing   yes       {LIST} lists it",
        "secret/db  daemonset/searching   no        it has reloader.stakater.com/search, but the source does not have "
        "reloader.stakater.com/match",
        "secret/db  deployment/excluding  no        secrets.exclude.reloader.stakater.com/reload names it",
        "secret/db  deployment/plain      no        no annotation asks for it",
    ]
    assert lines(done.stdout) == wanted, done.stdout
    quiet = world.json("plan", "secret/quiet", "-n", ns)
    assert [p["restarts"] for p in quiet["pairs"]] == [False] * 5, quiet
    assert quiet["pairs"][0]["why"] == "the source has reloader.stakater.com/ignore", quiet


def what_restarts_a_workload(world):
    ns = people_of(world)
    done = world.pawl("plan", "deployment/auto", "-n", ns)
    assert done.returncode == 0, done
    assert lines(done.stdout)[1:] == [
        "configmap/settings  deployment/auto  yes       reloader.stakater.com/auto",
        "secret/db           deployment/auto  yes       reloader.stakater.com/auto",
        "secret/quiet        deployment/auto  no        the source has reloader.stakater.com/ignore"], done.stdout


def it_comes_true(world):
    """The plan for everything, then a change of everything: those restart that it said, and no others."""
    ns = people_of(world)
    pawl = world.controller("--roles=reload")
    pairs = world.json("plan", "-n", ns)["pairs"]
    workloads = sorted({p["workload"] for p in pairs})
    assert len(workloads) == 6, pairs
    applied = "pawl.dev/applied"
    listening = {p["workload"] for p in pairs if p["restarts"]}
    def unrecorded():
        return {w for w in listening if applied not in world.get(ns, w)["metadata"].get("annotations", {})}
    wait_for(lambda: (not unrecorded(), unrecorded()), SOON, "records")
    for source in ("secret/db", "configmap/settings", "secret/quiet"):
        moving = {p["workload"] for p in pairs if p["source"] == source and p["restarts"]}
        before = {w: world.template(ns, w) for w in workloads}
        kind, name = source.split("/")
        (world.kube.secret if kind == "secret" else world.kube.config_map)(ns, name, {"k": "new"})
        # A workload of its own that has to restart for the next change: when it has, the change before it has been seen.
        sentinel(world, ns, source)

        def moved(before=before):
            return {w for w in workloads if world.template(ns, w) != before[w]}
        wait_for(lambda moved=moved, moving=moving: (moved() >= moving, (moved(), moving)), SOON, f"restarts for {source}")
        assert moved() == moving, (source, moved(), moving)
    assert pawl.stop() == 0


def sentinel(world, ns, source):
    name = "sentinel-" + source.split("/")[1]
    world.kube.config_map(ns, name, {"k": "old"})
    workload = f"deployment/{name}"
    world.deploy(ns, workload, [f"configmap/{name}"], AUTO)
    wait_for(lambda: "pawl.dev/applied" in world.get(ns, workload)["metadata"]["annotations"], SOON, "the sentinel's record")
    before = world.template(ns, workload)
    world.kube.config_map(ns, name, {"k": "new"})
    wait_for(lambda: world.template(ns, workload) != before, SOON, "the sentinel's restart")


def in_all_namespaces(world):
    one, two = world.namespace("plan-one"), world.namespace("plan-two")
    for ns in (one, two):
        world.kube.secret(ns, "everywhere", {"k": "v"})
        world.deploy(ns, "deployment/web", ["secret/everywhere"], AUTO)
    done = world.pawl("plan", "secret/everywhere", "-A")
    assert done.returncode == 0, done
    assert [line.split()[:4] for line in lines(done.stdout)] == [
        ["NAMESPACE", "SOURCE", "WORKLOAD", "RESTARTS"],
        [one, "secret/everywhere", "deployment/web", "yes"],
        [two, "secret/everywhere", "deployment/web", "yes"]], done.stdout
    left_alone = world.json("plan", "secret/everywhere", "-A", f"--namespaces-to-ignore={one}")
    assert [p["restarts"] for p in left_alone["pairs"]] == [False, True], left_alone


def the_roles_flags(world):
    ns = world.namespace("plan", {"team": "a"})
    world.kube.secret(ns, "db", {"k": "v"}, labels={"tier": "back"})
    world.deploy(ns, "deployment/web", ["secret/db"], {"example.com/restart": "true"})
    for flags, restarts, why in [
            ([], False, "no annotation asks for it"),
            (["--auto-annotation=example.com/restart"], True, "example.com/restart"),
            (["--auto-reload-all"], True, "--auto-reload-all"),
            (["--auto-reload-all", "--resources-to-ignore=secrets"], False, "--resources-to-ignore"),
            (["--auto-reload-all", "--resource-label-selector=tier=front"], False, "--resource-label-selector"),
            (["--auto-reload-all", "--resource-label-selector=tier=back"], True, "--auto-reload-all"),
            (["--auto-reload-all", "--namespace-selector=team=b"], False, "--namespace-selector"),
            (["--auto-reload-all", "--namespace-selector=team=a"], True, "--auto-reload-all"),
            (["--auto-reload-all", "--namespaces=other"], False, "--namespaces"),
            (["--auto-reload-all", "--webhook-url=http://example.com"], False, "--webhook-url")]:
        (pair,) = world.json("plan", "secret/db", "-n", ns, *flags)["pairs"]
        assert (pair["restarts"], why in pair["why"]) == (restarts, True), (flags, pair)


def what_does_not_exist(world):
    ns = world.namespace("plan")
    world.deploy(ns, "deployment/web", ["secret/later"], AUTO)
    done = world.pawl("plan", "secret/later", "-n", ns)
    assert done.returncode == 1, done
    assert f"pawl: secret/later does not exist in namespace {ns}; what refers to it is listed" in done.stderr, done
    assert lines(done.stdout)[1] == f"secret/later  deployment/web  no        {MISSING}", done.stdout
    created = world.json("plan", "secret/later", "-n", ns, "--reload-on-create", status=1)
    assert created["found"] is False and created["pairs"][0]["restarts"] is True, created
    nobody = world.pawl("plan", "secret/nobody", "-n", ns)
    assert (nobody.returncode, nobody.stdout) == (1, ""), nobody
    assert nobody.stderr == f"pawl: secret/nobody does not exist in namespace {ns}\n", nobody
    workload = world.pawl("plan", "deployment/none", "-n", ns)
    assert (workload.returncode, workload.stderr) == (1, f"pawl: deployment/none does not exist in namespace {ns}\n"), workload


def lists_are_enough(world):
    """A user who may list and nothing else: that it works says that it does nothing else."""
    ns = people_of(world)
    config = world.account(ns, "reader", LISTS)
    assert world.json("plan", "secret/db", kubeconfig=config) == world.json("plan", "secret/db", "-n", ns)


def what_is_refused(world):
    ns = people_of(world)
    config = world.account(ns, "half", [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"]}])
    done = world.pawl("plan", "secret/db", kubeconfig=config)
    assert done.returncode == 1, done
    for resource in ("secrets", "statefulsets", "daemonsets", "jobs", "cronjobs"):
        assert f'cannot list resource "{resource}"' in done.stderr, done.stderr
    assert 'resource "deployments"' not in done.stderr, done.stderr
    # What could be seen is right, marks of the source excepted.
    assert "secret/db  deployment/auto       yes" in done.stdout, done.stdout


def no_cluster(world):
    config = world.kubeconfig("nowhere", {"token": "x"}, server=f"https://127.0.0.1:{free_port()}")
    done = world.pawl("plan", "secret/db", kubeconfig=config)
    assert (done.returncode, done.stdout) == (1, ""), done
    assert len(lines(done.stderr)) == 1 and "no connection" in done.stderr, done.stderr


def wrong_usage(world):
    for args, part in [(["x/y"], '"x" is neither a source'), (["db"], "wanted is TYPE/NAME"), (["secret/a", "secret/b"], "one"),
                       (["rollout/x"], "--argo-rollouts"), (["--resources-to-ignore=x"], "--resources-to-ignore"),
                       (["--no-such-flag"], "unknown flag")]:
        done = world.pawl("plan", *args)
        assert done.returncode == 2 and part in done.stderr, done


CASES = [
    ("plan: who restarts for a Secret, and why", who_restarts),
    ("plan: what restarts a workload", what_restarts_a_workload),
    ("plan: what it says comes true", it_comes_true),
    ("plan: in all namespaces", in_all_namespaces),
    ("plan: the flags of the role", the_roles_flags),
    ("plan: what does not exist", what_does_not_exist),
    ("plan: permission to list is enough", lists_are_enough),
    ("plan: what is refused is named", what_is_refused),
    ("plan: no cluster", no_cluster),
    ("plan: wrong usage", wrong_usage),
]
