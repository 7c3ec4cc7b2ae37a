"""Pawl is killed at random moments, the API server goes away: each workload ends at its last value, and has been moved
exactly as often as it was due, none twice. The seed is printed; CRASH_SEED repeats a run."""
import concurrent.futures
import hashlib
import json
import os
import random
import time

import objects
from decisions import used
from pawltest import wait_for
from world import AUTO, Sentinel

WORKLOADS = 200
LONG = 120  # seconds


def all_deployments(world, ns):
    return {d["metadata"]["name"]: d for d in world.kube.list("deployments", ns)}


def fleet(world, ns, n):
    """n Deployments that all use one Secret, each with its record."""
    world.source(ns, "secret:shared")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: world.deploy(ns, f"w-{i}", used("secret:shared"), AUTO), range(n)))
    wait_for(lambda: all(objects.APPLIED in d["metadata"]["annotations"] for d in all_deployments(world, ns).values()),
             LONG, "the records", every=0.3)


def generations(world, ns):
    return {name: d["metadata"]["generation"] for name, d in all_deployments(world, ns).items()}


def values(world, ns):
    """What the variable of the Secret says, over all Deployments."""
    return {objects.variables(dict(d, kind="Deployment")).get("STAKATER_SHARED_SECRET") for d in all_deployments(world, ns).values()}


def wait_grown(world, ns, before, by):
    """All are moved `by` times and by nothing more."""
    def grown():
        now = generations(world, ns)
        missing = [n for n in before if now[n] < before[n] + by]
        return not missing, missing[:5]
    wait_for(grown, LONG, f"{by} moves of each workload", every=0.2)
    sentinel = Sentinel(world, world.new_namespace("after"))  # one too many would come before its restart
    sentinel.ready()
    sentinel.pass_by()
    wrong = {n: g - before[n] for n, g in generations(world, ns).items() if g != before[n] + by}
    assert not wrong, wrong


def kills(world):
    """kill -9 in the middle of fan-outs to 200 workloads."""
    seed = int(os.environ.get("CRASH_SEED", time.time_ns() % 1_000_000))
    print(f"CRASH_SEED={seed}", flush=True)
    dice = random.Random(seed)
    ns = world.new_namespace("kills")
    world.start("run")
    fleet(world, ns, WORKLOADS)
    before = generations(world, ns)
    seen = values(world, ns)
    for turn in range(5):
        world.change(ns, "secret:shared", f"value-{turn}")
        for _ in range(dice.randint(1, 3)):
            time.sleep(dice.uniform(0, 0.6))
            world.pawl.kill()
            world.start("run")
        wait_grown(world, ns, before, turn + 1)
        assert len(values(world, ns)) == 1 and values(world, ns) != seen, "not all at the last value"
        seen = values(world, ns)


def api_server_restart(world):
    """The API server is killed in the middle of a fan-out and comes back."""
    ns = world.new_namespace("api")
    world.start("run")
    fleet(world, ns, WORKLOADS)
    before = generations(world, ns)
    world.change(ns, "secret:shared", "new")
    time.sleep(0.3)
    world.cluster.restart("apiserver", 2)
    wait_for(lambda: world.served("rollouts"), LONG, "the API server")
    wait_grown(world, ns, before, 1)
    world.change(ns, "secret:shared", "newer")
    wait_grown(world, ns, before, 2)


# ---- fifty changes ----

POOL = [f"s-{i}" for i in range(12)]  # and "shared", which all use
CHANGES = 50


class Pool:
    """200 Deployments, each of which uses `shared` and two Secrets of the pool; what each of them is due."""

    def __init__(self, world, dice):
        self.world, self.dice = world, dice
        self.ns = world.new_namespace("fifty")
        self.users = {name: [] for name in POOL + ["shared"]}
        self.values = {}
        for i in range(WORKLOADS):
            for name in dice.sample(POOL, 2) + ["shared"]:
                self.users[name].append(f"w-{i}")
        self.least = {f"w-{i}": 0 for i in range(WORKLOADS)}
        self.most = dict(self.least)

    def deploy(self):
        for name in self.users:
            self.world.source(self.ns, f"secret:{name}")
        uses = {w: [("envFrom", f"secret:{name}") for name, users in self.users.items() if w in users] for w in self.least}
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda w: self.world.deploy(self.ns, w, uses[w], AUTO), uses))
        wait_for(lambda: all(len(records(d)) == 3 for d in all_deployments(self.world, self.ns).values()), LONG, "the records", every=0.3)
        self.before = generations(self.world, self.ns)

    def change(self, value):
        """Up to three Secrets at once. Those that change together are one restart, or as many as they are."""
        names = self.dice.sample(POOL, self.dice.choice((1, 1, 1, 2, 3))) if self.dice.random() < 0.8 else ["shared"]
        for name in names:
            self.world.change(self.ns, f"secret:{name}", value)
            self.values[name] = value
        for w in self.least:
            changed = sum(w in self.users[name] for name in names)
            self.least[w] += min(changed, 1)
            self.most[w] += changed
        return len(names)

    def behind(self):
        """Workloads whose template does not have the last value of a Secret that has been changed."""
        found = {w: objects.variables(dict(d, kind="Deployment")) for w, d in all_deployments(self.world, self.ns).items()}
        return [w for name, value in self.values.items() for w in self.users[name]
                if found[w].get(f"STAKATER_{name.upper().replace('-', '_')}_SECRET") != sha1(f"k={value}")]

    def wait_applied(self):
        wait_for(lambda: (not (behind := self.behind()), behind[:5]), LONG, "the last values everywhere", every=0.1)

    def check(self):
        grown = {w: g - self.before[w] for w, g in generations(self.world, self.ns).items()}
        wrong = {w: (by, self.least[w], self.most[w]) for w, by in grown.items() if not self.least[w] <= by <= self.most[w]}
        assert not wrong, f"(restarts, least, most) {wrong}"


def records(deployment):
    return json.loads(deployment["metadata"]["annotations"].get(objects.APPLIED, "{}"))


def sha1(text):
    return hashlib.sha1(text.encode()).hexdigest()


def fifty(world):
    """50 changes of Secrets of a pool, over 200 workloads, with kill -9 at random moments of most of them, and an API server
    that is killed, too. Each change is awaited, so that what is due is known: one restart each."""
    seed = int(os.environ.get("CRASH_SEED", time.time_ns() % 1_000_000))
    print(f"CRASH_SEED={seed}", flush=True)
    dice = random.Random(seed)
    pool = Pool(world, dice)
    world.start("run")
    pool.deploy()
    done, outage = 0, dice.randint(15, 35)
    while done < CHANGES:
        made = pool.change(f"value-{done}")
        if done <= outage < done + made:
            time.sleep(dice.uniform(0, 0.3))
            world.cluster.restart("apiserver", 1)
            wait_for(lambda: world.served("deployments"), LONG, "the API server")
        elif dice.random() < 0.7:
            for _ in range(dice.randint(1, 2)):
                time.sleep(dice.uniform(0, 0.7))
                world.pawl.kill()
                world.start("run")
        pool.wait_applied()
        done += made
    wait_for(lambda: world.pawl.metric_sum("pawl_reload_pending") == 0, LONG, "rest")
    sentinel = Sentinel(world, world.new_namespace("after-fifty"))
    sentinel.ready()
    sentinel.pass_by()
    assert not pool.behind()
    pool.check()


CASES = [("fifty random changes", fifty), ("killed in fan-outs", kills), ("API server restarts in a fan-out", api_server_restart)]
