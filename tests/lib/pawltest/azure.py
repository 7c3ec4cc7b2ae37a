"""Azure's names on this machine, and a vault to write to.

    azure_names()                        # first thing in main(): runs the script again in a mount namespace
    vault = Vault(Emulator(seed(), listen=ADDRESS, port=443), ...)

In the namespace /etc/hosts leads login.microsoftonline.com and *.vault.azure.net (those named) to
ADDRESS, where an emulator listens on port 443; nothing else on the machine sees that.
"""
import http.client
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ADDRESS = "127.0.0.77"
LOGIN = "login.microsoftonline.com"
TENANT = "72f988bf-0000-4000-8000-2d7cd011db47"
SUBSCRIPTION = "5e1f2a00-0000-4000-8000-00000000d3e0"
APP, APP_SECRET = "2c6e9f00-0000-4000-8000-000000000003", "eso~secret-of-the-test"
WRITER, WRITER_SECRET = "0a9b4c00-0000-4000-8000-000000000001", "writer~secret-of-the-test"
NOBODY, NOBODY_SECRET = "0a9b4c00-0000-4000-8000-000000000009", "nobody~secret-of-the-test"
VAULT = "my-key-vault"


def azure_names(*vaults, address=ADDRESS):
    """Returns inside of the namespace only. Root is needed for the mount and for port 443. Suites that may
    run side by side take an address of their own each."""
    if os.environ.get("PAWL_TEST_NAMES") != "1":
        os.environ["PAWL_TEST_NAMES"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv])
    hosts = tempfile.NamedTemporaryFile("w", prefix="pawl-hosts-", delete=False)
    with hosts, open("/etc/hosts", encoding="utf-8") as old:
        hosts.write(old.read())
        names = [LOGIN, "management.azure.com", *(f"{v}.vault.azure.net" for v in vaults or (VAULT,))]
        hosts.write(f"\n{address} {' '.join(names)}\n")
    subprocess.run(["mount", "--bind", hosts.name, "/etc/hosts"], check=True)
    os.unlink(hosts.name)


def seed(extra="", vaults=(VAULT,)):
    """A tenant, an app that may read the vaults (APP), one that may write (WRITER), one that may nothing."""
    lines = [f"tenants: [{{id: {TENANT}, name: Test, domain: test.example}}]",
             f"subscriptions: [{{id: {SUBSCRIPTION}, name: test}}]",
             "apps:"]
    for name, client, secret in (("reader", APP, APP_SECRET), ("writer", WRITER, WRITER_SECRET), ("nobody", NOBODY, NOBODY_SECRET)):
        lines.append(f"  - {{name: {name}, clientId: {client}, secrets: [{{value: {secret}}}]}}")
    lines.append("vaults:")
    lines += [f"  - {{name: {v}, resourceGroup: rg, mode: rbac}}" for v in vaults]
    lines.append("roleAssignments:")
    for v in vaults:
        lines.append(f"  - {{principal: reader, role: Key Vault Secrets User, scope: {v}}}")
        lines.append(f"  - {{principal: writer, role: Key Vault Secrets Officer, scope: {v}}}")
    return "\n".join(lines) + "\n" + extra


def client_credentials(client, secret):
    """data of a Kubernetes Secret for authSecretRef."""
    return {"client-id": client, "client-secret": secret}


class Vault:
    """Writes to a vault of the emulator as an SDK would: a token, then one connection kept open."""

    def __init__(self, ca_file, name=VAULT, client=WRITER, secret=WRITER_SECRET):
        self.host = f"{name}.vault.azure.net"
        self.context = ssl.create_default_context(cafile=ca_file)
        self.client, self.secret = client, secret
        self.token, self.token_until = None, 0.0
        self.local = threading.local()

    def _token(self):
        if time.monotonic() > self.token_until:
            connection = http.client.HTTPSConnection(LOGIN, context=self.context, timeout=30)
            body = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": self.client,
                                           "client_secret": self.secret, "scope": "https://vault.azure.net/.default"})
            connection.request("POST", f"/{TENANT}/oauth2/v2.0/token", body,
                               {"Content-Type": "application/x-www-form-urlencoded"})
            answer = connection.getresponse()
            document = json.loads(answer.read())
            assert answer.status == 200, document
            self.token = document["access_token"]
            self.token_until = time.monotonic() + document["expires_in"] - 300
        return self.token

    def request(self, method, path, body=None):
        """(status, document)"""
        headers = {"Authorization": "Bearer " + self._token(), "Content-Type": "application/json"}
        separator = "&" if "?" in path else "?"
        for attempt in (1, 2):
            connection = getattr(self.local, "connection", None)
            if connection is None:
                connection = self.local.connection = http.client.HTTPSConnection(self.host, context=self.context, timeout=30)
            try:
                connection.request(method, f"{path}{separator}api-version=7.4", None if body is None else json.dumps(body), headers)
                answer = connection.getresponse()
                text = answer.read()
                return answer.status, json.loads(text) if text else {}
            except (OSError, http.client.HTTPException):
                connection.close()
                self.local.connection = None
                if attempt == 2:
                    raise
        return None

    def set(self, name, value, **attributes):
        """A new version; its id."""
        status, bundle = self.request("PUT", f"/secrets/{name}", {"value": value, **attributes})
        assert status == 200, bundle
        return bundle["id"].rsplit("/", 1)[1]

    def delete(self, name):
        status, bundle = self.request("DELETE", f"/secrets/{name}")
        assert status in (200, 404), bundle
