"""A small client of the Kubernetes API: quick enough for tests that make thousands of requests."""
import base64
import http.client
import json
import ssl
import tempfile
import threading
import urllib.parse

GROUPS = {
    "secrets": "api/v1", "configmaps": "api/v1", "namespaces": "api/v1", "serviceaccounts": "api/v1",
    "events": "api/v1", "pods": "api/v1", "nodes": "api/v1",
    "deployments": "apis/apps/v1", "daemonsets": "apis/apps/v1", "statefulsets": "apis/apps/v1",
    "replicasets": "apis/apps/v1",
    "jobs": "apis/batch/v1", "cronjobs": "apis/batch/v1",
    "leases": "apis/coordination.k8s.io/v1",
    "customresourcedefinitions": "apis/apiextensions.k8s.io/v1",
    "externalsecrets": "apis/external-secrets.io/v1", "secretstores": "apis/external-secrets.io/v1",
    "clustersecretstores": "apis/external-secrets.io/v1", "clusterexternalsecrets": "apis/external-secrets.io/v1",
    "pushsecrets": "apis/external-secrets.io/v1alpha1", "clusterpushsecrets": "apis/external-secrets.io/v1alpha1",
    "rollouts": "apis/argoproj.io/v1alpha1",
    "secretproviderclasses": "apis/secrets-store.csi.x-k8s.io/v1",
    "secretproviderclasspodstatuses": "apis/secrets-store.csi.x-k8s.io/v1",
    "roles": "apis/rbac.authorization.k8s.io/v1", "rolebindings": "apis/rbac.authorization.k8s.io/v1",
    "clusterroles": "apis/rbac.authorization.k8s.io/v1", "clusterrolebindings": "apis/rbac.authorization.k8s.io/v1",
}
PATCHES = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
}


class ApiError(Exception):
    def __init__(self, status, body):
        self.status = status
        self.body = body
        super().__init__(f"{status}: {body.get('message', body) if isinstance(body, dict) else body}")


class Kube:
    """One connection per thread, with the client certificate of a kubeconfig of tests/cluster."""

    def __init__(self, kubeconfig):
        text = open(kubeconfig, encoding="utf-8").read()

        def field(name):
            at = text.index(name + ":") + len(name) + 1
            return text[at:].split("}")[0].split(",")[0].split("\n")[0].strip().strip('"')

        server = urllib.parse.urlparse(field("server"))
        self.host, self.port = server.hostname, server.port
        self.context = ssl.create_default_context(cadata=base64.b64decode(field("certificate-authority-data")).decode())
        with tempfile.NamedTemporaryFile("wb") as pem:
            pem.write(base64.b64decode(field("client-certificate-data")) + base64.b64decode(field("client-key-data")))
            pem.flush()
            self.context.load_cert_chain(pem.name)
        self.local = threading.local()

    def request(self, method, path, body=None, content_type="application/json"):
        """Path below the server, or the document's bytes. ApiError for anything but 2xx."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"User-Agent": "pawl-tests/1", "Accept": "application/json"}
        if data is not None:
            headers["Content-Type"] = content_type
        for attempt in (1, 2):
            connection = getattr(self.local, "connection", None)
            if connection is None:
                connection = self.local.connection = http.client.HTTPSConnection(
                    self.host, self.port, context=self.context, timeout=60)
            try:
                connection.request(method, "/" + path.lstrip("/"), data, headers)
                answer = connection.getresponse()
                text = answer.read()
                break
            except (OSError, http.client.HTTPException):
                connection.close()
                self.local.connection = None
                if attempt == 2:
                    raise
        try:
            document = json.loads(text) if text else {}
        except ValueError:
            document = text.decode(errors="replace")
        if answer.status >= 300:
            raise ApiError(answer.status, document)
        return document

    @staticmethod
    def path(resource, namespace=None, name=None, subresource=None):
        parts = [GROUPS[resource]]
        if namespace:
            parts += ["namespaces", namespace]
        parts.append(resource)
        if name:
            parts.append(name)
        if subresource:
            parts.append(subresource)
        return "/".join(parts)

    def get(self, resource, namespace, name):
        """None if it does not exist."""
        try:
            return self.request("GET", self.path(resource, namespace, name))
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def list(self, resource, namespace=None, selector=None):
        query = "?labelSelector=" + urllib.parse.quote(selector) if selector else ""
        return self.request("GET", self.path(resource, namespace) + query)["items"]

    def create(self, resource, namespace, body):
        return self.request("POST", self.path(resource, namespace), body)

    def patch(self, resource, namespace, name, body, kind="merge", subresource=None):
        return self.request("PATCH", self.path(resource, namespace, name, subresource), body, PATCHES[kind])

    def replace(self, resource, namespace, name, body):
        return self.request("PUT", self.path(resource, namespace, name), body)

    def delete(self, resource, namespace, name):
        """True if it was there."""
        try:
            self.request("DELETE", self.path(resource, namespace, name), {"propagationPolicy": "Background"})
            return True
        except ApiError as error:
            if error.status == 404:
                return False
            raise

    # ---- the usual objects ----

    def namespace(self, name, labels=None):
        try:
            return self.create("namespaces", None, {"metadata": {"name": name, "labels": labels or {}}})
        except ApiError as error:
            if error.status != 409:
                raise
            return self.get("namespaces", None, name)

    def secret(self, namespace, name, data, annotations=None, labels=None, type_="Opaque"):
        """Creates it, or sets exactly this data. data: key -> text or bytes."""
        encoded = {k: base64.b64encode(v.encode() if isinstance(v, str) else v).decode() for k, v in data.items()}
        body = {"apiVersion": "v1", "kind": "Secret", "type": type_, "data": encoded,
                "metadata": {"name": name, "annotations": annotations or {}, "labels": labels or {}}}
        try:
            return self.create("secrets", namespace, body)
        except ApiError as error:
            if error.status != 409:
                raise
            return self.patch("secrets", namespace, name,
                              [{"op": "add", "path": "/data", "value": encoded}], "json")

    def config_map(self, namespace, name, data, annotations=None, labels=None):
        body = {"apiVersion": "v1", "kind": "ConfigMap", "data": data,
                "metadata": {"name": name, "annotations": annotations or {}, "labels": labels or {}}}
        try:
            return self.create("configmaps", namespace, body)
        except ApiError as error:
            if error.status != 409:
                raise
            return self.patch("configmaps", namespace, name,
                              [{"op": "add", "path": "/data", "value": data}], "json")

    def secret_data(self, namespace, name):
        """Decoded data of a Secret, or None."""
        secret = self.get("secrets", namespace, name)
        return secret and {k: base64.b64decode(v) for k, v in (secret.get("data") or {}).items()}

    def events(self, namespace, name=None, reason=None):
        return [e for e in self.list("events", namespace)
                if (name is None or e["involvedObject"]["name"] == name) and (reason is None or e["reason"] == reason)]

    def condition(self, resource, namespace, name, type_="Ready"):
        """The condition as a dict, or {}."""
        thing = self.get(resource, namespace, name) or {}
        for condition in thing.get("status", {}).get("conditions", []):
            if condition["type"] == type_:
                return condition
        return {}
