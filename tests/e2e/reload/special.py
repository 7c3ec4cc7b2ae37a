"""What only some workloads or some flags have: borrowed pod templates, Jobs that have ended, quiet periods, variables that
stay, names of annotations."""
import time

import objects
from decisions import both, listed, used
from history import History
from pawltest import wait_for
from settings import ANNOTATIONS
from world import AUTO, SOON, Sentinel


def moved_times(world, history, workloads, wanted):
    """What would come once more comes before the restart of a sentinel."""
    sentinel = Sentinel(world, world.new_namespace("after"))
    sentinel.ready()
    sentinel.pass_by()
    history.check_moves(workloads, wanted)


# ---- Rollouts that borrow the pod template of a Deployment ----

def borrower(name, deployment, annotations):
    body = objects.workload("Rollout", name, (), annotations)
    del body["spec"]["template"]
    body["spec"]["workloadRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment}
    return body


def workload_ref(world):
    """A Rollout with workloadRef asks for restarts, and the template is that of the Deployment: it is changed there, once,
    also if both ask. With the strategy "restart" the Rollout itself is restarted and the template stays."""
    world.start("run", "--argo-rollouts")
    ns = world.new_namespace("borrowed")
    world.source(ns, "secret:a")
    restart = {"reloader.stakater.com/rollout-strategy": "restart"}
    for name, on_rollout, on_deployment in (("asks", AUTO, {}), ("both", AUTO, AUTO), ("at", both(AUTO, restart), {}), ("none", {}, {})):
        world.deploy(ns, name, used("secret:a"), on_deployment)
        world.create(ns, borrower(f"r-{name}", name, on_rollout))
    for name, kind in (("asks", "Deployment"), ("both", "Deployment"), ("r-at", "Rollout")):
        world.wait_applied(ns, name, kind)
    moving = [("Deployment", "asks"), ("Deployment", "both"), ("Rollout", "r-at")]
    still = [("Rollout", "r-asks"), ("Rollout", "r-both"), ("Deployment", "at"), ("Deployment", "none"), ("Rollout", "r-none")]
    history = History(world, ns)
    history.catch_up(moving + still)
    for turn in (1, 2):
        world.change(ns, "secret:a", f"v{turn}")
        history.wait_moves(moving, turn, SOON)
    moved_times(world, history, moving, 2)
    history.check_moves(still, 0)
    assert objects.variables(world.get(ns, "asks")), "the template has no variable"
    assert world.get(ns, "r-at", "Rollout")["spec"]["restartAt"].endswith("Z")


# ---- Jobs ----

def completed(world, ns, name):
    return any(c["type"] == "Complete" and c["status"] == "True" for c in world.get(ns, name, "Job").get("status", {}).get("conditions", []))


def completed_job(world):
    """A Job that has ended runs again, under its name; one that a CronJob started and that has ended does not."""
    world.start("run")
    ns = world.new_namespace("ended")
    world.source(ns, "cm:a")
    world.deploy(ns, "nightly", used("cm:a"), AUTO, "CronJob")
    owner = world.get(ns, "nightly", "CronJob")
    of_cronjob = objects.workload("Job", "nightly-1", used("cm:a"), AUTO, completions=0)
    of_cronjob["metadata"]["ownerReferences"] = [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "controller": True,
                                                  "uid": owner["metadata"]["uid"]}]
    world.create(ns, of_cronjob)
    world.deploy(ns, "once", used("cm:a"), AUTO, "Job", completions=0)  # nothing to do, so it is done
    for name in ("once", "nightly-1"):
        wait_for(lambda name=name: completed(world, ns, name), SOON, f"the end of Job {name}")
    world.wait_applied(ns, "once", "Job")
    world.wait_applied(ns, "nightly", "CronJob")
    history = History(world, ns)
    history.catch_up([("Job", "once"), ("Job", "nightly-1")])
    started = history.moves("CronJob", "nightly")
    for turn in (1, 2):
        world.change(ns, "cm:a", f"v{turn}")
        history.wait_moves([("Job", "once")], turn, SOON)
        wait_for(lambda turn=turn: history.moves("CronJob", "nightly") == started + turn, SOON, "the CronJob's Job")
        wait_for(lambda: completed(world, ns, "once"), SOON, "the end of the new Job")
    moved_times(world, history, [("Job", "once")], 2)
    history.check_moves([("Job", "nightly-1")], 0)
    assert history.moves("CronJob", "nightly") == started + 2
    assert not [j for j in world.kube.list("jobs", ns) if "-pawl-" in j["metadata"]["name"]], "a copy was left behind"


# ---- quiet periods ----

def settle(world):
    """pawl.dev/settle: changes that come within the quiet period are one restart, for the last value, and not before it is
    over. The neighbour without it does not wait."""
    quiet = 3  # seconds
    world.start("run")
    ns = world.new_namespace("settle")
    for name, annotations in (("quiet", both(AUTO, {"pawl.dev/settle": f"{quiet}s"})), ("prompt", AUTO)):
        world.source(ns, f"secret:{name}-a")
        world.source(ns, f"secret:{name}-b")
        world.deploy(ns, name, used(f"secret:{name}-a") + used(f"secret:{name}-b"), annotations)
        world.wait_recorded(ns, name, [f"secret/{name}-a", f"secret/{name}-b"])
    workloads = [("Deployment", "quiet"), ("Deployment", "prompt")]
    history = History(world, ns)
    history.catch_up(workloads)
    for i in range(4):
        for name in ("quiet", "prompt"):
            world.change(ns, f"secret:{name}-{'ab'[i % 2]}", f"v{i}")
        last = time.monotonic()
        history.wait_moves([("Deployment", "prompt")], i + 1, SOON)
        if time.monotonic() - last > quiet - 1:
            raise AssertionError("the machine is too slow to say anything about the quiet period")
        assert history.moves("Deployment", "quiet") == 0, "restarted within the quiet period"
    history.wait_moves([("Deployment", "quiet")], 1, SOON)
    assert time.monotonic() - last >= quiet - 0.1, "restarted before the quiet period was over"
    moved_times(world, history, [("Deployment", "quiet")], 1)
    hashes = {name: objects.variables(world.get(ns, name)) for name in ("quiet", "prompt")}
    assert sorted(hashes["quiet"].values()) == sorted(hashes["prompt"].values()), hashes


# ---- --sync-after-restart ----

def sync_after_restart(world):
    """With --reload-on-create it treats what was made while Pawl was down as created; without it that is left alone."""
    world.start("reloader")
    spaces = {flag: world.new_namespace("sync") for flag in ("with", "without")}
    for ns in spaces.values():
        world.source(ns, "cm:a")
        world.deploy(ns, "w", used("cm:a"), listed("cm:a", "cm:later"))
        world.deploy(ns, "same", used("cm:a"), AUTO)
        world.wait_applied(ns, "w")
        world.wait_applied(ns, "same")
        world.change(ns, "cm:a", "v1")  # from here on the variable is there
        for name in ("w", "same"):
            wait_for(lambda ns=ns, name=name: objects.variables(world.get(ns, name)), SOON, "the variable")
    world.stop()
    workloads = [("Deployment", "w"), ("Deployment", "same")]
    for flag, ns in spaces.items():
        world.source(ns, "cm:later")
        history = History(world, ns)
        history.catch_up(workloads)
        sync = ["--sync-after-restart"] if flag == "with" else []
        for _ in range(2):  # a second start finds nothing new
            world.start("reloader", f"--namespaces={ns},after-sync", "--reload-on-create=true", *sync)
            if flag == "with":
                history.wait_moves([("Deployment", "w")], 1, SOON)
            sentinel = Sentinel(world, ns, f"cm:sentinel-{time.monotonic_ns()}")
            sentinel.pass_by()
            history.check_moves([("Deployment", "w")], int(flag == "with"))
            history.check_moves([("Deployment", "same")], 0)


def sync_without_ledger(world):
    """As Reloader does it: each workload that does not have the hash of what it uses is restarted, those that have it not."""
    world.start("reloader", "--ledger=false")
    ns = world.new_namespace("sync-off")
    for name in ("has", "has-not"):
        world.source(ns, f"cm:{name}")
        world.deploy(ns, name, used(f"cm:{name}"), AUTO)
    world.change(ns, "cm:has", "v1")
    wait_for(lambda: objects.variables(world.get(ns, "has")), SOON, "the variable")
    world.stop()
    history = History(world, ns)
    workloads = [("Deployment", "has"), ("Deployment", "has-not")]
    history.catch_up(workloads)
    for _ in range(2):
        world.start("reloader", "--ledger=false", f"--namespaces={ns}", "--reload-on-create=true", "--sync-after-restart")
        history.wait_moves([("Deployment", "has-not")], 1, SOON)
        Sentinel(world, ns, f"cm:sentinel-{time.monotonic_ns()}").pass_by()
        history.check_moves([("Deployment", "has-not")], 1)
        history.check_moves([("Deployment", "has")], 0)


# ---- leftovers ----

def kept_leftovers(world):
    """--keep-leftovers: the variable of a Secret that is used no more stays where it is."""
    ns = world.new_namespace("kept")
    world.start("reloader", "--keep-leftovers")
    for name in ("old-one", "new-one"):
        world.source(ns, f"secret:{name}")
    world.deploy(ns, "w", used("secret:old-one"), AUTO)
    world.wait_applied(ns, "w")
    world.change(ns, "secret:old-one", "1")
    wait_for(lambda: objects.variables(world.get(ns, "w")), SOON, "the first variable")
    world.kube.patch("deployments", ns, "w", [
        {"op": "replace", "path": "/spec/template/spec/containers/0/envFrom", "value": [{"secretRef": {"name": "new-one"}}]}], "json")
    world.wait_recorded(ns, "w", ["secret/new-one"])
    world.change(ns, "secret:new-one", "1")
    wait_for(lambda: set(objects.variables(world.get(ns, "w"))) == {"STAKATER_OLD_ONE_SECRET", "STAKATER_NEW_ONE_SECRET"}, SOON,
             "both variables")


# ---- annotations of other names ----

OWN = "example.com/"
FLAGS = {  # flag of Reloader -> the usual key
    "auto-annotation": "reloader.stakater.com/auto",
    "configmap-auto-annotation": "configmap.reloader.stakater.com/auto",
    "secret-auto-annotation": "secret.reloader.stakater.com/auto",
    "configmap-annotation": "configmap.reloader.stakater.com/reload",
    "secret-annotation": "secret.reloader.stakater.com/reload",
    "auto-search-annotation": "reloader.stakater.com/search",
    "search-match-annotation": "reloader.stakater.com/match",
    "ignore-annotation": "reloader.stakater.com/ignore",
    "pause-deployment-annotation": "deployment.reloader.stakater.com/pause-period",
    "pause-deployment-time-annotation": "deployment.reloader.stakater.com/paused-at",
}


def key(flag, renamed):
    return OWN + flag if renamed else FLAGS[flag]


# (name, source that is changed, {flag: value} on the workload, {flag: value} on the source, restarts under the new
# names, restarts when the same is said under the usual ones)
NAMES = [
    ("auto", "cm:a", {"auto-annotation": "true"}, {}, True, False),
    ("auto for ConfigMaps", "cm:a", {"configmap-auto-annotation": "true"}, {}, True, False),
    ("auto for ConfigMaps, a Secret", "secret:a", {"configmap-auto-annotation": "true"}, {}, False, False),
    ("auto for Secrets", "secret:a", {"secret-auto-annotation": "true"}, {}, True, False),
    ("auto for Secrets, a ConfigMap", "cm:a", {"secret-auto-annotation": "true"}, {}, False, False),
    ("a list of ConfigMaps", "cm:a", {"configmap-annotation": "x,a"}, {}, True, False),
    ("a list of Secrets", "secret:a", {"secret-annotation": "x,a"}, {}, True, False),
    ("search and match", "cm:a", {"auto-search-annotation": "true"}, {"search-match-annotation": "true"}, True, False),
    ("search without match", "cm:a", {"auto-search-annotation": "true"}, {}, False, False),
]


def say(parts, renamed):
    return {key(flag, renamed): value for flag, value in parts.items()}


def names_of_annotations(world):
    """Each flag that gives an annotation another name: the new name has the meaning, the usual one has none any more."""
    flags = [part for flag in FLAGS for part in (f"--{flag}", OWN + flag)]
    world.start("reloader", ANNOTATIONS, *flags)
    auto = {key("auto-annotation", True): "true"}
    expected = {}
    for i, (name, source, on_workload, on_source, new, usual) in enumerate(NAMES):
        for renamed, moves in ((True, new), (False, usual)):
            ns = world.namespace(f"names-{i}-{'new' if renamed else 'usual'}")
            world.source(ns, source, annotations=say(on_source, renamed))
            world.deploy(ns, "w", used(source), say(on_workload, renamed))
            expected[ns] = (f"{name}, {'new' if renamed else 'usual'} name", source, moves)
    for renamed, moves in ((True, False), (False, True)):  # what is ignored under its new name is not under the usual one
        ns = world.namespace(f"names-ignore-{'new' if renamed else 'usual'}")
        world.source(ns, "cm:a", annotations={key("ignore-annotation", renamed): "true"})
        world.deploy(ns, "w", used("cm:a"), auto)
        expected[ns] = (f"ignore, {'new' if renamed else 'usual'} name", "cm:a", moves)
    for ns, (_, _, moves) in expected.items():
        if moves:
            world.wait_applied(ns, "w")
    marks = {ns: world.mark(ns, "w", "Deployment") for ns in expected}
    sentinel = Sentinel(world, world.namespace("names-sentinel"), annotations=auto)
    sentinel.ready()
    for ns, (_, source, _) in expected.items():
        world.change(ns, source, "new")
    for ns, (_, _, moves) in expected.items():
        if moves:
            world.wait_moved(ns, "w", marks[ns])
    sentinel.pass_by()
    wrong = [name for ns, (name, _, moves) in expected.items() if (world.mark(ns, "w", "Deployment") != marks[ns]) != moves]
    assert not wrong, wrong


def names_of_pauses(world):
    """The same for the period and the time of a pause."""
    flags = ("pause-deployment-annotation", "pause-deployment-time-annotation")
    world.start("reloader", *[part for flag in flags for part in (f"--{flag}", OWN + flag)])
    ns = world.new_namespace("names-pause")
    world.source(ns, "cm:a")
    for renamed, name in ((True, "new"), (False, "usual")):
        world.deploy(ns, name, used("cm:a"), both(AUTO, {key(flags[0], renamed): "2s"}))
        world.wait_applied(ns, name)
    history = History(world, ns)
    history.catch_up([("Deployment", "new"), ("Deployment", "usual")])
    paused_at = lambda: world.get(ns, "new")["metadata"]["annotations"].get(OWN + flags[1])  # noqa: E731
    world.change(ns, "cm:a", "new")
    history.wait_moves([("Deployment", "new"), ("Deployment", "usual")], 1, SOON)
    assert paused_at() and world.get(ns, "new")["spec"].get("paused"), "not paused"
    usual = world.get(ns, "usual")
    assert not usual["spec"].get("paused") and FLAGS[flags[1]] not in usual["metadata"]["annotations"], usual["metadata"]
    wait_for(lambda: not paused_at() and not world.get(ns, "new")["spec"].get("paused"), SOON, "the end of the pause")


CASES = [("workloadRef of Rollouts", workload_ref), ("Jobs that have ended", completed_job), ("settle", settle),
         ("sync-after-restart", sync_after_restart), ("sync-after-restart without the ledger", sync_without_ledger),
         ("keep-leftovers", kept_leftovers), ("names of annotations", names_of_annotations), ("names of pauses", names_of_pauses)]
