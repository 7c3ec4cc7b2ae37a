"""A real Kubernetes on this machine, for the life of a test run (tests/cluster)."""
import atexit
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCRIPTS = ROOT / "tests/cluster"
CACHE = pathlib.Path(os.environ.get("CLUSTER_CACHE")
                     or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "pawl/cluster")
BIN = CACHE / "bin"


class Cluster:
    """Starts at once; stop() or the end of the process takes it down.

    mode: "" (control plane only), "--node" (one real node), "--kwok" (fake nodes). Each cluster needs
    a port of its own; etcd takes the next two.
    """

    def __init__(self, port, mode="", **settings):
        self.port = port
        self.state = tempfile.mkdtemp(prefix=f"pawl-cluster-{port}-")
        self.environment = dict(os.environ, CLUSTER_STATE=self.state, CLUSTER_PORT=str(port), **settings)
        self.environment.pop("KUBECONFIG", None)
        atexit.register(self.stop)
        # A signal ends the process through sys.exit, so that atexit functions run.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        command = [str(SCRIPTS / "up")] + ([mode] if mode else [])
        done = subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, text=True, check=True)
        self.kubeconfig = done.stdout.strip()

    def stop(self):
        if self.state:
            subprocess.run([str(SCRIPTS / "down")], env=self.environment, check=False)
            subprocess.run(["rm", "-rf", self.state], check=False)
            self.state = None

    def load_images(self, pawl):
        """Makes the images of this program and brings them to the node; gives their tag."""
        tar = pathlib.Path(self.state) / "pawl.tar"
        made = subprocess.run([str(ROOT / "tools/make-image"), str(pathlib.Path(pawl).resolve()), str(tar)],
                              check=True, capture_output=True, text=True).stdout
        subprocess.run(["ctr", "--address", f"{self.state}/containerd.sock", "--namespace", "k8s.io", "images", "import", str(tar)],
                       check=True, stdout=subprocess.DEVNULL)
        return re.search(r"pawl-reloader:([^,; ]+)", made).group(1)

    def restart(self, program, seconds=0):
        """Kills one program ("apiserver", "etcd" ...) and starts it again after some seconds."""
        subprocess.run([str(SCRIPTS / "restart"), program, str(seconds)], env=self.environment, check=True)

    def kubectl(self, *args, **options):
        options.setdefault("check", True)
        return subprocess.run([str(BIN / "kubectl"), "--kubeconfig", self.kubeconfig, *args], text=True,
                              capture_output=True, **options)

    def apply(self, text):
        return self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=text)
