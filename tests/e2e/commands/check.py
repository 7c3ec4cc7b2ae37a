"""pawl check: what it finds in a cluster where something is wrong, and that it finds nothing where all is right."""
import json

from external_secrets import WEBHOOKS, chart_objects, external_secret, store
from status import address_of_this_machine
from world import SOON, VAULT
from pawltest import wait_for
from pawltest.azure import APP, NOBODY, NOBODY_SECRET, TENANT
from pawltest.programs import free_port


def findings(world, *args, status=None, **more):
    """[(level, finding, remedy)]"""
    listed = world.json("check", *args, f"--extra-ca-file={world.ca_file}", status=status, **more)
    return [(f["level"], f["finding"], f.get("remedy", "")) for f in listed]


def about(found, part):
    return [f for f in found if part in f[1]]


def bad(found):
    return [f for f in found if f[0] == "BAD"]


def prepare(world):
    world.install_definitions()
    world.start_azure()
    return world.namespace("check")


def all_is_well(world):
    ns = prepare(world)
    store(world, ns)
    found = findings(world, "-n", ns, status=0)
    assert not bad(found), bad(found)
    for part in ("Kubernetes v1.", "the clock here agrees", "we are ", "the cluster serves external-secrets.io/v1", "may patch deployments.apps"):
        assert about(found, part)[0][0] == "ok", found
    assert ("ok", f"SecretStore {ns}/azure: signed in, and https://{VAULT}.vault.azure.net answers", "") in found, found
    assert about(found, "no controller has looked at SecretStore")[0][0] == "note", found
    table = world.pawl("check", "-n", ns, "--stores=false", f"--extra-ca-file={world.ca_file}")
    assert table.returncode == 0 and "signed in" not in table.stdout and "no controller has looked at SecretStore" in table.stdout, table


def stores_that_fail(world):
    ns = prepare(world)
    store(world, ns, "wrong-secret", APP, "not~the-secret")
    store(world, ns, "no-access", NOBODY, NOBODY_SECRET)
    store(world, ns, "unknown-app", "00000000-0000-4000-8000-00000000dead", "x")
    store(world, ns, "gone")
    world.kube.delete("secrets", ns, "gone")
    found = findings(world, "-n", ns, "--roles=sync", status=1)
    for name, parts in {"wrong-secret": ("it cannot sign in", "AADSTS7000215"), "unknown-app": ("it cannot sign in", "AADSTS700016"),
                        "no-access": ("its vault cannot be read", "Key Vault Secrets User"), "gone": ("it cannot sign in", "not found")}.items():
        (finding,) = [f for f in about(found, f"SecretStore {ns}/{name}:") if f[0] == "BAD"]
        assert all(part in finding[1] for part in parts), finding


def from_another_place(world):
    """A vault that this machine cannot find, and an identity that only pods have, are no mistakes of the store."""
    ns = prepare(world)
    store(world, ns, "private")
    world.kube.patch("secretstores", ns, "private", {"spec": {"provider": {"azurekv": {"vaultUrl": "https://no-such-vault.vault.azure.net"}}}})
    world.kube.create("secretstores", ns, {
        "apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": {"name": "own"},
        "spec": {"provider": {"azurekv": {"tenantId": TENANT, "authType": "WorkloadIdentity", "vaultUrl": f"https://{VAULT}.vault.azure.net"}}}})
    found = findings(world, "-n", ns, "--roles=sync", status=0)
    for name in ("private", "own"):
        (finding,) = about(found, f"SecretStore {ns}/{name}: it")
        assert finding[0] == "note" and "from here" in finding[1] and "kubectl exec" in finding[2], finding


def what_the_controller_says(world):
    ns = prepare(world)
    store(world, ns)
    world.kube.patch("secretstores", ns, "azure", {"status": {"conditions": [
        {"type": "Ready", "status": "False", "reason": "InvalidProviderConfig", "message": "unable to create client"}]}}, subresource="status")
    found = findings(world, "-n", ns, "--roles=sync", status=1)
    (finding,) = about(found, f"SecretStore {ns}/azure is not Ready")
    assert finding == ("BAD", f"SecretStore {ns}/azure is not Ready: unable to create client", "its Events say why: kubectl describe"), finding


def deployment(name, image, args=(), replicas=1):
    labels = {"app": name}
    return {"metadata": {"name": name}, "spec": {
        "replicas": replicas, "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": image, "args": list(args)}]}}}}


def a_second_controller(world):
    ns = prepare(world)
    world.kube.create("deployments", ns, deployment("pawl", "registry.example.com/pawl:0.1.0", ["run", "--roles=sync,reload"]))
    found = findings(world, "-n", ns)
    assert about(found, "alone keeps Secrets")[0][:2] == ("ok", f"Pawl (deployment/pawl in namespace {ns}) alone keeps Secrets"), found
    world.kube.create("deployments", ns, deployment("eso", "ghcr.io/external-secrets/external-secrets:v1.0.0", ["--concurrent=1"]))
    found = findings(world, "-n", ns, status=1)
    (finding,) = about(found, "each keeps Secrets")
    assert finding[0] == "BAD" and "External Secrets Operator" in finding[1] and "scale all but one to 0" in finding[2], finding
    assert about(found, "alone restarts workloads")[0][0] == "ok", found
    world.kube.patch("deployments", ns, "eso", {"spec": {"replicas": 0}})
    assert about(findings(world, "-n", ns), "alone keeps Secrets"), "it was scaled to 0"
    for name in ("pawl", "eso"):
        world.kube.delete("deployments", ns, name)


def a_webhook_without_a_server(world):
    ns = prepare(world)
    objects = chart_objects(ns, address_of_this_machine(), free_port())
    world.cluster.apply(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    try:
        assert about(findings(world, "-n", ns), "the webhook externalsecret-validate has a server"), "there is an endpoint"
        world.cluster.kubectl("delete", "endpointslice", "-n", ns, "eso-webhook")
        found = findings(world, "-n", ns, status=1)
        for name, _ in WEBHOOKS:
            (finding,) = about(found, f"the webhook {name} has no server")
            assert finding[0] == "BAD" and "delete that ValidatingWebhookConfiguration" in finding[2], finding
    finally:
        for name, _ in WEBHOOKS:
            world.cluster.kubectl("delete", "validatingwebhookconfiguration", name)


def what_may_not_be_seen(world):
    """Each permission that is missing is named, and what could not be looked at is no finding against it."""
    ns = prepare(world)
    store(world, ns)
    config = world.account(ns, "poor", [{"apiGroups": ["external-secrets.io"], "resources": ["*"], "verbs": ["list"]}])
    found = findings(world, "-n", ns, status=1, kubeconfig=config)
    assert ("BAD", f"may not list secrets in namespace {ns}") == about(found, "may not list secrets")[0][:2], found
    assert about(found, f"SecretStore {ns}/azure is not tried")[0][0] == "note", found
    assert about(found, "cannot look for other controllers")[0][0] == "note", found
    # The same through impersonation.
    found = findings(world, "-n", ns, f"--as=system:serviceaccount:{ns}:poor", status=1)
    assert about(found, "we are ")[0][1] == f"we are system:serviceaccount:{ns}:poor", found


def writes_nothing(world):
    ns = prepare(world)
    store(world, ns)
    world.kube.create("externalsecrets", ns, external_secret())
    kinds = ("secretstores", "externalsecrets", "secrets", "events", "serviceaccounts")

    def versions():
        return [(k, o["metadata"]["name"], o["metadata"]["resourceVersion"]) for k in kinds for o in world.kube.list(k, ns)]
    wait_for(lambda: world.kube.get("serviceaccounts", ns, "default"), SOON, "what every namespace gets")
    before = versions()
    findings(world, "-n", ns)
    assert versions() == before, (before, versions())


CASES = [
    ("check: all is well", all_is_well),
    ("check: stores that fail", stores_that_fail),
    ("check: stores that only pods can reach", from_another_place),
    ("check: what the controller says of a store", what_the_controller_says),
    ("check: a second controller", a_second_controller),
    ("check: a webhook without a server", a_webhook_without_a_server),
    ("check: what may not be seen", what_may_not_be_seen),
    ("check: it writes nothing", writes_nothing),
]
