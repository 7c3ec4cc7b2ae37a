"""The acceptance list with the Azure SDK for Python. Counts its checks; the last line says how many."""
import base64
import os
import pathlib
import sys
import traceback
from datetime import datetime, timezone

from azure.core.exceptions import (ClientAuthenticationError, HttpResponseError, ResourceExistsError,
                                   ResourceNotFoundError)
from azure.identity import (CertificateCredential, ClientSecretCredential, ManagedIdentityCredential,
                            WorkloadIdentityCredential)
from azure.keyvault.certificates import (CertificateClient, CertificateContentType, CertificatePolicy)
from azure.keyvault.keys import KeyClient
from azure.keyvault.secrets import SecretClient

env = os.environ
vault = env["EMU_VAULT"]
passed = failed = 0


def check(test):
    global passed, failed
    try:
        test()
        passed += 1
    except Exception:
        failed += 1
        print(f"FAILED: {test.__name__}")
        traceback.print_exc(limit=4, file=sys.stdout)
    return test


def fails(kind, status, part, function, *args, **options):
    try:
        function(*args, **options)
    except kind as error:
        assert getattr(error, "status_code", status) == status, error.status_code
        assert part in str(error), str(error)
        return
    raise AssertionError("it succeeded")


credential = ClientSecretCredential(env["EMU_TENANT"], env["EMU_OPERATOR"], env["EMU_OPERATOR_SECRET"])
secrets = SecretClient(vault, credential)
certificates = CertificateClient(vault, credential)
keys = KeyClient(vault, credential)


@check
def set_and_get():
    made = secrets.set_secret("py-secret", "hunter2", content_type="text/plain", tags={"a": "b"},
                              expires_on=datetime(2100, 1, 1, tzinfo=timezone.utc))
    got = secrets.get_secret("py-secret")
    assert got.value == "hunter2" and got.id == made.id and got.properties.tags == {"a": "b"}
    assert got.properties.content_type == "text/plain" and got.properties.expires_on.year == 2100
    assert got.properties.recovery_level == "Recoverable+Purgeable" and got.properties.recoverable_days == 90
    assert secrets.get_secret("PY-Secret", made.properties.version).value == "hunter2"


@check
def update_and_disable():
    secrets.set_secret("py-off", "x")
    changed = secrets.update_secret_properties("py-off", enabled=False)
    assert changed.enabled is False
    fails(HttpResponseError, 403, "disabled", secrets.get_secret, "py-off")
    secrets.update_secret_properties("py-off", enabled=True)
    assert secrets.get_secret("py-off").value == "x"


@check
def not_there():
    fails(ResourceNotFoundError, 404, "SecretNotFound", secrets.get_secret, "py-none")


@check
def bad_requests():
    fails(HttpResponseError, 400, "BadParameter", secrets.set_secret, "bad_name", "x")
    fails(HttpResponseError, 400, "BadParameter", secrets.set_secret, "py-big", "x" * 25601)


@check
def lists_in_pages():
    for i in range(30):
        secrets.set_secret(f"py-list-{i}", "x")
    names = [s.name for s in secrets.list_properties_of_secrets(max_page_size=1) if s.name.startswith("py-list-")]
    assert len(names) == 30, names
    pages = list(secrets.list_properties_of_secrets().by_page())
    assert len(pages) >= 2


@check
def versions():
    for i in range(3):
        secrets.set_secret("py-versions", str(i))
    found = list(secrets.list_properties_of_secret_versions("py-versions"))
    assert len(found) == 3 and len({v.version for v in found}) == 3
    assert secrets.get_secret("py-versions").value == "2"


@check
def delete_recover_purge():
    secrets.set_secret("py-bin", "kept")
    poller = secrets.begin_delete_secret("py-bin")
    poller.wait()
    deleted = poller.result()
    assert deleted.recovery_id == f"{vault}/deletedsecrets/py-bin"
    assert (deleted.scheduled_purge_date - deleted.deleted_date).days == 90
    fails(ResourceNotFoundError, 404, "SecretNotFound", secrets.get_secret, "py-bin")
    fails(ResourceExistsError, 409, "deleted but recoverable", secrets.set_secret, "py-bin", "x")
    assert "py-bin" in [s.name for s in secrets.list_deleted_secrets()]
    recovery = secrets.begin_recover_deleted_secret("py-bin")
    recovery.wait()
    assert secrets.get_secret("py-bin").value == "kept"
    secrets.begin_delete_secret("py-bin").wait()
    secrets.purge_deleted_secret("py-bin")
    fails(ResourceNotFoundError, 404, "not found", secrets.get_deleted_secret, "py-bin")


@check
def backup_restore():
    made = secrets.set_secret("py-backup", "kept")
    blob = secrets.backup_secret("py-backup")
    secrets.begin_delete_secret("py-backup").wait()
    secrets.purge_deleted_secret("py-backup")
    for _ in range(50):
        try:
            restored = secrets.restore_secret_backup(blob)
            break
        except ResourceExistsError:
            import time
            time.sleep(0.1)
    assert restored.version == made.properties.version
    assert secrets.get_secret("py-backup").value == "kept"


@check
def certificates_and_what_backs_them():
    pem = pathlib.Path(env["EMU_CERTIFICATE"]).read_bytes()
    policy = CertificatePolicy(issuer_name="Unknown", content_type=CertificateContentType.pem)
    made = certificates.import_certificate("py-cert", pem, policy=policy)
    assert certificates.get_certificate("py-cert").cer == made.cer
    text = secrets.get_secret("py-cert")
    assert "PRIVATE KEY" in text.value and text.properties.content_type == "application/x-pem-file"
    pfx = pathlib.Path(env["EMU_STATE"], "operator.pfx").read_bytes()
    certificates.import_certificate("py-pfx", pfx, password="pw")
    assert base64.b64decode(secrets.get_secret("py-pfx").value)
    assert keys.get_key("py-pfx").key_type == "RSA"
    certificates.begin_delete_certificate("py-pfx").wait()
    fails(ResourceNotFoundError, 404, "NotFound", secrets.get_secret, "py-pfx")
    certificates.begin_recover_deleted_certificate("py-pfx").wait()
    assert base64.b64decode(secrets.get_secret("py-pfx").value)


@check
def a_self_signed_certificate():
    made = certificates.begin_create_certificate("py-self", CertificatePolicy.get_default()).result()
    assert made.name == "py-self" and made.cer
    assert made.policy.issuer_name == "Self"


@check
def keys_of_their_own():
    made = keys.create_rsa_key("py-key", size=2048)
    assert keys.get_key("py-key").id == made.id and made.key.n
    assert keys.create_ec_key("py-ec").key.crv == "P-256"
    assert {"py-key", "py-ec"} <= {k.name for k in keys.list_properties_of_keys()}
    keys.begin_delete_key("py-key").wait()
    fails(ResourceNotFoundError, 404, "KeyNotFound", keys.get_key, "py-key")


@check
def who_may_nothing():
    other = SecretClient(vault, ClientSecretCredential(env["EMU_TENANT"], env["EMU_NOBODY"],
                                                       env["EMU_NOBODY_SECRET"]))
    fails(HttpResponseError, 403, "ForbiddenByRbac", other.get_secret, "py-secret")


@check
def a_wrong_secret():
    other = SecretClient(vault, ClientSecretCredential(env["EMU_TENANT"], env["EMU_OPERATOR"], "wrong"))
    fails(ClientAuthenticationError, None, "AADSTS7000215", other.get_secret, "py-secret")


@check
def a_certificate():
    other = SecretClient(vault, CertificateCredential(env["EMU_TENANT"], env["EMU_OPERATOR"],
                                                      env["EMU_CERTIFICATE"]))
    assert other.get_secret("py-secret").value == "hunter2"


@check
def workload_identity():
    other = SecretClient(vault, WorkloadIdentityCredential(tenant_id=env["EMU_TENANT"],
                                                           client_id=env["EMU_IDENTITY"],
                                                           token_file_path=env["EMU_TOKEN_FILE"]))
    assert other.get_secret("py-secret").value == "hunter2"


@check
def managed_identity_of_app_service():
    env["IDENTITY_ENDPOINT"] = "http://169.254.169.254/msi/token"
    env["IDENTITY_HEADER"] = "x"
    try:
        other = SecretClient(vault, ManagedIdentityCredential(client_id=env["EMU_IDENTITY"]))
        assert other.get_secret("py-secret").value == "hunter2"
    finally:
        del env["IDENTITY_ENDPOINT"], env["IDENTITY_HEADER"]


@check
def managed_identity_of_a_machine():
    other = SecretClient(vault, ManagedIdentityCredential())
    assert other.get_secret("py-secret").value == "hunter2"


print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
