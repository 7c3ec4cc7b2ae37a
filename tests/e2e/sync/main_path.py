"""What works: stores with both ways to sign in, each field of an ExternalSecret, and what is then in the cluster."""
import datetime
import json
import time

from world import CREATED_BY, DATA_HASH, FINALIZER, MANAGED, data_hash, field_manager, sha3, synced_version, wait_for


# ---- stores ----

def service_principal(w):
    c = w.case("principal")
    c.store()
    store = w.kube.get("secretstores", c.ns, "store")
    ready = store["status"]["conditions"][0]
    assert {k: ready[k] for k in ("type", "status", "reason", "message")} == {
        "type": "Ready", "status": "True", "reason": "Valid", "message": "store validated"}, ready
    assert store["status"]["capabilities"] == "ReadWrite", store["status"]
    event = c.event("Valid", "store validated", "store")
    assert event["type"] == "Normal" and event["source"]["component"] == "secret-store", event
    header, row = w.kubectl("get", "secretstore", "store", "-n", c.ns).splitlines()
    assert header.split() == ["NAME", "AGE", "STATUS", "CAPABILITIES", "READY"], header
    assert row.split()[0] == "store" and row.split()[2:] == ["Valid", "ReadWrite", "True"], row
    c.put("password", "from the vault")
    c.es(data={"password": "password"})
    c.data_becomes({"password": "from the vault"})


def workload_identity(w):
    c = w.case("workload", sign_in=False)
    c.store(**c.workload_identity())
    c.put("password", "by workload identity")
    c.es(data={"password": "password"})
    c.data_becomes({"password": "by workload identity"})
    c.synced()


def workload_identity_of_azcore(w):
    """useAzureSDK reads the tenant and the client from the same places and leaves signing in to the first use."""
    c = w.case("workload-apart", sign_in=False)
    c.store(useAzureSDK=True, **c.workload_identity())
    c.put("password", "with the newer SDK")
    c.es(data={"password": "password"})
    c.data_becomes({"password": "with the newer SDK"})


def cluster_store(w):
    c = w.case("cluster-store")
    c.cluster_store("with-namespace", authSecretRef={
        "clientId": {"name": "azure", "key": "client-id", "namespace": c.ns},
        "clientSecret": {"name": "azure", "key": "client-secret", "namespace": c.ns}})
    c.store_becomes("True", "Valid", "with-namespace", kind="clustersecretstores")
    c.put("password", "cluster wide")
    other = w.case("cluster-store-user", sign_in=False)
    other.es(data={"password": {"key": c.key("password")}}, store="with-namespace", kind="ClusterSecretStore")
    other.data_becomes({"password": "cluster wide"})
    row = w.kubectl("get", "clustersecretstore", "with-namespace").splitlines()[1].split()
    assert row[2:] == ["Valid", "ReadWrite", "True"], row


def cluster_store_without_namespaces(w):
    """References without a namespace mean the namespace of each ExternalSecret."""
    c = w.case("referent")
    c.cluster_store("referent")
    c.store_becomes("True", "Valid", "referent", kind="clustersecretstores")
    c.put("password", "own credentials")
    c.es(data={"password": "password"}, store="referent", kind="ClusterSecretStore")
    c.data_becomes({"password": "own credentials"})
    assert c.requests() > 0, "read as another application"


def cluster_store_workload(w):
    c = w.case("workload-cluster", sign_in=False)
    fields = c.workload_identity()
    fields["serviceAccountRef"]["namespace"] = c.ns
    c.cluster_store("workload", **fields)
    c.store_becomes("True", "Valid", "workload", kind="clustersecretstores")
    c.put("password", "cluster wide, no secret")
    c.es(data={"password": "password"}, store="workload", kind="ClusterSecretStore")
    c.data_becomes({"password": "cluster wide, no secret"})


def cluster_store_conditions(w):
    inside = w.case("conditions-inside", {"team": "a"})
    outside = w.case("conditions-outside", {"team": "b"})
    inside.cluster_store("conditions", conditions=[{"namespaceSelector": {"matchLabels": {"team": "a"}}}])
    inside.store_becomes("True", "Valid", "conditions", kind="clustersecretstores")
    inside.put("password", "for team a")
    for c in (inside, outside):
        c.es(data={"password": {"key": inside.key("password")}}, store="conditions", kind="ClusterSecretStore")
    inside.data_becomes({"password": "for team a"})
    outside.fails()
    outside.event("UpdateFailed", 'using cluster store "conditions" is not allowed from namespace "conditions-outside": '
                                  "denied by spec.condition")
    assert outside.secret() is None


# ---- what is left in the cluster ----

def objects(w):
    c = w.case("objects")
    c.store()
    c.put("user", "admin")
    c.put("password", "s3cret")
    before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    c.es(data={"user": "user", "password": "password"}, meta={"labels": {"app": "x-y"}, "annotations": {"a": "1"}})
    c.synced()
    es, secret = c.get(), c.secret()
    assert es["metadata"]["finalizers"] == [FINALIZER], es["metadata"]
    status = es["status"]
    assert status["binding"] == {"name": "es"}, status
    assert status["syncedResourceVersion"] == synced_version(es), status
    refreshed = datetime.datetime.strptime(status["refreshTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
    assert before <= refreshed <= datetime.datetime.now(datetime.timezone.utc), status
    ready = status["conditions"][0]
    assert {k: ready[k] for k in ready if k != "lastTransitionTime"} == {
        "type": "Ready", "status": "True", "reason": "SecretSynced", "message": "secret synced"}, ready
    assert len(status["conditions"]) == 1, status
    meta = secret["metadata"]
    assert meta["labels"] == {"app": "x-y", MANAGED: "true", CREATED_BY: sha3(f"{c.ns}/es")}, meta["labels"]
    assert meta["annotations"] == {"a": "1", DATA_HASH: data_hash({"user": b"admin", "password": b"s3cret"})}, meta["annotations"]
    assert meta["ownerReferences"] == [{"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "name": "es",
                                        "uid": es["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}], meta
    assert secret["type"] == "Opaque" and "immutable" not in secret, secret["type"]
    entry = [m for m in meta["managedFields"] if m["manager"] == field_manager("es")]
    assert len(entry) == 1 and entry[0]["operation"] == "Update", meta["managedFields"]
    assert set(entry[0]["fieldsV1"]["f:data"]) == {".", "f:user", "f:password"}, entry
    event = c.event("Created", "secret created")
    assert event["type"] == "Normal" and event["source"]["component"] == "external-secrets", event
    assert event["involvedObject"]["kind"] == "ExternalSecret" and event["involvedObject"]["uid"] == es["metadata"]["uid"], event
    header, row = w.kubectl("get", "externalsecret", "-n", c.ns).splitlines()
    assert [h.strip() for h in header.split("  ") if h.strip()] == [
        "NAME", "STORETYPE", "STORE", "REFRESH INTERVAL", "STATUS", "READY", "LAST SYNC"], header
    assert row.split()[:6] == ["es", "SecretStore", "store", "1h", "SecretSynced", "True"], row
    w.kubectl("wait", "--for=condition=Ready", "es/es", "-n", c.ns, "--timeout=10s")


def long_name(w):
    c = w.case("long-name")
    name = "this-is-a-long-external-secret-name"
    c.store()
    c.put("x", "y")
    c.es(name, {"x": "x"}, meta={"labels": {"gone": "soon"}})
    c.synced(name)
    assert any(m["manager"] == field_manager(name) for m in c.secret(name)["metadata"]["managedFields"])
    w.kube.patch("externalsecrets", c.ns, name, {"metadata": {"labels": {"gone": None}}})
    wait_for(lambda: "gone" not in c.secret(name)["metadata"]["labels"], 30, "the label to go")


def nothing_after_success(w):
    """The objects of a synced ExternalSecret stay as they are, and nobody is asked."""
    c = w.case("still")
    c.store()
    c.put("x", "y")
    c.es(data={"x": "x"})
    c.synced()
    c.event("Created")
    time.sleep(1)
    before = (c.get(), c.secret(), c.requests())
    time.sleep(4)
    assert (c.get(), c.secret(), c.requests()) == before


# ---- when it syncs ----

def force_sync(w):
    c = w.case("force-sync")
    c.store()
    c.put("x", "one")
    c.es(data={"x": "x"})
    c.data_becomes({"x": "one"})
    c.put("x", "two")
    c.annotate()
    c.data_becomes({"x": "two"})
    c.event("Updated", "secret updated")
    c.put("x", "three")
    w.kube.patch("externalsecrets", c.ns, "es", {"metadata": {"labels": {"any": "label"}}})
    c.data_becomes({"x": "three"})
    secret = c.secret()["metadata"]
    assert secret["annotations"][DATA_HASH] == data_hash({"x": b"three"}), secret
    assert secret["labels"]["any"] == "label", secret
    wait_for(lambda: c.get()["status"]["syncedResourceVersion"] == synced_version(c.get()), 30, "the version in the status")
    version = c.secret()["metadata"]["resourceVersion"]
    refreshed = c.get()["status"]["refreshTime"]
    time.sleep(1.1)
    w.kube.patch("externalsecrets", c.ns, "es", {"spec": {"refreshInterval": "2h"}})
    wait_for(lambda: c.get()["status"]["refreshTime"] > refreshed, 30, "another refresh")
    assert c.secret()["metadata"]["resourceVersion"] == version, "written although nothing has changed"


def interval(w):
    c = w.case("interval")
    c.store()
    c.put("x", "one")
    c.es(data={"x": "x"}, interval="2s")
    c.data_becomes({"x": "one"})
    for value in ("two", "three"):
        c.put("x", value)
        c.data_becomes({"x": value}, seconds=30)


def interval_zero(w):
    """Synced once: neither the vault, nor an annotation, nor the spec makes it sync again; a damaged Secret does."""
    c = w.case("interval-zero")
    c.store()
    c.put("x", "one")
    c.es(data={"x": "x"}, interval="0")
    c.synced()
    c.put("x", "two")
    c.annotate()
    time.sleep(3)
    assert c.data() == {"x": "one"}
    w.kube.secret(c.ns, "es", {"x": "damaged"})
    c.data_becomes({"x": "two"})


def policies_of_refresh(w):
    c = w.case("refresh-policy")
    c.store()
    c.put("x", "one")
    c.es("once", {"x": "x"}, interval="1s", refreshPolicy="CreatedOnce")
    c.es("on-change", {"x": "x"}, interval="1s", refreshPolicy="OnChange")
    c.synced("once")
    c.synced("on-change")
    c.put("x", "two")
    time.sleep(3)
    assert c.data("once") == c.data("on-change") == {"x": "one"}
    c.annotate("once")
    c.annotate("on-change")
    c.data_becomes({"x": "two"}, "on-change")
    assert c.data("once") == {"x": "one"}


def repair(w):
    """A Secret that somebody changes or deletes is made whole at once."""
    c = w.case("repair")
    c.store()
    c.put("x", "good")
    c.es(data={"x": "x"})
    c.data_becomes({"x": "good"})
    w.kube.secret(c.ns, "es", {"x": "bad", "y": "more"})
    c.data_becomes({"x": "good"})
    w.kube.delete("secrets", c.ns, "es")
    c.data_becomes({"x": "good"})
    w.kube.patch("secrets", c.ns, "es", {"metadata": {"annotations": {DATA_HASH: "wrong"}}})
    wait_for(lambda: c.secret()["metadata"]["annotations"][DATA_HASH] == data_hash({"x": b"good"}), 30, "the hash")


# ---- what it reads ----

def references(w):
    """key, version, property, decoding; a certificate's public part, a key's JWK."""
    c = w.case("references")
    c.store()
    first = c.put("x", "old")
    c.put("x", "new")
    c.put("json", json.dumps({"name": {"first": "Tom"}, "age": 37, "a.b": "dotted", "arr": ["a", "b"], "n": None}))
    c.put("b64", "aGVsbG8=")
    c.put("empty", "")
    key, doc = c.key("x"), c.key("json")
    certificate(w, c.key("cert"))
    c.es(data={
        "latest": {"key": key}, "prefixed": {"key": "secret/" + key}, "pinned": {"key": key, "version": first},
        "first": {"key": doc, "property": "name.first"}, "age": {"key": doc, "property": "age"},
        "dotted": {"key": doc, "property": "a.b"}, "second": {"key": doc, "property": "arr.1"}, "null": {"key": doc, "property": "n"},
        "decoded": {"key": c.key("b64"), "decodingStrategy": "Base64"}, "empty": {"key": c.key("empty")},
        "der": {"key": "cert/" + c.key("cert")}, "jwk": {"key": "key/" + c.key("cert"), "property": "kty"}})
    c.synced()
    raw = w.kube.secret_data(c.ns, "es")
    der = raw.pop("der")
    assert der[:1] == b"\x30" and len(der) > 200, der[:4]
    assert {k: v.decode() for k, v in raw.items()} == {
        "latest": "new", "prefixed": "new", "pinned": "old", "first": "Tom", "age": "37", "dotted": "dotted", "second": "b",
        "null": "", "decoded": "hello", "empty": "", "jwk": "RSA"}, raw


def certificate(w, name):
    status, answer = w.vault.request("POST", f"/certificates/{name}/create", {"policy": {
        "issuer": {"name": "Self"}, "key_props": {"kty": "RSA", "key_size": 2048, "exportable": True, "reuse_key": False},
        "secret_props": {"contentType": "application/x-pem-file"}, "x509_props": {"subject": "CN=test", "validity_months": 12}}})
    assert status == 202, answer
    wait_for(lambda: w.vault.request("GET", f"/certificates/{name}")[0] == 200, 30, "the certificate")


def data_from(w):
    c = w.case("data-from")
    c.store()
    c.put("object", json.dumps({"user": "u", "nested": {"k": "v"}, "number": 1.50}))
    c.put("found-one", "1", tags={"team": "a"})
    c.put("found-two", "2", tags={"team": "b"})
    c.put("found-off", "3", tags={"team": "a"}, attributes={"enabled": False})
    c.es("extract", dataFrom=[{"extract": {"key": c.key("object")}}])
    c.es("both", {"user": "found-one"}, dataFrom=[{"extract": {"key": c.key("object")}}])
    c.es("names", dataFrom=[{"find": {"name": {"regexp": f"^{c.ns}-found-"}}}])
    c.es("tags", dataFrom=[{"find": {"name": {"regexp": f"^{c.ns}-"}, "tags": {"team": "b"}}}])
    c.es("rewritten", dataFrom=[{"find": {"name": {"regexp": f"^{c.ns}-found-"}},
                                 "rewrite": [{"regexp": {"source": f"{c.ns}-found-(.*)", "target": "$1"}}]}])
    c.data_becomes({"user": "u", "nested": '{"k": "v"}', "number": "1.5"}, "extract")
    c.data_becomes({"user": "1", "nested": '{"k": "v"}', "number": "1.5"}, "both")
    c.data_becomes({c.key("found-one"): "1", c.key("found-two"): "2"}, "names")
    c.data_becomes({c.key("found-two"): "2"}, "tags")
    c.data_becomes({"one": "1", "two": "2"}, "rewritten")


def two_stores(w):
    """Items of one ExternalSecret from two vaults."""
    c = w.case("two-stores")
    c.store()
    c.store("other", "listing-vault")
    c.put("x", "here")
    c.put("x", "there", vault="listing-vault")
    w.kube.create("externalsecrets", c.ns, {
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "es"},
        "spec": {"secretStoreRef": {"name": "store"}, "data": [
            {"secretKey": "here", "remoteRef": {"key": c.key("x")}},
            {"secretKey": "there", "remoteRef": {"key": c.key("x")}, "sourceRef": {"storeRef": {"name": "other", "kind": "SecretStore"}}}]}})
    c.data_becomes({"here": "here", "there": "there"})


def shared_reads(w):
    """Ten properties of one secret in ten ExternalSecrets: one token, and far less than a read for each."""
    c = w.case("shared-reads")
    c.store()
    c.put("json", json.dumps({f"p{i}": f"v{i}" for i in range(10)}))
    c.put("more", "m")
    ref = [{"secretKey": f"p{i}", "remoteRef": {"key": c.key("json"), "property": f"p{i}"}} for i in range(10)]
    c.es("warm", {"more": "more"})
    c.synced("warm")
    before = c.requests()
    c.kube.create("externalsecrets", c.ns, {
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "es"},
        "spec": {"secretStoreRef": {"name": "store"}, "data": ref}})
    c.data_becomes({f"p{i}": f"v{i}" for i in range(10)})
    assert c.requests() - before == 1, c.requests() - before
    assert w.tokens_of(c.client) == 1, w.tokens_of(c.client)


# ---- what it writes ----

def templates(w):
    c = w.case("templates")
    c.store()
    c.put("user", "me")
    c.put("password", "pw")
    w.kube.config_map(c.ns, "texts", {"conf": "user = {{ .user }}\n"})
    data = {"user": "user", "password": "password"}
    own = {"labels": {"of": "the-external-secret"}, "annotations": {"of": "it"}}
    c.es("plain", data, meta=own, target={"template": {"metadata": {"labels": {"app": "plain"}, "annotations": {
        "reloader.stakater.com/match": "true", "who": "{{ .user | upper }}"}}}})
    c.es("made", data, target={"name": "made-by-template", "template": {
        "type": "kubernetes.io/basic-auth", "data": {"username": "{{ .user }}", "password": "{{ .password }}"}}})
    c.es("from", data, target={"template": {"mergePolicy": "Merge", "templateFrom": [
        {"configMap": {"name": "texts", "items": [{"key": "conf"}]}}, {"literal": "extra: {{ .password | b64enc }}"}]}})
    c.es("copied", data, meta=own)
    c.synced("plain")
    plain = c.secret("plain")["metadata"]
    assert plain["labels"].get("app") == "plain" and "of" not in plain["labels"], plain
    assert plain["annotations"]["reloader.stakater.com/match"] == "true" and plain["annotations"]["who"] == "ME", plain
    assert c.data("plain") == {"user": "me", "password": "pw"}
    c.data_becomes({"username": "me", "password": "pw"}, "made-by-template")
    assert c.secret("made-by-template")["type"] == "kubernetes.io/basic-auth"
    assert c.secret("made") is None
    c.data_becomes({"user": "me", "password": "pw", "conf": "user = me\n", "extra": "cHc="}, "from")
    c.synced("copied")
    copied = c.secret("copied")["metadata"]
    assert copied["labels"]["of"] == "the-external-secret" and copied["annotations"]["of"] == "it", copied


def renamed_target(w):
    c = w.case("renamed")
    c.store()
    c.put("x", "y")
    c.es(data={"x": "x"}, target={"name": "first"})
    c.data_becomes({"x": "y"}, "first")
    c.synced()
    c.edit("es", {"target": {"name": "second"}})
    c.data_becomes({"x": "y"}, "second")
    c.gone("first")
    c.event("Deleted", "secret deleted because it was orphaned")
    wait_for(lambda: c.get()["status"]["binding"] == {"name": "second"}, 30, "the binding")


def dropped_key(w):
    c = w.case("dropped-key")
    c.store()
    c.put("x", "y")
    c.es(data={"one": "x", "two": "x"})
    c.data_becomes({"one": "y", "two": "y"})
    c.edit("es", {"data": [{"secretKey": "one", "remoteRef": {"key": c.key("x")}}]})
    c.data_becomes({"one": "y"})


def creation_policies(w):
    c = w.case("creation")
    c.store()
    c.put("x", "new")
    for name in ("merge", "create-or-merge", "owner"):
        w.kube.secret(c.ns, name, {"x": "old", "mine": "kept"}, annotations={"mine": "too"})
    policy = {"owner": "Owner", "orphan": "Orphan", "merge": "Merge", "merge-missing": "Merge", "create-or-merge": "CreateOrMerge",
              "none": "None"}
    for name, value in policy.items():
        c.es(name, {"x": "x"}, target={"creationPolicy": value})
    c.data_becomes({"x": "new"}, "owner")
    c.data_becomes({"x": "new"}, "orphan")
    c.data_becomes({"x": "new", "mine": "kept"}, "merge")
    c.data_becomes({"x": "new", "mine": "kept"}, "create-or-merge")
    c.becomes("True", "SecretMissing", "merge-missing", "secret will not be created due to CreationPolicy=Merge")
    c.synced("none")
    assert c.secret("none") is None and c.secret("merge-missing") is None
    for name in ("orphan", "merge", "create-or-merge"):
        meta = c.secret(name)["metadata"]
        assert "ownerReferences" not in meta and CREATED_BY not in meta["labels"] and meta["labels"][MANAGED] == "true", meta
    assert c.secret("owner")["metadata"]["annotations"]["mine"] == "too", "a foreign annotation is gone"
    for name in ("owner", "orphan", "merge", "create-or-merge"):
        c.synced(name)
        w.kube.delete("externalsecrets", c.ns, name)
        c.gone(name, "externalsecrets")
    c.gone("owner")
    assert c.data("orphan") == {"x": "new"}
    assert c.data("merge") == c.data("create-or-merge") == {"x": "new", "mine": "kept"}


def deletion_policies(w):
    c = w.case("deletion")
    c.store()
    c.put("x", "y")
    c.put("stays", "z")
    for name, policy in (("delete", "Delete"), ("retain", "Retain"), ("merge", "Merge")):
        c.es(name, {"x": "x"}, target={"deletionPolicy": policy})
        c.synced(name)
    c.es("part", {"x": "x", "stays": "stays"}, target={"deletionPolicy": "Delete"})
    c.synced("part")
    c.remove("x")
    for name in ("delete", "retain", "merge", "part"):
        c.annotate(name)
    c.becomes("True", "SecretDeleted", "delete", "secret deleted due to DeletionPolicy=Delete")
    c.gone("delete")
    c.event("Deleted", "secret deleted due to DeletionPolicy=Delete", "delete")
    c.event("MissingProviderSecret", "secret does not exist at provider using spec.dataFrom[0] (key=deletion-x)", "delete")
    c.fails("retain")
    c.event("UpdateFailed", "Secret does not exist", "retain")
    assert c.data("retain") == {"x": "y"}
    c.data_becomes({}, "merge")
    c.data_becomes({"stays": "z"}, "part")


def deletion_of_external_secret(w):
    c = w.case("removal")
    c.store()
    c.put("x", "y")
    c.es(data={"x": "x"}, target={"deletionPolicy": "Delete"})
    c.synced()
    w.kube.delete("externalsecrets", c.ns, "es")
    c.gone("es", "externalsecrets")
    c.gone("es")


def namespace_ends(w):
    """A namespace with stores and ExternalSecrets can be deleted."""
    c = w.case("doomed")
    c.store()
    c.put("x", "y")
    c.es(data={"x": "x"})
    c.es("failing", {"x": "missing"})
    c.synced()
    c.fails("failing")
    w.kube.delete("namespaces", None, c.ns)
    wait_for(lambda: w.kube.get("namespaces", None, c.ns) is None, 90, "the namespace to go")


def immutable(w):
    c = w.case("immutable")
    c.store()
    c.put("x", "one")
    c.es(data={"x": "x"}, target={"immutable": True})
    c.data_becomes({"x": "one"})
    assert c.secret()["immutable"] is True
    c.synced()
    c.put("x", "two")
    c.annotate()
    wait_for(lambda: c.get()["status"]["syncedResourceVersion"] == synced_version(c.get()), 30, "the refresh")
    assert c.data() == {"x": "one"}


def other_class(w):
    """A store of another controller: not a word, neither on it nor on what uses it."""
    c = w.case("other-class")
    c.store("theirs", wait=False, spec={"controller": "theirs", "provider": {"azurekv": c.azurekv()}})
    c.es(data={"x": "x"}, store="theirs")
    time.sleep(3)
    assert "status" not in w.kube.get("secretstores", c.ns, "theirs")
    assert not c.get().get("status", {}).get("conditions"), c.get()["status"]
    # Also behind a store that is nobody's.
    c.cluster_store("nobodys")
    c.es("both", {"x": "x", "y": {"key": c.key("x")}}, store="nobodys", kind="ClusterSecretStore")
    c.fails("both")
    c.edit("both", {"data": [{"secretKey": "x", "remoteRef": {"key": c.key("x")}},
                             {"secretKey": "y", "remoteRef": {"key": c.key("x")}, "sourceRef": {"storeRef": {"name": "theirs"}}}]})
    before = c.get("both")["status"]
    c.put("x", "y")
    c.annotate("both")
    time.sleep(3)
    assert c.data("both") is None and c.get("both")["status"] == before, c.get("both")["status"]


def log_of_writes(w):
    """At the usual level the log says which Secret was written, why, and which keys have changed; a refresh that finds
    nothing new says nothing there."""
    c = w.case("log-of-writes")
    c.put("user", "tom")
    c.put("password", "a-first-value")
    c.store()
    c.es(data={"user": "user", "password": "password"}, interval="1s")
    c.synced()

    def lines():
        seen = (json.loads(line) for line in w.program.log().splitlines() if f'"{c.ns}"' in line)
        return [line for line in seen if line["level"] != "debug" and line.get("name") == "es"]

    def written(message, keys, why):
        found = wait_for(lambda: ([x for x in lines() if x["msg"] == message and x.get("keys") == keys], lines()), 30, message)[0]
        assert len(found) == 1 and found[0]["level"] == "info", found
        assert found[0]["secret"] == "es" and why in found[0]["why"], found

    written("secret created", "password (new), user (new)", "the ExternalSecret is new")
    c.put("password", "another-value")
    written("secret updated", "password", "a refresh found another value")
    c.kube.secret(c.ns, "es", {"user": "somebody"})
    written("secret updated", "password (new), user", "was changed")
    c.edit("es", {"data": [{"secretKey": "user", "remoteRef": {"key": c.key("user")}}]})
    written("secret updated", "password (removed)", "the ExternalSecret is new or has changed")
    c.synced()
    before, refreshed = lines(), c.get()["status"]["refreshTime"]
    wait_for(lambda: c.get()["status"]["refreshTime"] > refreshed, 30, "another refresh")
    assert lines() == before, lines()[len(before):]
    c.annotate()  # which is copied to the Secret
    written("secret updated", "none: metadata", "the ExternalSecret is new or has changed")
    assert "-value" not in json.dumps(lines())


CASES = [(f.__name__.replace("_", "-"), f) for f in (
    service_principal, workload_identity, workload_identity_of_azcore, cluster_store, cluster_store_without_namespaces,
    cluster_store_workload, cluster_store_conditions, objects, long_name, nothing_after_success, force_sync, interval, interval_zero,
    policies_of_refresh, repair, references, data_from, two_stores, shared_reads, templates, renamed_target, dropped_key,
    creation_policies, deletion_policies, deletion_of_external_secret, log_of_writes, namespace_ends, immutable, other_class)]
