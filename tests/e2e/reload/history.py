"""What has happened to workloads, as the API server tells it: every version, not only those that a test happens to read."""
import http.client
import json
import threading

import objects
from objects import PLURALS
from pawltest import wait_for


def state_of(kind, thing):
    """What is different after a restart and only then."""
    if kind == "Job":
        return thing["metadata"]["uid"]
    return json.dumps([objects.template(dict(thing, kind=kind)), thing["spec"].get("restartAt")], sort_keys=True)


class History:
    """Follows the workloads of a namespace from now on. moves() says how often each has been restarted."""

    def __init__(self, world, ns):
        self.world, self.ns = world, ns
        self.states = {}    # (kind, name) -> [state, ...], each different from the one before
        self.versions = {}  # (kind, name) -> resourceVersion of the last
        self.started = {}   # name of a CronJob -> uids of its Jobs
        self.stopped = False
        for kind in PLURALS:
            threading.Thread(target=self.follow, args=(kind,), daemon=True).start()

    def follow(self, kind):
        kube = self.world.kube
        while not self.stopped:
            try:
                connection = http.client.HTTPSConnection(kube.host, kube.port, context=kube.context, timeout=600)
                connection.request("GET", f"/{kube.path(PLURALS[kind], self.ns)}?watch=1")
                answer = connection.getresponse()
                while not self.stopped and (line := answer.readline()):
                    event = json.loads(line)
                    if event.get("type") in ("ADDED", "MODIFIED"):
                        self.see(kind, event["object"])
            except (OSError, http.client.HTTPException, ValueError):
                pass

    def see(self, kind, thing):
        name = thing["metadata"]["name"]
        states = self.states.setdefault((kind, name), [])
        state = state_of(kind, thing)
        if not states or states[-1] != state:
            states.append(state)
        self.versions[kind, name] = thing["metadata"]["resourceVersion"]
        for owner in thing["metadata"].get("ownerReferences", []):
            if kind == "Job" and owner["kind"] == "CronJob":
                self.started.setdefault(owner["name"], set()).add(thing["metadata"]["uid"])

    def moves(self, kind, name):
        """Restarts since the beginning; for a CronJob, Jobs that it has started."""
        if kind == "CronJob":
            return len(self.started.get(name, ()))
        return len(self.states.get((kind, name), [0])) - 1

    def wait_moves(self, workloads, wanted, seconds):
        """Each of the (kind, name) pairs has moved at least so often."""
        def moved():
            missing = {w: self.moves(*w) for w in workloads if self.moves(*w) < wanted}
            return not missing, missing
        wait_for(moved, seconds, f"{wanted} restarts of each workload", every=0.02)

    def catch_up(self, workloads):
        """Returns when the last version of each has been seen."""
        def seen():
            behind = []
            for kind, name in workloads:
                thing = self.world.get(self.ns, name, kind)
                if not thing or thing["metadata"]["resourceVersion"] != self.versions.get((kind, name)):
                    behind.append((kind, name))
            return not behind, behind
        wait_for(seen, 30, "the last version of each workload")

    def check_moves(self, workloads, wanted):
        """Each has moved exactly so often."""
        self.catch_up(workloads)
        wrong = {w: self.moves(*w) for w in workloads if self.moves(*w) != wanted}
        assert not wrong, f"{wanted} restarts were due; there were {wrong}"
