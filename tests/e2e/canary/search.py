"""Where canaries must not be."""
import base64
import contextlib
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile
import urllib.parse

import canaries
import memory
from pawltest import wait_for
from pawltest.programs import PAWL, free_port

PAGES = ("/", "/metrics", "/healthz", "/readyz", "/live", "/status", "/debug/pprof", "/nothing?here")


# ---- the search itself can fail ----

def every_writing_is_found():
    found = canaries.Canaries()
    plain, awkward = found.add("plain"), found.add("awkward", canaries.awkward())
    for written in (plain, b64_at(1, plain), b64_at(2, plain), b64_at(3, plain), plain.encode().hex(), plain[:8], f"x{plain[-8:]}", json.dumps({"a": plain})):
        names = {name for name, _, _ in found.find(f'{{"level":"debug","msg":"got {written}"}}')}
        assert names == {"plain"}, (names, written)
    for written in (json.dumps(awkward), json.dumps(json.dumps(awkward)), urllib.parse.quote(awkward), json.dumps(awkward, ensure_ascii=False), awkward):
        names = {name for name, _, _ in found.find(f"{{{written}}}")}
        assert names == {"awkward"}, (names, written)
    assert not found.find(f"{canaries.text(100)} {plain[:5]} {plain[5:10]}")


def b64_at(offset, value):
    return base64.b64encode(b"#" * offset + value.encode() + b"##").decode()


def a_token_is_found():
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4eHh4eHgifQ." + canaries.text(40)
    assert canaries.Canaries().find(f"Authorization: Bearer {token}") == [("JWT", "plain", 22)]


def memory_is_read():
    """A canary in another process is found, and one in guarded pages is known to be there."""
    found = canaries.Canaries()
    value = found.add("planted")
    code = "import sys; kept = bytearray(sys.stdin.buffer.readline()); print('kept', flush=True); sys.stdin.readline()"
    with subprocess.Popen(["python3", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdin.write(value.encode() + b"\n")
        process.stdin.flush()
        process.stdout.readline()
        assert places(found, process.pid), "not found where it is"
        process.stdin.close()


SELF_TESTS = [("self: " + f.__name__.replace("_", " "), f) for f in (every_writing_is_found, a_token_is_found, memory_is_read)]


# ---- texts ----

def log(s):
    """All that it has said, at the level that says most."""
    text = s.program.log()
    assert '"level":"trace"' in text or '"level":"debug"' in text, text[:500]
    for name in s.failures:
        assert f'"name":"{name}"' in text, f"the failure of {name} is not in the log"
    s.canaries.absent(text, "the log")


def events(s):
    seen = s.kube.list("events")
    assert len({e["involvedObject"]["name"] for e in seen} & set(s.failures)) == len(s.failures)
    s.canaries.absent(json.dumps(seen, ensure_ascii=False), "Events")
    for e in seen:
        s.canaries.absent(e["message"], f"an Event about {e['involvedObject']['name']}")


def at_home(s, secret):
    """The canaries that may be in this Secret's data."""
    place = secret["metadata"]["namespace"], secret["metadata"]["name"]
    return [name for name, homes in s.canaries.homes.items() if place in homes]


def objects(s):
    """Every object of every kind in the cluster, but for the data of the Secrets that a value is meant for."""
    kinds = s.world.kubectl("api-resources", "--verbs=list", "-o", "name").split()
    assert "secrets" in kinds and "externalsecrets.external-secrets.io" in kinds, kinds
    count = 0
    for kind in kinds:
        items = json.loads(s.world.kubectl("get", kind, "-A", "-o", "json", "--show-managed-fields"))["items"]
        count += len(items)
        for item in items:
            data = item.pop("data", None) if kind == "secrets" else None
            s.canaries.absent(json.dumps(item, ensure_ascii=False), f"{kind} {item['metadata'].get('namespace')}/{item['metadata']['name']}")
            if data:
                s.canaries.absent(json.dumps(data), f"data of Secret {item['metadata']['namespace']}/{item['metadata']['name']}",
                                  at_home(s, item))
    assert count > 100, count


def values_arrived(s):
    """The canaries were really handled: each is in the Secrets that it is meant for."""
    for name, homes in s.canaries.homes.items():
        rotated = name in ("plain value", "result of a template")
        for ns, secret in homes if not rotated else ():
            data = s.kube.secret_data(ns, secret)
            hits = {n for value in data.values() for n, _, _ in s.canaries.find(value)}
            assert name in hits, f"{name} is not in {ns}/{secret}"


def pages(s):
    for page in PAGES:
        status, text = s.program.get(page)
        assert status in (200, 404), (page, status)
        s.canaries.absent(text, page)
    assert "externalsecret_sync_calls_total" in s.program.get("/metrics")[1]


def process(s):
    """Nothing is handed on in arguments or variables beyond what it was started with."""
    folder = pathlib.Path(f"/proc/{s.program.process.pid}")
    given = {f"{k}={v}".encode() for k, v in s.program.environment.items()}
    assert set((folder / "environ").read_bytes().rstrip(b"\0").split(b"\0")) <= given
    assert (folder / "cmdline").read_bytes().rstrip(b"\0").decode().split("\0") == s.program.command
    for name in ("environ", "cmdline", "comm", "status", "maps"):
        s.canaries.absent((folder / name).read_bytes(), name)


def commands(s):
    listener = f"--address=http://127.0.0.1:{s.program.port}"
    for args, part in ((("check",), b"external-secrets"), (("check", "-o", "json"), b"external-secrets"),
                       (("status", "-A", listener), b"failing"), (("status", "-A", "-o", "json", listener), b"failing"),
                       (("plan", "-A"), b"web"), (("plan", "-n", "canary", "secret/plain"), b"web")):
        text = s.command(*args)
        assert part in text, (args, text)
        s.canaries.absent(text, "pawl " + " ".join(args))


def render(s):
    """Made for the owner of the values; and still, a file of values that cannot be read is not quoted."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=s.program.folder))
    value = s.canaries.values["value that fails"].decode()
    manifest = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "es"}, "spec": {
        "secretStoreRef": {"name": "store"}, "data": [{"secretKey": "x", "remoteRef": {"key": "x", "property": "p"}}]}}
    (folder / "es.json").write_text(json.dumps(manifest))
    for text in (f'x: "{value}', f"x: [{value}]", f"x: {{a: {value}}}", f"- {value}", f"x: {value}", f"x: !{value} y"):
        (folder / "values.yaml").write_text(text)
        said = s.command("render", "-f", str(folder / "es.json"), "--values", str(folder / "values.yaml"))
        assert said.startswith(b"pawl: "), said
        s.canaries.absent(said, f"what `pawl render` says to {text.replace(value, 'VALUE')!r}")


# ---- memory ----

GUARDED = ("client secret", "wrong client secret", "token of Pawl's ServiceAccount", "JWT", "key of the ledger")


def places(found, pid, only=None):
    """[(name, writing, mapping, what stands around it)]"""
    seen = []
    for mapping, data in memory.read(pid):
        for name, form, at in found.find(data, only=only):
            seen.append((name, form, mapping, data[max(0, at - 48):at + 64]))
    return seen


def guarded(name):
    return name.startswith(GUARDED)


def stray(s):
    """What is in memory where it must not be."""
    return [(name, form, str(mapping), around) for name, form, mapping, around in places(s.canaries, s.program.process.pid)
            if not (guarded(name) and mapping.is_guarded())]


def shown(found):
    return "\n".join(f"  {name} ({form}) in {mapping}:\n    {around!r}" for name, form, mapping, around in found)


def memory_is_wiped(s):
    """Idle again, it holds no value, and tokens, client secrets and the ledger's key only in pages that are locked and left
    out of dumps."""
    last = []

    def clean():
        last[:] = stray(s)
        return not last
    try:
        wait_for(clean, 45, "memory without canaries", every=2)
    except AssertionError:
        raise AssertionError(f"{len(last)} places in memory:\n{shown(last)}") from None
    held = {name for name, _, mapping, _ in places(s.canaries, s.program.process.pid) if mapping.is_guarded()}
    assert any(map(guarded, held)), "not even the tokens that it needs are there: the search has looked elsewhere"


def no_core(s):
    """A crash leaves no core dump, even where the limit allows one; another program's does."""
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if pattern.startswith(("|", "/")):
        print(f"no core dumps to look at: core_pattern is {pattern}")
        return
    folder = tempfile.mkdtemp(dir=s.program.folder)

    def crash(*command, ready=lambda p: True):
        with subprocess.Popen(command, cwd=folder, env=s.program.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as p:
            try:
                wait_for(lambda: ready(p), 30, "the start")
                with contextlib.suppress(PermissionError):  # a hard limit of 0 holds even against root in a container
                    resource.prlimit(p.pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                p.send_signal(signal.SIGABRT)
                assert p.wait(30) == -signal.SIGABRT
            finally:
                p.kill()
        return [f for f in os.listdir(folder) if f.startswith("core")]

    if not crash("sleep", "60"):
        print("no core dumps to look at: this machine writes none")
        return
    shutil.rmtree(folder)
    os.mkdir(folder)
    s.program.stop()
    port = free_port()
    limits = []

    def ready(p):
        limits[:] = [line for line in pathlib.Path(f"/proc/{p.pid}/limits").read_text().splitlines() if line.startswith("Max core")]
        s.program.port = port
        return s.program.get("/readyz")[0] == 200

    command = [PAWL, *(f"--listen=127.0.0.1:{port}" if a.startswith("--listen=") else a for a in s.program.command[1:])]
    left = crash(*command, ready=ready)
    assert limits[0].split()[4:6] == ["0", "0"], limits
    assert not left, f"{left} in spite of PR_SET_DUMPABLE"


CASES = [(f.__name__.replace("_", " "), f) for f in (
    values_arrived, log, events, objects, pages, process, commands, render, memory_is_wiped, no_core)]
