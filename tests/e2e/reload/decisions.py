"""Which change restarts what: rules, references, kinds. One namespace a case, with one workload of each kind in it;
all of them must restart exactly once, or none may."""
import json

import objects
from world import AUTO, Sentinel

APPS = ("Deployment", "DaemonSet", "StatefulSet", "Rollout")
ONE = ("Deployment",)

LIST = {"cm": "configmap.reloader.stakater.com/reload", "secret": "secret.reloader.stakater.com/reload",
        "spc": "secretproviderclass.reloader.stakater.com/reload"}
TYPED = {"cm": "configmap.reloader.stakater.com/auto", "secret": "secret.reloader.stakater.com/auto",
         "spc": "secretproviderclass.reloader.stakater.com/auto"}
EXCLUDE = {"cm": "configmaps.exclude.reloader.stakater.com/reload", "secret": "secrets.exclude.reloader.stakater.com/reload",
           "spc": "secretproviderclasses.exclude.reloader.stakater.com/reload"}
SEARCH, MATCH = "reloader.stakater.com/search", "reloader.stakater.com/match"
IGNORE = "reloader.stakater.com/ignore"


def listed(*sources):
    """The annotations that name these sources."""
    lists = {}
    for source in sources:
        source_type, name = source.split(":")
        lists.setdefault(LIST[source_type], []).append(name)
    return {key: ",".join(names) for key, names in lists.items()}


def both(*parts):
    return {key: value for part in parts for key, value in part.items()}


def used(source, how="envFrom"):
    return [("volume" if source.startswith("spc") else how, source)]


class Case:
    def __init__(self, name, change, moves, uses=(), wl=None, pt=None, kinds=ONE, sources=None, marks=None, touch=False):
        """change: the source that is changed. sources: those that exist (default: all used and changed ones).
        marks: annotations by source. touch: only labels change."""
        self.name, self.change, self.moves, self.uses, self.kinds = name, change, moves, list(uses), kinds
        self.wl, self.pt, self.marks, self.touch = wl or {}, pt or {}, marks or {}, touch
        self.sources = sources or sorted({s for _, s in self.uses} | {change})

    def prepare(self, world, ns):
        for source in self.sources:
            world.source(ns, source, annotations=self.marks.get(source))
        for kind in self.kinds:
            world.deploy(ns, f"w-{kind.lower()}", self.uses, self.wl, kind, template_annotations=self.pt)
        sentinel = Sentinel(world, ns, "spc:sentinel" if self.change.startswith("spc") else "cm:sentinel")
        sentinel.ready()
        for kind in self.kinds if self.moves else ():
            world.wait_applied(ns, f"w-{kind.lower()}", kind)
        return sentinel

    def run(self, world):
        ns = world.new_namespace(self.name.split()[0])
        sentinel = self.prepare(world, ns)
        names = [(f"w-{kind.lower()}", kind) for kind in self.kinds]
        marks = [world.mark(ns, *n) for n in names]
        generations = [world.generation(ns, *n) for n in names]
        if self.touch:
            world.touch(ns, self.change)
        else:
            world.change(ns, self.change, "new")
        for (name, kind), mark in zip(names, marks):
            if self.moves:
                world.wait_moved(ns, name, mark, kind)
        sentinel.pass_by()
        for (name, kind), mark, generation in zip(names, marks, generations):
            if not self.moves:
                assert world.mark(ns, name, kind) == mark, f"{kind} restarted"
            grown = world.generation(ns, name, kind) - generation
            assert grown == int(self.moves) or kind in ("Job", "CronJob"), f"{kind}: generation grew by {grown}"


C = [
    Case("C1 a ConfigMap in the list", "cm:a", True, used("cm:a"), listed("cm:a"), kinds=APPS),
    Case("C2 a Secret in the list", "secret:a", True, used("secret:a"), listed("secret:a"), kinds=APPS),
    Case("C3 a class in the list", "spc:a", True, used("spc:a"), listed("spc:a"), kinds=APPS),
    Case("C4 auto", "cm:a", True, used("cm:a"), AUTO, kinds=APPS),
    Case("C5 only labels of a ConfigMap", "cm:a", False, used("cm:a"), listed("cm:a"), kinds=APPS, touch=True),
    Case("C6 only labels of a Secret", "secret:a", False, used("secret:a"), listed("secret:a"), kinds=APPS, touch=True),
    Case("C7 only labels of a pod status", "spc:a", False, used("spc:a"), listed("spc:a"), kinds=APPS, touch=True),
    Case("C8 a CronJob lists a ConfigMap", "cm:a", True, used("cm:a"), listed("cm:a"), kinds=("CronJob",)),
    Case("C9 a CronJob lists a Secret", "secret:a", True, used("secret:a"), listed("secret:a"), kinds=("CronJob",)),
    Case("C10 a CronJob with auto", "cm:a", True, used("cm:a"), AUTO, kinds=("CronJob",)),
    Case("C11 a ConfigMap as volume", "cm:a", True, used("cm:a", "volume"), listed("cm:a"), kinds=APPS),
    Case("C12 a Secret as volume", "secret:a", True, used("secret:a", "volume"), listed("secret:a"), kinds=APPS),
    Case("C13 no annotation", "cm:a", False, used("cm:a"), kinds=APPS),
    Case("C14 the second ConfigMap of a list", "cm:b", True, used("cm:a"), listed("cm:a", "cm:b"), kinds=APPS),
    Case("C15 the second Secret of a list", "secret:b", True, used("secret:a"), listed("secret:a", "secret:b"), kinds=APPS),
    Case("C17 two lists", "secret:b", True, used("cm:a"), listed("cm:a", "secret:b"), kinds=APPS),
    Case("C18 auto false", "cm:a", False, used("cm:a"), {"reloader.stakater.com/auto": "false"}, kinds=APPS),
    Case("C19 a list of ConfigMaps on the template", "cm:a", True, used("cm:a"), pt=listed("cm:a"), kinds=APPS),
    Case("C20 a list of Secrets on the template", "secret:a", True, used("secret:a"), pt=listed("secret:a"), kinds=APPS),
    Case("C21 auto on the template", "cm:a", True, used("cm:a"), pt=AUTO, kinds=APPS),
    Case("C22 a list of classes on the template", "spc:a", True, used("spc:a"), pt=listed("spc:a")),
    Case("C23 typed auto for classes on the template", "spc:a", True, used("spc:a"), pt={TYPED["spc"]: "true"}),
    Case("C24 lists on both", "cm:a", True, used("cm:a"), listed("cm:a"), listed("cm:a"), kinds=APPS),
    Case("C25 the template lists another type", "secret:a", False, used("secret:a"), pt=listed("cm:a"), kinds=APPS),
]

R = [
    Case("R1 env from a ConfigMap's key", "cm:a", True, used("cm:a", "env"), listed("cm:a"), kinds=APPS),
    Case("R2 env from a Secret's key", "secret:a", True, used("secret:a", "env"), listed("secret:a"), kinds=APPS),
    Case("R3 projected ConfigMap", "cm:a", True, used("cm:a", "projected"), listed("cm:a"), kinds=APPS),
    Case("R4 projected Secret", "secret:a", True, used("secret:a", "projected"), listed("secret:a"), kinds=APPS),
    Case("R5 both projected, the ConfigMap", "cm:a", True, [("projected", "cm:a"), ("projected", "secret:a")],
         listed("cm:a", "secret:a"), kinds=APPS),
    Case("R6 both projected, the Secret", "secret:a", True, [("projected", "cm:a"), ("projected", "secret:a")],
         listed("cm:a", "secret:a"), kinds=APPS),
    Case("R7 init container, envFrom ConfigMap", "cm:a", True, used("cm:a", "init-envFrom"), AUTO, kinds=APPS),
    Case("R8 init container, envFrom Secret", "secret:a", True, used("secret:a", "init-envFrom"), AUTO, kinds=APPS),
    Case("R9 init container, volume of a ConfigMap", "cm:a", True, used("cm:a", "init-volume"), AUTO, kinds=APPS),
    Case("R10 init container, volume of a Secret", "secret:a", True, used("secret:a", "init-volume"), AUTO, kinds=APPS),
    Case("R11 auto with env from a key", "cm:a", True, used("cm:a", "env"), AUTO, kinds=APPS),
    Case("R12 a volume that nobody mounts", "cm:a", False, used("cm:a", "declared"), AUTO, kinds=APPS),
]

A = [
    Case("A1 auto, ConfigMap", "cm:a", True, used("cm:a"), AUTO),
    Case("A2 auto, Secret", "secret:a", True, used("secret:a"), AUTO),
    Case("A3 auto, both used", "cm:a", True, used("cm:a") + used("secret:a"), AUTO),
    Case("A4 auto for ConfigMaps only, ConfigMap", "cm:a", True, used("cm:a") + used("secret:a"), {TYPED["cm"]: "true"}),
    Case("A4b auto for ConfigMaps only, Secret", "secret:a", False, used("cm:a") + used("secret:a"), {TYPED["cm"]: "true"}),
    Case("A5 auto for Secrets only, Secret", "secret:a", True, used("cm:a") + used("secret:a"), {TYPED["secret"]: "true"}),
    Case("A5b auto for Secrets only, ConfigMap", "cm:a", False, used("cm:a") + used("secret:a"), {TYPED["secret"]: "true"}),
    Case("A6 auto for classes", "spc:a", True, used("spc:a"), {TYPED["spc"]: "true"}),
    Case("A7 auto for classes only, ConfigMap", "cm:a", False, used("cm:a") + used("spc:a"), {TYPED["spc"]: "true"}),
    Case("A8 auto, class", "spc:a", True, used("spc:a"), AUTO),
    Case("A9 auto and a list, another one", "cm:b", True, used("cm:b"), both(AUTO, listed("cm:a"))),
    Case("A10 auto and an unreferenced list, the referenced one", "cm:b", True, used("cm:b"), both(AUTO, listed("cm:x"))),
    Case("A11 auto and an unreferenced list, the listed one", "cm:x", True, used("cm:b"), both(AUTO, listed("cm:x"))),
    Case("A12 auto and a list of Secrets", "secret:x", True, used("cm:b"), both(AUTO, listed("secret:x"))),
    Case("A13 excluded ConfigMap", "cm:a", False, used("cm:a") + used("cm:b"), both(AUTO, {EXCLUDE["cm"]: "a"})),
    Case("A14 not the excluded ConfigMap", "cm:b", True, used("cm:a") + used("cm:b"), both(AUTO, {EXCLUDE["cm"]: "a"})),
    Case("A15 excluded Secret", "secret:a", False, used("secret:a") + used("secret:b"), both(AUTO, {EXCLUDE["secret"]: "a"})),
    Case("A22 not the excluded Secret", "secret:b", True, used("secret:a") + used("secret:b"), both(AUTO, {EXCLUDE["secret"]: "a"})),
    Case("A16 two listed ConfigMaps, none used", "cm:y", True, used("secret:a"), listed("cm:x", "cm:y")),
    Case("A17 two listed Secrets, none used", "secret:x", True, used("cm:a"), listed("secret:x", "secret:y")),
    Case("A23 excluded class", "spc:a", False, used("spc:a") + used("spc:b"), both(AUTO, {EXCLUDE["spc"]: "a"})),
    Case("A24 not the excluded class", "spc:b", True, used("spc:a") + used("spc:b"), both(AUTO, {EXCLUDE["spc"]: "a"})),
    Case("A25 exclude on the template has no effect", "cm:a", True, used("cm:a"), pt=both(AUTO, {EXCLUDE["cm"]: "a"})),
    Case("A26 ignored ConfigMap", "cm:a", False, used("cm:a"), listed("cm:a"), marks={"cm:a": {IGNORE: "true"}}),
    Case("A27 ignored Secret", "secret:a", False, used("secret:a"), listed("secret:a"), marks={"secret:a": {IGNORE: "true"}}),
    Case("A31 search and match", "cm:a", True, used("cm:a"), {SEARCH: "true"}, marks={"cm:a": {MATCH: "true"}}),
    Case("A32 search without match", "cm:a", False, used("cm:a"), {SEARCH: "true"}),
    Case("A33 match without search", "cm:a", False, used("cm:a"), marks={"cm:a": {MATCH: "true"}}),
    Case("A35 search on the template", "cm:a", True, used("cm:a"), pt={SEARCH: "true"}, marks={"cm:a": {MATCH: "true"}}),
    Case("A36 auto false does not veto a list", "cm:a", True, used("cm:a"), both(listed("cm:a"), {"reloader.stakater.com/auto": "false"})),
    Case("X1 two containers, the first uses it", "cm:a", True, [("envFrom", "cm:a"), ("env@1", "cm:b")], AUTO),
    Case("X2 two containers, the second uses it", "cm:b", True, [("envFrom", "cm:a"), ("envFrom@1", "cm:b")], AUTO),
    Case("X3 init container with a class, list", "spc:a", True, [("init-volume", "spc:a")], listed("spc:a")),
    Case("X4 init container with a class, auto", "spc:a", True, [("init-volume", "spc:a")], AUTO),
    Case("X5 a Job lists a ConfigMap", "cm:a", True, used("cm:a"), listed("cm:a"), kinds=("Job",)),
    Case("X6 a Job lists a Secret", "secret:a", True, used("secret:a"), listed("secret:a"), kinds=("Job",)),
    Case("X7 a Job with auto", "cm:a", True, used("cm:a"), AUTO, kinds=("Job",)),
    Case("X8 a Job with env from a ConfigMap's key", "cm:a", True, used("cm:a", "env"), AUTO, kinds=("Job",)),
    Case("X9 a Job with env from a Secret's key", "secret:a", True, used("secret:a", "env"), AUTO, kinds=("Job",)),
    Case("X10 a Job with a class", "spc:a", True, used("spc:a"), AUTO, kinds=("Job",)),
    Case("X11 a pattern, a ConfigMap that matches", "cm:app-config-1", True, used("cm:b"), listed("cm:app-config-.*")),
    Case("X12 a pattern, one that does not", "cm:other-config", False, used("cm:b"), listed("cm:app-config-.*")),
    Case("X13 a pattern, a Secret that matches", "secret:app-secret-x", True, used("cm:b"), listed("secret:app-secret-.*")),
]


def sequence(world):
    """C16: each of two changes is seen, and the annotation says which hash."""
    ns = world.new_namespace("c16")
    world.source(ns, "cm:a")
    world.deploy(ns, "w", used("cm:a"), listed("cm:a"))
    world.wait_applied(ns, "w")
    hashes = []
    for value in ("1", "2"):
        before = world.mark(ns, "w", "Deployment")
        world.change(ns, "cm:a", value)
        world.wait_moved(ns, "w", before)
        hashes.append(json.loads(objects.last_reloaded(world.get(ns, "w"))))
    assert hashes[0]["hash"] != hashes[1]["hash"]
    for cause in hashes:
        assert (cause["type"], cause["name"], cause["namespace"], cause["containerRefs"]) == ("CONFIGMAP", "a", ns, ["app"]), cause


def only_those_that_search(world):
    """A34: of two Deployments with one ConfigMap only the one that searches moves."""
    ns = world.new_namespace("a34")
    world.source(ns, "cm:a", annotations={MATCH: "true"})
    world.deploy(ns, "one", used("cm:a"), {SEARCH: "true"})
    world.deploy(ns, "two", used("cm:a"))
    sentinel = Sentinel(world, ns)
    sentinel.ready()
    world.wait_applied(ns, "one")
    one, two = (world.mark(ns, n, "Deployment") for n in ("one", "two"))
    world.change(ns, "cm:a", "new")
    world.wait_moved(ns, "one", one)
    sentinel.pass_by()
    assert world.mark(ns, "two", "Deployment") == two


def cronjob_details(world):
    """A Job that a CronJob's change starts says where it comes from; the CronJob itself is left as it is."""
    ns = world.new_namespace("cron")
    world.source(ns, "cm:a")
    world.deploy(ns, "nightly", used("cm:a"), AUTO, "CronJob")
    world.wait_applied(ns, "nightly", "CronJob")
    spec = world.get(ns, "nightly", "CronJob")["spec"]
    before = world.mark(ns, "nightly", "CronJob")
    world.change(ns, "cm:a", "new")
    world.wait_moved(ns, "nightly", before, "CronJob")
    job, = world.jobs_of(ns, "nightly")
    assert job["metadata"]["name"].startswith("nightly-"), job["metadata"]["name"]
    assert job["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"] == "manual"
    assert world.get(ns, "nightly", "CronJob")["spec"] == spec


def rollout_restart(world):
    """G2: a Rollout with the strategy "restart" gets restartAt and keeps its template."""
    ns = world.new_namespace("g2")
    world.source(ns, "cm:a")
    world.deploy(ns, "r", used("cm:a"), both(AUTO, {"reloader.stakater.com/rollout-strategy": "restart"}), "Rollout")
    world.wait_applied(ns, "r", "Rollout")
    before = world.get(ns, "r", "Rollout")
    mark = world.mark(ns, "r", "Rollout")
    world.change(ns, "cm:a", "new")
    world.wait_moved(ns, "r", mark, "Rollout")
    after = world.get(ns, "r", "Rollout")
    assert after["spec"]["restartAt"].endswith("Z"), after["spec"]
    assert after["spec"]["template"] == before["spec"]["template"]


def classes_in_sequence(world):
    """V2, V4: two changes of a class are two restarts; a ConfigMap counts, too."""
    ns = world.new_namespace("v4")
    for source in ("cm:a", "spc:b"):
        world.source(ns, source)
    world.deploy(ns, "w", used("cm:a") + used("spc:b"), AUTO)
    world.wait_recorded(ns, "w", ["configmap/a", "secretproviderclass/b"])
    generation = world.generation(ns, "w")
    for source, value in (("cm:a", "1"), ("spc:b", "2"), ("spc:b", "3")):
        before = world.mark(ns, "w", "Deployment")
        world.change(ns, source, value)
        world.wait_moved(ns, "w", before)
    now = world.get(ns, "w")
    assert now["metadata"]["generation"] == generation + 3, f"{generation} and three moves made {now}"


COMMON = [(c.name, c.run) for c in C + R + A] + [
    ("A34 only those that search", only_those_that_search), ("C8 details of a Job", cronjob_details),
    ("G2 restartAt of a Rollout", rollout_restart), ("V4 classes and ConfigMaps in sequence", classes_in_sequence)]
ANNOTATIONS = COMMON + [("C16 two changes in sequence", sequence)]
