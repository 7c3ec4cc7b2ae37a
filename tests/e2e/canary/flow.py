"""What the canaries go through: one Pawl with both roles, everything that works and everything that fails with a value in
hand."""
import base64
import json
import pathlib
import subprocess
import tempfile

import canaries
from pawltest import Pawl, wait_for
from world import b64

HOME = "pawl-system"  # Pawl's own namespace
LEDGER = "pawl-ledger"
CLIENT = "3d7fa000-0000-4000-8000-000000000001"

# A template that fails, or that the API server refuses, each with values in hand: .x a canary, .json a canary in JSON,
# .archive a PKCS#12 archive whose password is not .password.
FAILING = {
    "fail": "{{ fail .x }}",
    "fail-text": "{{ printf \"wrong: %s\" .x | fail }}",
    "wrong-password": "{{ .archive | b64dec | pkcs12keyPass .password }}",
    "not-an-archive": "{{ .x | pkcs12key }}",
    "not-pem": "{{ .x | filterCertChain \"leaf\" }}",
    "not-a-jwk": "{{ .json | jwkPrivateKeyPem }}",
    "not-rsa": "{{ rsaDecrypt \"RSA-OAEP\" \"SHA256\" .x .x }}",
    "json": "{{ .x | mustFromJson }}",
    "json-cut": "{{ printf \"{\\\"a\\\":%s\" .x | mustFromJson }}",
    "date": "{{ mustToDate \"2006-01-02\" .x }}",
    "regex": "{{ mustRegexMatch (printf \"[%s\" .x) .x }}",
    "regex-find": "{{ regexFind (printf \"%s(\" .x) .x }}",
    "semver": "{{ semver .x }}",
    "semver-compare": "{{ semverCompare .x .x }}",
    "index": "{{ index .x 999 }}",
    "field": "{{ .x.y }}",
    "call": "{{ call .x }}",
    "type": "{{ add1 .x | len }}",
    "derive": "{{ derivePassword 1 \"long\" .x .x .x | b64dec | mustFromJson }}",
    "private-key": "{{ genPrivateKey .x | mustFromJson }}",
    "cert-with-key": "{{ (genSelfSignedCertWithKey \"a\" nil nil 1 .x).Cert }}",
    "decrypt": "{{ decryptAES .x .x | mustFromJson }}",
    "custom-cert": "{{ (buildCustomCert .x .x).Cert }}",
    "url": "{{ (urlParse (printf \"http://[%s\" .x)).host }}",
    "template": "{{ template .x }}",
    "dict": "{{ dict .x | len }}{{ get .x .x }}",
    "ternary": "{{ ternary .x .x .x }}",
    "duration": "{{ dateModify .x now }}{{ mustDateModify .x now }}",
    "repeat": "{{ repeat 900000000 .x }}",
}
TEMPLATE_FROM = {
    "not-yaml": "{{ .x }}",
    "not-yaml-at-all": "a: [{{ .x }}",
    "not-strings": "k: {a: '{{ .x }}'}",
    "anchor": "k: *{{ .x }}",
}
# Templates of metadata whose results no API server takes.
METADATA = {
    "label": {"labels": {"l": "!{{ .x }}"}},
    "long-label": {"labels": {"l": "{{ .x }}{{ .x }}{{ .x }}"}},
}
DECODINGS = ("Base64", "Base64URL")


def certificate(folder):
    """(PKCS#12 without a password, PKCS#12 with one, private key as DER, its password)"""
    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True)
    password = canaries.text()
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key", "-out", "cert", "-subj", "/CN=canary", "-days", "9")
    openssl("pkcs12", "-export", "-in", "cert", "-inkey", "key", "-passout", "pass:", "-out", "open.p12")
    openssl("pkcs12", "-export", "-in", "cert", "-inkey", "key", "-passout", f"pass:{password}", "-out", "closed.p12")
    openssl("rsa", "-in", "key", "-outform", "DER", "-out", "der")
    return tuple((pathlib.Path(folder) / f).read_bytes() for f in ("open.p12", "closed.p12", "der")) + (password,)


class Scene:
    def __init__(self, world):
        self.world = world
        self.kube = world.kube
        self.canaries = canaries.Canaries()
        self.program = None
        self.failures = []  # (namespace, name) of the ExternalSecrets that cannot be synced

    # ---- who runs ----

    def start(self):
        w = self.world
        self.kube.namespace(HOME)
        self.kube.create("serviceaccounts", HOME, {"metadata": {"name": "pawl"}})
        self.kube.create("clusterrolebindings", None, {
            "metadata": {"name": "pawl"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "ServiceAccount", "namespace": HOME, "name": "pawl"}]})
        token = w.kubectl("create", "token", "pawl", "-n", HOME).strip()
        self.canaries.add("token of Pawl's ServiceAccount", token.rsplit(".", 1)[1])
        self.kubeconfig = w.kubeconfig_of(token)
        self.program = Pawl(self.kubeconfig, "--log-level=trace", "--log-format=json", f"--extra-ca-file={w.emulator.ca_file()}",
                            environment={"POD_NAMESPACE": HOME}).start().wait_ready(60)

    # ---- what it is to do ----

    def applications(self):
        secret = self.canaries.add("client secret", None, ("canary", "azure"), ("failing", "azure"))
        self.world.reseed(lambda seed: seed["apps"].append(("canary", CLIENT, secret)))
        self.canaries.add("wrong client secret", None, ("failing", "wrong"))
        for ns in ("canary", "failing"):
            case = self.world.case(ns, sign_in=False)
            case.credentials(CLIENT, secret)
            setattr(self, ns, case)
        self.failing.credentials(CLIENT, self.canaries.values["wrong client secret"].decode(), "wrong")

    def working(self):
        c, add = self.canary, self.canaries.add
        c.store()
        folder = tempfile.mkdtemp(dir=self.world.emulator.folder)
        archive, closed, der, password = certificate(folder)
        at = len(der) // 2  # in the first prime
        add("private key", der[at:at + 48], ("canary", "certificate"))
        add("password of the archive", password, ("canary", "texts"))
        c.put("plain", add("plain value", None, ("canary", "plain"), ("canary", "texts")))
        c.put("awkward", add("awkward value", canaries.awkward(), ("canary", "plain"), ("canary", "texts")))
        c.put("json", json.dumps({"user": "u", "password": add("value in JSON", None, *(("canary", n) for n in ("property", "extract", "all")))}))
        c.put("binary", b64(add("binary value", bytes(canaries.text(24), "ascii") + b"\0\xff\xfe\x80" * 6, ("canary", "binary"))))
        c.put("archive", b64(archive))
        c.put("closed", b64(closed))
        c.put("password", password)
        add("result of a template", self.canaries.values["plain value"].decode().swapcase(), ("canary", "templated"), ("canary", "texts"))
        c.es("plain", {"x": "plain", "y": "awkward"})
        c.es("property", {"x": {"key": c.key("json"), "property": "password"}})
        c.es("extract", dataFrom=[{"extract": {"key": c.key("json")}}])
        c.es("all", {"x": "json"})
        c.es("binary", {"x": {"key": c.key("binary"), "decodingStrategy": "Base64"}})
        c.es("templated", {"x": "plain"}, target={"template": {"data": {"x": "{{ .x | swapcase }}"}}})
        c.es("certificate", {n: n for n in ("archive", "closed", "password")}, target={"template": {"data": {
            "tls.key": "{{ .archive | b64dec | pkcs12key }}", "tls.crt": "{{ .archive | b64dec | pkcs12cert }}",
            "again.key": "{{ .closed | b64dec | pkcs12keyPass .password }}", "jks": "{{ pemToPkcs12Pass (.closed | b64dec | pkcs12certPass .password) "
            "(.closed | b64dec | pkcs12keyPass .password) .password }}"}}})
        c.es("texts", {"x": "plain", "y": "awkward", "p": "password"}, target={"template": {"templateFrom": [
            {"literal": "{{ range $k, $v := . }}{{ $k }}-copy: {{ $v | b64enc | quote }}\n{{ end }}s: {{ .x | swapcase }}"}]}})
        for name in ("plain", "property", "extract", "all", "binary", "templated", "certificate", "texts"):
            c.synced(name)

    def workload_identity(self):
        c = self.world.case("canary-workload", sign_in=False)
        c.store(**c.workload_identity())
        c.put("x", self.canaries.add("value by workload identity", None, (c.ns, "es")))
        c.es(data={"x": "x"})
        c.synced()

    def restart(self):
        """A workload that uses a Secret, and a new value for it."""
        c = self.canary
        meta = {"name": "web", "annotations": {"reloader.stakater.com/auto": "true"}}
        self.kube.create("deployments", c.ns, {"metadata": meta, "spec": {
            "selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [
                {"name": "web", "image": "none", "envFrom": [{"secretRef": {"name": "plain"}}]}]}}}})

        def applied():
            return self.kube.get("deployments", c.ns, "web")["metadata"]["annotations"].get("pawl.dev/applied")

        wait_for(applied, 60, "the record of what the workload was started with")
        before = applied()
        c.put("plain", self.canaries.add("rotated value", None, ("canary", "plain"), ("canary", "texts")))
        self.canaries.add("rotated result", self.canaries.values["rotated value"].decode().swapcase(), ("canary", "templated"), ("canary", "texts"))
        for name in ("plain", "templated", "texts"):
            c.annotate(name)
        wait_for(lambda: applied() != before, 60, "the restart")
        wait_for(lambda: c.data("templated")["x"] == self.canaries.values["rotated result"].decode(), 60, "the rotated result")
        key = self.kube.secret_data(HOME, LEDGER)
        for name, value in key.items():
            if len(value) >= 16:
                self.canaries.add(f"key of the ledger ({name})", value, (HOME, LEDGER))
        assert any(name.startswith("key of the ledger") for name in self.canaries.values), key.keys()

    def fails(self, name, data=None, **spec):
        self.failing.es(name, data, **spec)
        self.failures.append(name)

    def broken(self):
        c, add = self.failing, self.canaries.add
        c.store()
        c.store("signs-in-wrongly", wait=False, authSecretRef={
            "clientId": {"name": "wrong", "key": "client-id"}, "clientSecret": {"name": "wrong", "key": "client-secret"}})
        c.put("x", add("value that fails", None))
        c.put("awkward", add("awkward value that fails", canaries.awkward()))
        c.put("json", json.dumps({"kty": "RSA", "d": add("value in JSON that fails", None)}))
        c.put("cut", '{"password": "' + add("value in JSON that is cut", None))
        c.put("nul", add("value with a null byte", canaries.text(16) + "\0" + canaries.text(16)))
        c.put("password", add("wrong password", None))
        c.put("archive", base64.b64encode(base64.b64decode(self.world.vault.request("GET", f"/secrets/{self.canary.key('closed')}")[1]["value"])).decode())
        values = {n: n for n in ("x", "json", "archive", "password")}
        for name, text in FAILING.items():
            self.fails(name, values, target={"template": {"data": {"x": text}}})
        for name, text in TEMPLATE_FROM.items():
            self.fails(name, values, target={"template": {"templateFrom": [{"literal": text}]}})
            self.fails(f"{name}-awkward", {**values, "x": "awkward"}, target={"template": {"templateFrom": [{"literal": text}]}})
        for name, meta in METADATA.items():
            self.fails(name, values, target={"template": {"metadata": meta, "data": {"k": "v"}}})
        for i, decoding in enumerate(DECODINGS):
            self.fails(f"decoding-{i}", {"x": {"key": c.key("awkward"), "decodingStrategy": decoding}})
        self.fails("property", {"x": {"key": c.key("json"), "property": "nothing.here"}})
        self.fails("property-of-text", {"x": {"key": c.key("awkward"), "property": "a"}})
        self.fails("property-of-cut", {"x": {"key": c.key("cut"), "property": "a"}})
        self.fails("extract-of-text", dataFrom=[{"extract": {"key": c.key("x")}}])
        self.fails("extract-of-cut", dataFrom=[{"extract": {"key": c.key("cut")}}])
        self.fails("null-byte", {"x": {"key": c.key("nul"), "nullBytePolicy": "Fail"}})
        self.fails("sign-in", {"x": "x"}, store="signs-in-wrongly")
        def judged():
            seen = {name: self.kube.condition("externalsecrets", c.ns, name).get("status") for name in self.failures}
            return None not in seen.values(), seen
        fine = [name for name, status in wait_for(judged, 90, "a condition of all")[1].items() if status == "True"]
        assert not fine, f"no failures: {fine}"
        for name in self.failures:
            c.event("UpdateFailed", "", name)
        c.store_becomes("True", "Valid", "signs-in-wrongly")

    def set(self):
        self.start()
        self.applications()
        self.working()
        self.workload_identity()
        self.restart()
        self.broken()

    # ---- what other commands print ----

    def command(self, *args):
        """Output and errors of another Pawl."""
        done = subprocess.run([self.program.command[0], *args], env=self.program.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=120, check=False)
        return done.stdout + done.stderr

