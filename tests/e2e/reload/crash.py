"""Pawl is killed at random moments, the API server goes away: each workload ends at its last value, and has been moved
exactly as often as it was due, none twice. The seed is printed; CRASH_SEED repeats a run."""
import concurrent.futures
import os
import random
import time

import objects
from decisions import used
from pawltest import wait_for
from world import AUTO

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
    time.sleep(1)  # one too many would come now
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


CASES = [("killed in fan-outs", kills), ("API server restarts in a fan-out", api_server_restart)]
