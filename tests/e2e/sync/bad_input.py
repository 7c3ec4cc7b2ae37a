"""What bad input gets: a condition, an Event that says which object, why and what helps; no busy loop; nobody else is
hurt; and once it is mended, recovery without anybody's help."""
import time

from pawltest import ApiError
from world import VAULT, app_secret, b64, secret_ref, wait_for

ELSEWHERE = "11111111-2222-4333-8444-555555555555"
WATCHED_SECONDS = 4
# 1 s, 2 s, 4 s: so many looks fit into WATCHED_SECONDS, and one that an event brings.
MOST_PASSES = 5


def case(w, name, **options):
    """A namespace in which all is well with an ExternalSecret "fine", beside what the case breaks."""
    c = w.case(name, **options)
    c.credentials(name="fine")
    c.store("fine", authSecretRef=secret_ref("fine"))
    c.put("fine", "0")
    c.es("fine", {"x": "fine"}, store="fine")
    c.synced("fine")
    return c


def unharmed(c):
    """The neighbour still follows the vault, quickly; what is broken is looked at with growing pauses."""
    before, begin = c.passes(), time.monotonic()
    value = str(time.time_ns())
    c.put("fine", value)
    c.annotate("fine")
    c.data_becomes({"x": value}, "fine", seconds=10)
    time.sleep(max(0.0, WATCHED_SECONDS - (time.monotonic() - begin)))
    seconds = time.monotonic() - begin
    passes = c.passes() - before
    assert passes <= MOST_PASSES * seconds / WATCHED_SECONDS, f"{passes} passes in {seconds:.1f} s"


def event_says(event, parts):
    for part in parts:
        assert part in event["message"], f"\"{part}\" is not in: {event['message']}"


def breaks(c, *parts, message="could not get secret data from provider"):
    """The ExternalSecret "es" has failed, and its Event says so with all of `parts`."""
    c.fails(message=message)
    event = c.event("UpdateFailed", parts[0])
    assert event["type"] == "Warning", event
    event_says(event, parts)
    unharmed(c)


def breaks_store(c, *parts, message="unable to create client"):
    c.store_becomes("False", "InvalidProviderConfig", message=message)
    event = c.event("InvalidProviderConfig", parts[0], "store")
    assert event["type"] == "Warning", event
    event_says(event, parts)


def recovers(c, **data):
    c.data_becomes(data or {"x": "y"}, seconds=90)
    c.synced()


def plain(c, **fields):
    """A store as it should be but for `fields`, and an ExternalSecret that reads x."""
    c.put("x", "y", vault=fields.get("vault", VAULT))
    c.store(wait=False, **fields)
    c.es(data={"x": "x"})


# ---- stores and signing in ----

def store_missing(w):
    c = case(w, "store-missing")
    c.put("x", "y")
    c.es(data={"x": "x"})
    breaks(c, 'could not get SecretStore "store"', 'SecretStore.external-secrets.io "store" not found')
    c.store()
    recovers(c)


def store_with_it(w):
    """A store and an ExternalSecret applied together: no failure on the way."""
    c = case(w, "store-with-it")
    plain(c)
    recovers(c)
    assert not w.kube.events(c.ns, "es", "UpdateFailed"), w.kube.events(c.ns, "es", "UpdateFailed")


def tenant(w):
    c = case(w, "tenant")
    plain(c, tenantId=ELSEWHERE)
    breaks(c, "AADSTS90002", "no such tenant: check tenantId", ELSEWHERE)
    c.edit_store(tenantId="72f988bf-0000-4000-8000-2d7cd011db47")
    recovers(c)


def tenant_missing(w):
    c = case(w, "tenant-missing")
    plain(c, tenantId=None)
    breaks_store(c, "missing tenantID in store config")
    breaks(c, 'SecretStore "store" is not ready')
    c.edit_store(tenantId="72f988bf-0000-4000-8000-2d7cd011db47")
    recovers(c)


def client(w):
    c = case(w, "client", sign_in=False)
    c.credentials(client=ELSEWHERE)
    plain(c)
    breaks(c, "AADSTS700016", "no application with this client id in this tenant", ELSEWHERE)
    c.credentials()
    recovers(c)


def client_secret(w):
    c = case(w, "client-secret", sign_in=False)
    c.credentials(secret=app_secret(c.app) + "\n")
    plain(c)
    breaks(c, "AADSTS7000215", "the client secret is wrong", "a line end was stored with it", c.client)
    c.credentials()
    recovers(c)


def credentials_missing(w):
    c = case(w, "credentials-missing", sign_in=False)
    plain(c)
    breaks_store(c, 'cannot get Kubernetes secret "azure" from namespace "credentials-missing"', "not found")
    breaks(c, 'SecretStore "store" is not ready')
    c.credentials()
    recovers(c)


def credentials_key_missing(w):
    c = case(w, "credentials-key", sign_in=False)
    w.kube.secret(c.ns, "azure", {"client-id": c.client})
    plain(c)
    breaks_store(c, 'cannot find secret data for key: "client-secret"')
    c.credentials()
    recovers(c)


def subject(w):
    """No federated credential for this ServiceAccount."""
    c = case(w, "subject")
    plain(c, **c.workload_identity())
    breaks_store(c, "AADSTS700213", "no federated credential has this subject", "system:serviceaccount:NAMESPACE:NAME")
    breaks(c, 'SecretStore "store" is not ready')
    w.reseed(lambda seed: seed["audiences"].update({"subject": "api://AzureADTokenExchange"}))
    recovers(c)


def audience(w):
    c = case(w, "audience")
    plain(c, **c.workload_identity())
    breaks_store(c, "AADSTS700212", "the audience does not match", "api://AzureADTokenExchange")
    w.reseed(lambda seed: seed["audiences"].update({"audience": "api://AzureADTokenExchange"}))
    recovers(c)


def account_missing(w):
    c = case(w, "account-missing")
    plain(c, authType="WorkloadIdentity", authSecretRef=None, serviceAccountRef={"name": "app"})
    breaks_store(c, 'serviceaccounts "app" not found')
    w.reseed(lambda seed: seed["audiences"].update({"account-missing": "api://AzureADTokenExchange"}))
    c.workload_identity()
    recovers(c)


def account_not_annotated(w):
    c = case(w, "account-plain")
    w.reseed(lambda seed: seed["audiences"].update({"account-plain": "api://AzureADTokenExchange"}))
    w.kube.create("serviceaccounts", c.ns, {"metadata": {"name": "app"}})
    plain(c, authType="WorkloadIdentity", authSecretRef=None, serviceAccountRef={"name": "app"})
    breaks_store(c, "azure.workload.identity/client-id", 'ServiceAccount "app"')
    w.kube.patch("serviceaccounts", c.ns, "app", {"metadata": {"annotations": {
        "azure.workload.identity/client-id": "1b7d8e00-0000-4000-8000-000000000002"}}})
    recovers(c)


# ---- the vault ----

def vault_name(w):
    c = case(w, "vault-name")
    c.put("x", "y")
    c.store(vault="no-such-vault")
    c.es(data={"x": "x"})
    breaks(c, "no-such-vault.vault.azure.net", "resolve")
    c.edit_store(vaultUrl=f"https://{VAULT}.vault.azure.net")
    recovers(c)


def vault_url(w):
    c = case(w, "vault-url")
    plain(c, vaultUrl="my-key-vault")
    breaks_store(c, "vaultUrl", "https://")
    c.edit_store(vaultUrl=f"https://{VAULT}.vault.azure.net")
    recovers(c)


def role(w):
    c = case(w, "role")
    plain(c, vault="locked-vault")
    breaks(c, "403", "Forbidden", 'the identity needs the role "Key Vault Secrets User"', c.key("x"), c.client)
    w.reseed(lambda seed: seed["locked_readers"].append(c.app))
    recovers(c)


def secret_missing(w):
    c = case(w, "secret-missing")
    c.store()
    c.es(data={"x": "x"})
    breaks(c, f"error processing spec.data[0] (key: {c.key('x')}), err: Secret does not exist")
    c.put("x", "y")
    recovers(c)


def secret_disabled(w):
    c = case(w, "secret-disabled")
    plain(c)
    c.synced()
    w.vault.request("PATCH", f"/secrets/{c.key('x')}/", {"attributes": {"enabled": False}})
    c.annotate()
    breaks(c, "403", "it is disabled in the vault: enable it", c.key("x"))
    assert c.data() == {"x": "y"}, "the Secret is not what it was"
    w.vault.request("PATCH", f"/secrets/{c.key('x')}/", {"attributes": {"enabled": True}})
    recovers(c)


def secret_soft_deleted(w):
    c = case(w, "secret-deleted")
    plain(c)
    c.synced()
    c.remove("x")
    c.annotate()
    breaks(c, "Secret does not exist", c.key("x"))
    assert c.data() == {"x": "y"}, "the Secret is not what it was"
    status, answer = w.vault.request("POST", f"/deletedsecrets/{c.key('x')}/recover")
    assert status == 200, answer
    recovers(c)


def version_missing(w):
    c = case(w, "version-missing")
    c.store()
    c.put("x", "y")
    c.es(data={"x": {"key": c.key("x"), "version": "0123456789abcdef0123456789abcdef"}})
    breaks(c, "Secret does not exist", c.key("x"))
    c.edit("es", {"data": [{"secretKey": "x", "remoteRef": {"key": c.key("x")}}]})
    recovers(c)


def property_missing(w):
    c = case(w, "property-missing")
    c.store()
    c.put("x", '{"other": 1}')
    c.es(data={"x": {"key": c.key("x"), "property": "wanted"}})
    breaks(c, f"property wanted does not exist in key {c.key('x')}")
    c.put("x", '{"wanted": "y"}')
    recovers(c)


def not_json(w):
    c = case(w, "not-json")
    c.store()
    c.put("x", "changedvalue")
    c.es(dataFrom=[{"extract": {"key": c.key("x")}}])
    breaks(c, "error unmarshalling json data", "spec.dataFrom[0].extract")
    assert "changedvalue" not in str(w.kube.events(c.ns)), "a value is in an Event"
    c.put("x", '{"x": "y"}')
    recovers(c)


def object_type(w):
    c = case(w, "object-type")
    c.store()
    c.put("x", "y")
    c.es(data={"x": {"key": "other/" + c.key("x")}})
    breaks(c, f"unknown Azure Keyvault object Type for {c.key('x')}")
    c.edit("es", {"data": [{"secretKey": "x", "remoteRef": {"key": c.key("x")}}]})
    recovers(c)


def certificate_expired(w):
    """TLS that is not trusted. Signing in works; the vault's certificate is the trouble."""
    c = case(w, "expired")
    mend = w.fault(host="expired-vault.vault.azure.net", expiredCertificate=True)
    c.store(vault="expired-vault")
    c.es(data={"x": "x"})
    breaks(c, "expired-vault.vault.azure.net", "certificate")
    mend()
    c.put("x", "y", vault="expired-vault")
    recovers(c)


def throttled(w):
    c = case(w, "throttled")
    c.put("x", "y", vault="busy-vault")
    mend = w.fault(host="busy-vault.vault.azure.net", client=c.client, status=429, code="Throttled", retryAfter=3)
    c.store(vault="busy-vault")
    c.es(data={"x": "x"})
    breaks(c, "429", "the vault is asked too often")
    time.sleep(2)
    before = c.requests()
    time.sleep(9)
    assert c.requests() - before <= 6, f"{c.requests() - before} requests in 9 s although Retry-After was 3"
    mend()
    recovers(c)


def server_errors(w):
    c = case(w, "server-errors")
    c.put("x", "y", vault="broken-vault")
    mend = w.fault(host="broken-vault.vault.azure.net", client=c.client, status=503, code="ServiceUnavailable")
    c.store(vault="broken-vault")
    c.es(data={"x": "x"})
    breaks(c, "503", c.key("x"))
    mend()
    recovers(c)


def connection_reset(w):
    c = case(w, "reset")
    c.put("x", "y", vault="reset-vault")
    mend = w.fault(host="reset-vault.vault.azure.net", client=c.client, reset=True)
    c.store(vault="reset-vault")
    c.es(data={"x": "x"})
    breaks(c, "reset-vault.vault.azure.net")
    mend()
    recovers(c)


def slow_vault(w):
    """One that hangs delays nobody but those who use it."""
    c = case(w, "slow")
    c.put("x", "y", vault="slow-vault")
    mend = w.fault(host="slow-vault.vault.azure.net", client=c.client, delay="20s")
    c.store(vault="slow-vault")
    for i in range(20):
        c.es(f"slow-{i}", {"x": "x"})
    c.es(data={"x": "x"})
    time.sleep(1)
    unharmed(c)
    mend()
    recovers(c)


# ---- values ----

def values(w):
    """Values of any kind arrive as they are."""
    c = case(w, "values")
    c.store()
    raw = bytes(range(256)) * 4
    texts = {"long": "0123456789abcdef" * 1600, "lines": "a\nb\r\n\n", "nul": "a\x00b", "unicode": "gr\u00fc\u00df \U0001f512", "quotes": "\"'\\{{ x }}",
             "empty": ""}
    texts["long"] = texts["long"][:25000]
    for name, value in texts.items():
        c.put(name, value)
    c.put("binary", b64(raw))
    data = {name: name for name in texts}
    data["binary"] = {"key": c.key("binary"), "decodingStrategy": "Base64"}
    c.es(data=data)
    c.synced()
    want = {name: value.encode() for name, value in texts.items()}
    want["binary"] = raw
    seen = w.kube.secret_data(c.ns, "es")
    for name, value in want.items():
        assert seen[name] == value, (name, len(seen[name]), seen[name][:40])
    assert set(seen) == set(want)


def value_too_long(w):
    """The vault refuses it; what is there stays."""
    c = case(w, "too-long")
    plain(c)
    c.synced()
    status, answer = w.vault.request("PUT", f"/secrets/{c.key('x')}", {"value": "x" * 25601})
    assert status == 400, answer
    c.annotate()
    recovers(c)


def null_byte(w):
    c = case(w, "null-byte")
    c.store()
    c.put("x", "a\x00b")
    c.es(data={"x": {"key": c.key("x"), "nullBytePolicy": "Fail"}})
    breaks(c, 'fetched secret value for key "', "contains null bytes")
    c.put("x", "y")
    recovers(c)


def not_base64(w):
    c = case(w, "not-base64")
    c.store()
    c.put("x", "no base64 at all")
    c.es(data={"x": {"key": c.key("x"), "decodingStrategy": "Base64"}})
    breaks(c, "spec.data[0]", "base64")
    assert "no base64 at all" not in str(w.kube.events(c.ns)), "a value is in an Event"
    c.put("x", b64("y"))
    recovers(c)


# ---- manifests ----

def provider(w):
    c = case(w, "provider")
    c.put("x", "y")
    c.store(wait=False, spec={"provider": {"vault": {"server": "https://vault.example", "path": "secret"}}})
    c.es(data={"x": "x"})
    condition = wait_for(lambda: w.kube.condition("secretstores", c.ns, "store"), 30, "a condition of the store")
    assert condition["status"] == "False" and condition["reason"] == "InvalidProviderConfig", condition
    for part in ("vault", "azurekv"):
        assert part in condition["message"], condition
    breaks(c, 'SecretStore "store" is not ready')
    w.kube.patch("secretstores", c.ns, "store", {"spec": {"provider": {"vault": None, "azurekv": c.azurekv()}}})
    recovers(c)


def unknown_fields(w):
    """Fields of other releases are no reason to fail; the API server warns who applies them."""
    c = case(w, "unknown-fields")
    c.put("x", "y")
    c.store(spec={"provider": {"azurekv": c.azurekv(someField="of another release")}, "moreFields": {"a": 1}})
    c.es(data={"x": "x"}, anotherField=True)
    recovers(c)


def refused_by_schema(w):
    c = case(w, "schema")
    for fields, part in (({"interval": 5}, "refreshInterval"), ({"target": {"creationPolicy": "Sometimes"}}, "creationPolicy"),
                         ({"data": {"not a key": "x"}}, "secretKey"), ({"refreshPolicy": "Never"}, "refreshPolicy")):
        try:
            c.es("bad", **{"data": {"x": "x"}, **fields})
        except ApiError as error:
            assert error.status == 422 and part in str(error), error
        else:
            raise AssertionError(f"the API server took {fields}")
    unharmed(c)


def refresh_interval(w):
    c = case(w, "bad-interval")
    plain(c)
    c.synced()
    c.edit("es", {"refreshInterval": "soon"})
    breaks(c, "spec.refreshInterval: is not a duration such as 1h", message=None)
    c.edit("es", {"refreshInterval": "1h"})
    recovers(c)


def template(w):
    c = case(w, "template")
    c.store()
    c.put("x", "y")
    c.es(data={"x": "x"}, target={"template": {"data": {"x": "{{ .unknown }}"}}})
    breaks(c, "could not apply template", 'map has no entry for key "unknown"', message="could not update secret")
    c.edit("es", {"target": {"template": {"data": {"x": "{{ .x }}"}}}})
    recovers(c)


def template_syntax(w):
    c = case(w, "template-syntax")
    c.store()
    c.put("x", "y")
    c.es(data={"x": "x"}, target={"template": {"data": {"x": "{{ .x "}}})
    breaks(c, "could not apply template", "unclosed action", message="could not update secret")
    c.edit("es", {"target": {"template": {"data": {"x": "{{ .x }}"}}}})
    recovers(c)


def template_source(w):
    """A ConfigMap that is not there yet."""
    c = case(w, "template-source")
    c.store()
    c.put("x", "y")
    c.es(data={"x": "x"}, target={"template": {"templateFrom": [{"configMap": {"name": "texts", "items": [{"key": "x"}]}}]}})
    breaks(c, "error fetching templateFrom data", "texts", message="could not update secret")
    w.kube.config_map(c.ns, "texts", {"x": "{{ .x }}"})
    recovers(c)


def owned_by_another(w):
    """Two ExternalSecrets want one Secret: the second waits, until the first has gone."""
    c = case(w, "two-owners")
    c.store()
    c.put("x", "y")
    c.put("first", "1")
    c.es("first", {"x": "first"}, target={"name": "es"})
    c.synced("first")
    c.es(data={"x": "x"})
    breaks(c, "owned by another ExternalSecret: first", message="target is owned by another ExternalSecret")
    assert c.data() == {"x": "1"}
    w.kube.delete("externalsecrets", c.ns, "first")
    recovers(c)


def owned_by_somebody(w):
    c = case(w, "foreign-owner")
    c.store()
    c.put("x", "y")
    owner = w.kube.config_map(c.ns, "owner", {}) or w.kube.get("configmaps", c.ns, "owner")
    w.kube.create("secrets", c.ns, {"metadata": {"name": "es", "ownerReferences": [{
        "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"], "controller": True}]}, "data": {"x": b64("theirs")}})
    c.es(data={"x": "x"})
    breaks(c, "is already owned by another ConfigMap controller owner", message="failed to take ownership of target secret")
    assert c.data() == {"x": "theirs"}
    assert "labels" not in c.secret()["metadata"], "a Secret of somebody else has been labelled"
    w.kube.delete("secrets", c.ns, "es")
    c.annotate()
    recovers(c)


def secret_type(w):
    """The type of a Secret cannot be changed; the API server's answer is told."""
    c = case(w, "secret-type")
    plain(c)
    c.synced()
    c.edit("es", {"target": {"template": {"type": "example.com/other"}}})
    breaks(c, "unable to update secret es", "immutable", message="could not update secret")
    w.kube.delete("secrets", c.ns, "es")
    recovers(c)


def invalid_regexp(w):
    c = case(w, "regexp")
    c.store()
    c.put("x", "y")
    c.es(dataFrom=[{"find": {"name": {"regexp": "["}}}])
    breaks(c, "find", "regexp")
    c.edit("es", {"dataFrom": [{"find": {"name": {"regexp": f"^{c.key('x')}$"}}, "rewrite": [{"regexp": {"source": ".*-x", "target": "x"}}]}]})
    recovers(c)


CASES = [("bad-" + f.__name__.replace("_", "-"), f) for f in (
    vault_name, slow_vault, throttled,  # the slow ones first
    store_missing, store_with_it, tenant, tenant_missing, client, client_secret, credentials_missing, credentials_key_missing, subject,
    audience, account_missing, account_not_annotated, vault_url, role, secret_missing, secret_disabled, secret_soft_deleted,
    version_missing, property_missing, not_json, object_type, certificate_expired, server_errors, connection_reset, values,
    value_too_long, null_byte, not_base64, provider, unknown_fields, refused_by_schema, refresh_interval, template, template_syntax,
    template_source, owned_by_another, owned_by_somebody, secret_type, invalid_regexp)]
