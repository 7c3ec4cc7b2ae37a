"""Objects of the tests: workloads of every kind that use sources in every way, and the two CRDs that are not Pawl's."""
import copy

PLURALS = {"Deployment": "deployments", "DaemonSet": "daemonsets", "StatefulSet": "statefulsets",
           "CronJob": "cronjobs", "Job": "jobs", "Rollout": "rollouts"}
VERSIONS = {"Deployment": "apps/v1", "DaemonSet": "apps/v1", "StatefulSet": "apps/v1",
            "CronJob": "batch/v1", "Job": "batch/v1", "Rollout": "argoproj.io/v1alpha1"}
APPLIED = "pawl.dev/applied"
LAST = "reloader.stakater.com/last-reloaded-from"


def crd(group, version, kind, plural, status):
    schema = {"type": "object", "properties": {
        part: {"type": "object", "x-kubernetes-preserve-unknown-fields": True} for part in ("spec", "status")}}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {"group": group, "scope": "Namespaced", "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
                     "versions": [{"name": version, "served": True, "storage": True,
                                   "schema": {"openAPIV3Schema": schema}, **({"subresources": {"status": {}}} if status else {})}]}}


# Only Rollouts have a status subresource; the CSI driver writes pod statuses as a whole.
CRDS = [crd("argoproj.io", "v1alpha1", "Rollout", "rollouts", True),
        crd("secrets-store.csi.x-k8s.io", "v1", "SecretProviderClass", "secretproviderclasses", False),
        crd("secrets-store.csi.x-k8s.io", "v1", "SecretProviderClassPodStatus", "secretproviderclasspodstatuses", False)]


def add_env(container, source_type, name):
    ref = "configMapKeyRef" if source_type == "cm" else "secretKeyRef"
    container.setdefault("env", []).append({"name": f"E{len(container.get('env', []))}", "valueFrom": {ref: {"name": name, "key": "k"}}})


def add_env_from(container, source_type, name):
    ref = "configMapRef" if source_type == "cm" else "secretRef"
    container.setdefault("envFrom", []).append({ref: {"name": name}})


def volume_of(source_type, name, projected):
    if source_type == "spc":
        return {"csi": {"driver": "secrets-store.csi.k8s.io", "readOnly": True, "volumeAttributes": {"secretProviderClass": name}}}
    if projected:
        return {"projected": {"sources": [{"configMap" if source_type == "cm" else "secret": {"name": name}}]}}
    return {"configMap": {"name": name}} if source_type == "cm" else {"secret": {"secretName": name}}


def add_use(pod, how, source):
    """how: env, envFrom, volume, projected, declared (a volume that nothing mounts); init-... for the init container,
    ...@1 for the second container."""
    source_type, name = source.split(":")
    how, _, index = how.partition("@")
    init = how.startswith("init-")
    how = how.removeprefix("init-")
    containers = pod.setdefault("initContainers", [container("init")]) if init else pod["containers"]
    while len(containers) <= int(index or 0):
        containers.append(container(f"app{len(containers)}"))
    user = containers[int(index or 0)]
    if how == "env":
        add_env(user, source_type, name)
    elif how == "envFrom":
        add_env_from(user, source_type, name)
    else:
        volumes = pod.setdefault("volumes", [])
        volumes.append({"name": f"v{len(volumes)}", **volume_of(source_type, name, how == "projected")})
        if how != "declared":
            user.setdefault("volumeMounts", []).append({"name": volumes[-1]["name"], "mountPath": f"/v{len(volumes)}"})


def container(name):
    return {"name": name, "image": "busybox", "command": ["sleep", "3600"]}


def pod_template(labels, uses, annotations, restart=None):
    pod = {"containers": [container("app")]}
    for how, source in uses:
        add_use(pod, how, source)
    if restart:
        pod["restartPolicy"] = restart
    return {"metadata": {"labels": labels, "annotations": annotations or {}}, "spec": pod}


def workload(kind, name, uses=(), annotations=None, template_annotations=None, **spec):
    """No pods are needed to see that a template changed, so replicas are 0."""
    labels = {"app": name}
    body = {"apiVersion": VERSIONS[kind], "kind": kind, "metadata": {"name": name, "annotations": dict(annotations or {})}}
    if kind in ("Job", "CronJob"):
        job = {"template": pod_template(labels, uses, template_annotations, restart="Never")}
        body["spec"] = job if kind == "Job" else {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": job}}
    else:
        body["spec"] = {"selector": {"matchLabels": labels}, "template": pod_template(labels, uses, template_annotations)}
        if kind != "DaemonSet":
            body["spec"]["replicas"] = 0
        if kind == "StatefulSet":
            body["spec"]["serviceName"] = "none"
    body["spec"].update(spec)
    return body


def template(thing):
    spec = thing["spec"]
    return spec["jobTemplate"]["spec"]["template"] if thing["kind"] == "CronJob" else spec.get("template", {})


def variables(thing):
    """{name: value} of the STAKATER_ variables, of all containers."""
    found = {}
    for part in template(thing).get("spec", {}).get("containers", []):
        found.update({e["name"]: e.get("value") for e in part.get("env", []) if e["name"].startswith("STAKATER_")})
    return found


def last_reloaded(thing):
    return template(thing).get("metadata", {}).get("annotations", {}).get(LAST)


def provider_class(name, annotations=None):
    return {"apiVersion": "secrets-store.csi.x-k8s.io/v1", "kind": "SecretProviderClass",
            "metadata": {"name": name, "annotations": copy.copy(annotations) or {}}, "spec": {"provider": "vault"}}


def pod_status(name, provider_class_name, version):
    return {"apiVersion": "secrets-store.csi.x-k8s.io/v1", "kind": "SecretProviderClassPodStatus", "metadata": {"name": name},
            "status": {"podName": "p", "secretProviderClassName": provider_class_name, "mounted": True,
                       "objects": [{"id": "secret/data/db/password", "version": version}]}}
