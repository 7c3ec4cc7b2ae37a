"""Pawl and the emulator as processes of a test."""
import atexit
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request

from .checks import wait_for

ROOT = pathlib.Path(__file__).resolve().parents[3]
PAWL = os.environ.get("PAWL") or str(ROOT / "build/pawl")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Program:
    """One process of ours: its log in a file, stopped when the test ends."""

    def __init__(self, name, command, environment=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"pawl-{name}-"))
        self.log_path = self.folder / "log"
        self.command = command
        self.environment = dict(os.environ, **(environment or {}))
        self.process = None
        atexit.register(self.close)

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment)
        return self

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """kill -9, as a crash or an OOM kill would."""
        if self.alive():
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self, seconds=30):
        """SIGTERM; gives the exit status."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f"{self.command[0]} did not stop within {seconds} s:\n{self.log()[-2000:]}")
        return self.process.returncode if self.process else None

    def close(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def resident_bytes(self):
        """Resident memory of the process now (VmRSS)."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Pawl(Program):
    """`pawl run` (or another controller command) outside of the cluster, as a kubeconfig's user."""

    def __init__(self, kubeconfig, *flags, command=("run",), environment=None, listen=True):
        self.host, self.port = "127.0.0.1", free_port()
        listen = [f"--listen=127.0.0.1:{self.port}"] if listen else []
        super().__init__("run", [PAWL, *command, *listen, *flags],
                         dict({"KUBECONFIG": kubeconfig}, **(environment or {})))

    def get(self, path, timeout=10):
        """(status, text); (0, reason) without an answer."""
        try:
            with urllib.request.urlopen(f"http://{self.host}:{self.port}{path}", timeout=timeout) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def wait_ready(self, seconds=30):
        def ready():
            if not self.alive():
                raise AssertionError(f"pawl has exited with {self.process.returncode}:\n{self.log()[-3000:]}")
            status, text = self.get("/readyz")
            return status == 200, text
        wait_for(ready, seconds, "readiness of pawl", every=0.005)
        return self

    def metrics(self):
        """{'name{labels}': value} as /metrics says."""
        values = {}
        for line in self.get("/metrics")[1].splitlines():
            if line and not line.startswith("#"):
                key, value = line.rsplit(" ", 1)
                values[key] = float(value)
        return values

    def metric_sum(self, name, /, **labels):
        """Sum over the series of a metric that have these label values."""
        total = 0.0
        for key, value in self.metrics().items():
            if key.split("{")[0] == name and all(f'{k}="{v}"' in key for k, v in labels.items()):
                total += value
        return total


class Emulator(Program):
    """`pawl emulator` with a seed (text), and its admin API.

    Clients in the same network reach the vault NAME under https://NAME.vault.emu.test:PORT with the hosts
    entries of `hosts` in effect.
    """

    def __init__(self, seed, *flags, listen="127.0.0.1", port=None):
        self.port = port or free_port()
        self.admin = free_port()
        super().__init__("emulator", [])
        (self.folder / "seed.yaml").write_text(seed)
        self.command = [PAWL, "emulator", f"--listen={listen}:{self.port}", f"--admin-listen=127.0.0.1:{self.admin}",
                        f"--data={self.folder}/data", f"--seed={self.folder}/seed.yaml", *flags]

    def wait_ready(self, seconds=15):
        def ready():
            assert self.alive(), self.log()[-3000:]
            try:
                return self.admin_request("GET", "/healthz") is not None
            except OSError as error:
                return False, str(error)
        wait_for(ready, seconds, "readiness of the emulator", every=0.01)
        return self

    def ca_file(self):
        path = self.folder / "data/ca.crt"
        wait_for(path.exists, 10, "the emulator's CA")
        return str(path)

    def admin_request(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.admin}{path}", data, method=method,
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read().decode()
        try:
            return json.loads(text) if text else {}
        except ValueError:
            return text
