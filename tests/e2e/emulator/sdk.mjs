// The acceptance list with the Azure SDK for JavaScript. Counts its checks; the last line says how many.
import assert from "node:assert/strict";
import fs from "node:fs";
import {
  ClientCertificateCredential, ClientSecretCredential, ManagedIdentityCredential, WorkloadIdentityCredential,
} from "@azure/identity";
import { CertificateClient } from "@azure/keyvault-certificates";
import { KeyClient } from "@azure/keyvault-keys";
import { SecretClient } from "@azure/keyvault-secrets";

const env = process.env;
const vault = env.EMU_VAULT;
let passed = 0, failed = 0;

async function check(name, test) {
  try {
    await test();
    passed++;
  } catch (error) {
    failed++;
    console.log(`FAILED: ${name}\n${String(error.stack).split("\n").slice(0, 6).join("\n")}`);
  }
}
const fails = (promise, status, part) => assert.rejects(promise, (error) => {
  assert.equal(error.statusCode ?? status, status);
  const text = `${error.message} ${error.code} ${JSON.stringify(error.details ?? {})}`;
  assert.ok(text.includes(part), text);
  return true;
});
async function all(iterator) {
  const items = [];
  for await (const item of iterator) items.push(item);
  return items;
}
const fast = { intervalInMs: 100 };

const credential = new ClientSecretCredential(env.EMU_TENANT, env.EMU_OPERATOR, env.EMU_OPERATOR_SECRET);
const secrets = new SecretClient(vault, credential);
const certificates = new CertificateClient(vault, credential);
const keys = new KeyClient(vault, credential);

await check("set and get", async () => {
  const made = await secrets.setSecret("js-secret", "hunter2", {
    contentType: "text/plain", tags: { a: "b" }, expiresOn: new Date("2030-01-01T00:00:00Z"),
  });
  const got = await secrets.getSecret("js-secret");
  assert.equal(got.value, "hunter2");
  assert.equal(got.properties.id, made.properties.id);
  assert.deepEqual(got.properties.tags, { a: "b" });
  assert.equal(got.properties.expiresOn.getUTCFullYear(), 2030);
  assert.equal((await secrets.getSecret("JS-Secret", { version: made.properties.version })).value, "hunter2");
});

await check("update and disable", async () => {
  const made = await secrets.setSecret("js-off", "x");
  const changed = await secrets.updateSecretProperties("js-off", made.properties.version, { enabled: false });
  assert.equal(changed.enabled, false);
  await fails(secrets.getSecret("js-off"), 403, "SecretDisabled");
});

await check("not there", () => fails(secrets.getSecret("js-none"), 404, "SecretNotFound"));
await check("a bad name", () => fails(secrets.setSecret("bad_name", "x"), 400, "BadParameter"));

await check("lists, pages of one", async () => {
  for (let i = 0; i < 30; i++) await secrets.setSecret(`js-list-${i}`, "x");
  const found = await all(secrets.listPropertiesOfSecrets());
  assert.equal(found.filter((s) => s.name.startsWith("js-list-")).length, 30);
  let pages = 0, items = 0;
  for await (const page of secrets.listPropertiesOfSecrets().byPage({ maxPageSize: 1 })) {
    pages++;
    items += page.length;
  }
  assert.equal(items, found.length);
  assert.equal(pages, found.length);
});

await check("empty pages are followed", async () => {
  await fetch(`${env.EMU_ADMIN}/faults`, { method: "POST", body: '{"emptyPages":2,"path":"/secrets","method":"GET","count":1}' });
  assert.ok((await all(secrets.listPropertiesOfSecrets())).length > 30);
  await fetch(`${env.EMU_ADMIN}/faults`, { method: "DELETE" });
});

await check("versions", async () => {
  for (let i = 0; i < 3; i++) await secrets.setSecret("js-versions", String(i));
  const found = await all(secrets.listPropertiesOfSecretVersions("js-versions"));
  assert.equal(new Set(found.map((v) => v.version)).size, 3);
  assert.equal((await secrets.getSecret("js-versions")).value, "2");
});

await check("delete, conflict, recover, purge", async () => {
  await secrets.setSecret("js-bin", "kept");
  const deletion = await secrets.beginDeleteSecret("js-bin", fast);
  const deleted = await deletion.pollUntilDone();
  assert.equal(deleted.recoveryId, `${vault}/deletedsecrets/js-bin`);
  await fails(secrets.setSecret("js-bin", "x"), 409, "ObjectIsDeletedButRecoverable");
  assert.ok((await all(secrets.listDeletedSecrets())).some((s) => s.name === "js-bin"));
  const recovery = await secrets.beginRecoverDeletedSecret("js-bin", fast);
  await recovery.pollUntilDone();
  assert.equal((await secrets.getSecret("js-bin")).value, "kept");
  await (await secrets.beginDeleteSecret("js-bin", fast)).pollUntilDone();
  await secrets.purgeDeletedSecret("js-bin");
  await fails(secrets.getDeletedSecret("js-bin"), 404, "not found");
});

await check("backup and restore", async () => {
  await secrets.setSecret("js-backup", "kept");
  const blob = await secrets.backupSecret("js-backup");
  await (await secrets.beginDeleteSecret("js-backup", fast)).pollUntilDone();
  await secrets.purgeDeletedSecret("js-backup");
  await new Promise((done) => setTimeout(done, 2100));
  await secrets.restoreSecretBackup(blob);
  assert.equal((await secrets.getSecret("js-backup")).value, "kept");
});

await check("certificates and what backs them", async () => {
  const pem = fs.readFileSync(env.EMU_CERTIFICATE);
  const made = await certificates.importCertificate("js-cert", pem, {
    policy: { issuerName: "Unknown", contentType: "application/x-pem-file" },
  });
  const got = await certificates.getCertificate("js-cert");
  assert.deepEqual(got.cer, made.cer);
  assert.ok((await secrets.getSecret("js-cert")).value.includes("PRIVATE KEY"));
  await certificates.importCertificate("js-pfx", fs.readFileSync(`${env.EMU_STATE}/operator.pfx`), { password: "pw" });
  assert.equal((await secrets.getSecret("js-pfx")).properties.contentType, "application/x-pkcs12");
  assert.equal((await keys.getKey("js-pfx")).keyType, "RSA");
});

await check("a self-signed certificate", async () => {
  const creation = await certificates.beginCreateCertificate("js-self", { issuerName: "Self", subject: "CN=js" }, fast);
  const made = await creation.pollUntilDone();
  assert.ok(made.cer.length > 100);
});

await check("keys", async () => {
  const made = await keys.createRsaKey("js-key", { keySize: 2048 });
  assert.equal((await keys.getKey("js-key")).id, made.id);
  assert.equal((await keys.createEcKey("js-ec", { curve: "P-256" })).key.crv, "P-256");
  assert.ok((await all(keys.listPropertiesOfKeys())).some((k) => k.name === "js-ec"));
});

await check("429 with Retry-After is waited for", async () => {
  await fetch(`${env.EMU_ADMIN}/faults`, { method: "POST", body: '{"status":429,"retryAfter":1,"site":"vault","count":1}' });
  const start = Date.now();
  assert.equal((await secrets.getSecret("js-secret")).value, "hunter2");
  assert.ok(Date.now() - start >= 900);
});

await check("who may nothing", () => {
  const other = new SecretClient(vault, new ClientSecretCredential(env.EMU_TENANT, env.EMU_NOBODY, env.EMU_NOBODY_SECRET));
  return fails(other.getSecret("js-secret"), 403, "ForbiddenByRbac");
});

await check("a wrong secret", () => {
  const other = new SecretClient(vault, new ClientSecretCredential(env.EMU_TENANT, env.EMU_OPERATOR, "wrong"));
  return fails(other.getSecret("js-secret"), 401, "AADSTS7000215");
});

await check("a certificate", async () => {
  const other = new SecretClient(vault, new ClientCertificateCredential(env.EMU_TENANT, env.EMU_OPERATOR, env.EMU_CERTIFICATE));
  assert.equal((await other.getSecret("js-secret")).value, "hunter2");
});

await check("workload identity", async () => {
  const other = new SecretClient(vault, new WorkloadIdentityCredential({
    tenantId: env.EMU_TENANT, clientId: env.EMU_IDENTITY, tokenFilePath: env.EMU_TOKEN_FILE,
  }));
  assert.equal((await other.getSecret("js-secret")).value, "hunter2");
});

await check("managed identity of App Service", async () => {
  env.IDENTITY_ENDPOINT = "http://169.254.169.254/msi/token";
  env.IDENTITY_HEADER = "x";
  const other = new SecretClient(vault, new ManagedIdentityCredential(env.EMU_IDENTITY));
  assert.equal((await other.getSecret("js-secret")).value, "hunter2");
  delete env.IDENTITY_ENDPOINT;
  delete env.IDENTITY_HEADER;
});

await check("managed identity of a machine", async () => {
  env.AZURE_POD_IDENTITY_AUTHORITY_HOST = "http://169.254.169.254";
  const other = new SecretClient(vault, new ManagedIdentityCredential());
  assert.equal((await other.getSecret("js-secret")).value, "hunter2");
});

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
