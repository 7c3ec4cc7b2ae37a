"""A bad network and an API server in trouble: whatever requests and watches meet, each workload ends at the last value and
has been restarted exactly as often as it was due, none twice. The seed is printed; FAULT_SEED repeats a run."""
import concurrent.futures
import contextlib
import hashlib
import json
import os
import random
import threading
import time

import ledger
import objects
from decisions import both, used
from history import History
from pawltest import wait_for
from pawltest.proxy import (Fault, Proxy, Relay, cut_answer, cut_event, expire, fail_after, hold, refuse, reset_after,
                            reset_before, rewrite, slow)
from world import AUTO, Sentinel

LONG = 120  # seconds
TURNS = 3
RESTART_AT = {"reloader.stakater.com/rollout-strategy": "restart"}
SOURCE = "secret:shared"

# Thirty Deployments and some of every other kind. A Rollout in both of its strategies.
FLEET = [("Deployment", f"w-{i}") for i in range(30)] + [
    ("DaemonSet", "ds"), ("StatefulSet", "sts"), ("CronJob", "cron"), ("Job", "job"), ("Rollout", "ro"), ("Rollout", "ro-at")]
STOCK_FLEET = [w for w in FLEET if w[0] != "Rollout"]  # Reloader's chart grants no Rollouts unless asked


def seed():
    number = int(os.environ.get("FAULT_SEED", time.time_ns() % 1_000_000))
    print(f"FAULT_SEED={number}", flush=True)
    return number


def deploy_fleet(world, ns, fleet):
    world.source(ns, SOURCE, "value-0")

    def deploy(workload):
        kind, name = workload
        world.deploy(ns, name, used(SOURCE), both(AUTO, RESTART_AT if name == "ro-at" else {}), kind)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(deploy, fleet))


def hash_of(value):
    return hashlib.sha1(f"k={value}".encode()).hexdigest()


def check_value(world, ns, fleet, value, annotations):
    """The pod templates (and Jobs) carry the hash of this value. restartAt leaves the template alone."""
    for kind, name in fleet:
        if name == "ro-at":
            continue
        for thing in [dict(j, kind="Job") for j in newest_job(world, ns, name)] if kind == "CronJob" else [world.get(ns, name, kind)]:
            found = (json.loads(objects.last_reloaded(thing))["hash"] if annotations
                     else objects.variables(thing)["STAKATER_SHARED_SECRET"])
            assert found == hash_of(value), f"{kind} {name} is at {found}, not at {value}"
            names = [e["name"] for c in objects.template(thing)["spec"]["containers"] for e in c.get("env", [])]
            assert len(names) == len(set(names)), f"{kind} {name} has a variable twice: {names}"


def newest_job(world, ns, cronjob):
    return sorted(world.jobs_of(ns, cronjob), key=lambda j: int(j["metadata"]["resourceVersion"]))[-1:]


class Mode:
    """How Pawl is started."""

    def __init__(self, name, command, *flags, fleet=None, stock=False, annotations=False):
        self.name, self.command, self.flags, self.fleet, self.stock = name, command, flags, fleet or FLEET, stock
        self.annotations = annotations

    def start(self, world, proxy):
        if self.stock:
            return world.start("reloader", *self.flags, kubeconfig=proxy.kubeconfig_like(ledger.stock_account(world)),
                               environment={**ledger.ENVIRONMENT, "POD_NAMESPACE": ""})
        return world.start(self.command, *self.flags, kubeconfig=proxy.kubeconfig)


ENV_VARS = Mode("env-vars", "run", "--argo-rollouts")
ANNOTATIONS = Mode("annotations", "reloader", "--reload-strategy=annotations", "--is-Argo-Rollouts=true", annotations=True)
LISTED = Mode("stock rights, annotations", "reloader", "--reload-strategy=annotations", stock=True, annotations=True, fleet=STOCK_FLEET)
LISTED_ENV = Mode("stock rights, env-vars", "reloader", stock=True, fleet=STOCK_FLEET)


@contextlib.contextmanager
def proxied(world, number=0):
    proxy = Proxy(world.cluster, world.kube, number)
    try:
        yield proxy
    except Exception:
        print("\n".join(world.pawl.log().splitlines()[-60:]))
        raise
    finally:
        world.stop()
        proxy.close()


def recorded(world, ns, mode):
    """What Pawl moves later has a record; with stock rights the first move is made without one, as it is for Reloader."""
    for kind, name in mode.fleet:
        if not (mode.stock and kind in ("CronJob", "Job")):
            world.wait_applied(ns, name, kind)


def change_in_turns(world, ns, mode, between=lambda: None, calm=lambda: None):
    """Changes one after the other, each awaited on all workloads; then nothing more may come. between: after each change;
    calm: before the end, so that watches that have to wait for long are not what is measured."""
    history = History(world, ns)
    deployments = [w for w in mode.fleet if w[0] == "Deployment"]
    history.catch_up(mode.fleet)
    before = {name: world.generation(ns, name) for _, name in deployments}
    for turn in range(1, TURNS + 1):
        world.change(ns, SOURCE, f"value-{turn}")
        between()
        history.wait_moves(mode.fleet, turn, LONG)
    calm()
    still(world, mode)
    history.check_moves(mode.fleet, TURNS)
    check_value(world, ns, mode.fleet, f"value-{TURNS}", mode.annotations)
    grown = {name: world.generation(ns, name) - before[name] for _, name in deployments}
    wrong = {name: by for name, by in grown.items() if by != TURNS}
    assert not wrong, f"generations grew by {wrong}"
    history.stopped = True


def still(world, mode):
    """Nothing is due, nothing fails; what would come once more has had its chance."""
    pawl = world.pawl
    wait_for(lambda: pawl.metric_sum("pawl_reload_pending") + pawl.metric_sum("pawl_reload_failing") == 0, LONG, "rest")
    ns = world.new_namespace("still")
    sentinel = Sentinel(world, ns)
    if not mode.stock:
        sentinel.ready()
    sentinel.pass_by()


class Trouble:
    """One fault, a fan-out to a fleet, several changes."""

    def __init__(self, name, mode, make, before_start=False, cut=False):
        """cut: watches that were opened before have to be opened again."""
        self.name, self.mode, self.make, self.before_start, self.cut = f"{name} ({mode.name})", mode, make, before_start, cut

    def run(self, world):
        with proxied(world) as proxy:
            ns = world.new_namespace("faults")
            deploy_fleet(world, ns, self.mode.fleet)
            if self.before_start:
                proxy.faults = self.make()
            self.mode.start(world, proxy)
            recorded(world, ns, self.mode)
            if not self.before_start:
                proxy.faults = self.make()
            if self.cut:
                proxy.cut_streams()
            faults = proxy.faults
            change_in_turns(world, ns, self.mode)
            assert all(f.done for f in faults), "a fault was never met: " + ", ".join(f.path.pattern for f in faults if not f.done)


WRITES = r"deployments/|daemonsets/|statefulsets/|rollouts/|/jobs|cronjobs/"
WATCH_SECRETS, WATCH_WORKLOADS = r"/secrets\?.*watch=1", r"apis/(apps|batch|argoproj).*watch=1"
LISTS = r"apis/(apps|batch)/v1/[^?]*(?<!-)(deployments|daemonsets|statefulsets|jobs|cronjobs)(\?|$)"


def writes(action, times=40):
    """The first so many patches of workloads, and some creations and deletions: of these there are few, and each
    failure makes the next attempt wait for longer."""
    return lambda: [Fault(action, "PATCH", WRITES, times), Fault(action, "POST", WRITES, 4), Fault(action, "DELETE", WRITES, 2)]


def watches(action):
    """Few: as every client of Kubernetes does, Pawl waits for ever longer until it opens a broken watch again."""
    return lambda: [Fault(action, "GET", WATCH_SECRETS, 3), Fault(action, "GET", WATCH_WORKLOADS, 5)]


def in_pages():
    """Lists of 7 instead of 500; in the middle of some of them the rest has expired."""
    return [Fault(refuse(422), "GET", "sendInitialEvents"), Fault(refuse(410), "GET", "limit=.*continue=", 5),
            Fault(rewrite("limit=500", "limit=7"), "GET", "limit=500"), Fault(expire(9), "GET", "watch=1", 8)]


def reads(action, times=5):
    """Of the changed Secret."""
    return lambda: [Fault(action, "GET", r"/secrets/shared", times)]


TROUBLE = [
    Trouble("409 for writes", ENV_VARS, writes(refuse(409))),
    Trouble("429 for writes", ENV_VARS, writes(refuse(429, 1), 20)),
    Trouble("500 for writes", ENV_VARS, writes(refuse(500))),
    Trouble("503 for writes and reads", ENV_VARS, lambda: writes(refuse(503))() + reads(refuse(503))()),
    Trouble("reset before the request", ENV_VARS, lambda: writes(reset_before)() + reads(reset_before)()),
    Trouble("reset after it was done", ENV_VARS, writes(reset_after)),
    Trouble("reset after it was done", ANNOTATIONS, writes(reset_after)),
    Trouble("reset after it was done", LISTED, writes(reset_after)),
    Trouble("reset after it was done", LISTED_ENV, writes(reset_after)),
    Trouble("half of an answer", ANNOTATIONS, lambda: writes(cut_answer)() + reads(cut_answer)()),
    Trouble("done, and said to have failed", ANNOTATIONS, writes(fail_after(504))),
    Trouble("slow bytes", ENV_VARS, lambda: writes(slow(100, 0.01))() + [Fault(slow(500, 0.01), "GET", "secrets/")]),
    Trouble("watches are cut in an event", ENV_VARS, watches(cut_event(3)), cut=True),
    Trouble("the change is cut off", ENV_VARS, lambda: [Fault(cut_event(0), "GET", "watch=1.*resourceVersion=[1-9]", 4)] + watches(expire(40))(), cut=True),
    Trouble("watches expire", ENV_VARS, watches(expire(5)), cut=True),
    Trouble("lists expire between pages", ENV_VARS, in_pages, before_start=True),
    Trouble("lists of a batch fail", LISTED_ENV, lambda: [Fault(refuse(500), "GET", LISTS, 5), Fault(reset_after, "GET", LISTS, 5)]),
]


def nothing_comes_back(world):
    """Writes are done and their answers lost, while the watches are dead as well: nothing says what has happened."""
    with proxied(world) as proxy:
        ns = world.new_namespace("blind")
        deploy_fleet(world, ns, FLEET)
        ANNOTATIONS.start(world, proxy)
        recorded(world, ns, ANNOTATIONS)
        gate = threading.Event()
        proxy.faults = writes(reset_after, 60)() + [Fault(late(gate), "GET", WATCH_WORKLOADS)]
        proxy.cut_streams()
        threading.Timer(3, gate.set).start()
        change_in_turns(world, ns, ANNOTATIONS)


def late(gate):
    """Passed on only after the gate has been opened."""
    def action(x):
        gate.wait(60)
        x.pass_on()
    return action


def anything(number):
    """A mix of everything, at all requests. Rare enough for a Job, which five requests in a row must go well for."""
    dice = random.Random(number)
    broken = [refuse(409), refuse(429, 1), refuse(500), refuse(503), reset_before, reset_after, fail_after(504), cut_answer,
              slow(200, 0.005)]
    return ([Fault(cut_event(dice.randint(0, 20)), "GET", "watch=1", None, 0.15), Fault(expire(dice.randint(0, 20)), "GET", "watch=1", None, 0.15)]
            + [Fault(action, None, r"^(?!.*watch=1)", None, 0.015) for action in broken])


def random_mix(mode):
    def case(world):
        number = seed()
        with proxied(world, number) as proxy:
            ns = world.new_namespace("mix")
            deploy_fleet(world, ns, mode.fleet)
            mode.start(world, proxy)
            recorded(world, ns, mode)
            proxy.faults = anything(number)
            change_in_turns(world, ns, mode, calm=lambda: setattr(proxy, "faults", [f for f in proxy.faults if f.path.pattern != "watch=1"]))
    return case


def cut_connections(world):
    """HTTP/2, all of whose connections break again and again, somewhere in an answer."""
    number = seed()
    dice = random.Random(number)
    relay = Relay(world.cluster, world.kube.port)
    try:
        ns = world.new_namespace("cuts")
        deploy_fleet(world, ns, FLEET)
        ANNOTATIONS.start(world, relay)
        recorded(world, ns, ANNOTATIONS)
        relay.budget = lambda: int(dice.expovariate(1 / 40_000)) + 5_000  # a handshake must be possible

        def cut():
            for _ in range(5):
                time.sleep(dice.uniform(0, 0.1))
                relay.cut()
        change_in_turns(world, ns, ANNOTATIONS, cut, lambda: setattr(relay, "budget", lambda: None))
        assert relay.cuts > 10, relay.cuts
        world.stop()
    finally:
        relay.close()


# ---- what is asked with stock rights ----

def lists_are_shared(world):
    """Without the right to watch workloads they are listed, one list a kind and batch: changes that come while lists are
    under way have one more batch between them, however many they are, and are one restart of what the list shows."""
    with proxied(world) as proxy:
        ns = world.new_namespace("shared-lists")
        kinds = [w for w in STOCK_FLEET if w[0] != "Job"]  # replacing one has its namespace listed, too
        deploy_fleet(world, ns, kinds)
        LISTED_ENV.start(world, proxy)
        for kind, name in kinds:
            if kind != "CronJob":
                world.wait_applied(ns, name, kind)
        history = History(world, ns)
        history.catch_up(kinds)
        gate = threading.Event()
        proxy.faults = [Fault(hold(gate), "GET", f"/namespaces/{ns}/deployments(\\?|$)")]
        lists = lambda: proxy.count("GET", f"/namespaces/{ns}/[a-z]+(\\?|$)")  # noqa: E731
        before, seen = lists(), updates(world)
        world.change(ns, SOURCE, "value-1")
        wait_for(lambda: proxy.faults[0].done, LONG, "the lists of the first change")
        for i in range(2, 32):
            world.change(ns, SOURCE, f"value-{i}")
        wait_for(lambda: updates(world) == seen + 31, LONG, "the news of all changes")
        gate.set()
        history.wait_moves(kinds, 1, LONG)
        still(world, LISTED_ENV)
        assert lists() - before == 2 * len(LISTED_KINDS), f"{lists() - before} lists for two batches of {len(LISTED_KINDS)} kinds"
        # Their list was held. What another list shows to have changed may move meanwhile, for what is known by then.
        history.check_moves([w for w in kinds if w[0] == "Deployment"], 1)
        check_value(world, ns, kinds, "value-31", False)


LISTED_KINDS = ("deployments", "cronjobs", "jobs", "daemonsets", "statefulsets")


def updates(world):
    return world.pawl.metric_sum("reloader_events_received_total", event_type="update", resource_type="secrets")


CASES = [("stock rights: lists are shared", lists_are_shared)] + [(t.name, t.run) for t in TROUBLE] + [
    ("answers are lost while watches are dead", nothing_comes_back), ("connections are cut (HTTP/2, annotations)", cut_connections)] + [
    (f"anything at random ({m.name})", random_mix(m)) for m in (ENV_VARS, ANNOTATIONS, LISTED)]
