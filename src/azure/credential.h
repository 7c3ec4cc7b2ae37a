/* SPDX-License-Identifier: Apache-2.0
 *
 * credential: what an identity proves itself with. A credential is immutable and counted; making
 * one asks nobody (only a certificate is parsed), tokens come from azure/token.h.
 *
 * Two credentials are the same identity if their keys are equal: kind, authority, tenant, client id
 * and a keyed hash of the secret part. Equal identities share one token and one connection pool, so
 * a caller may make a new credential for each use.
 *
 * Secret parts lie in struct secret or in OpenSSL's memory and are in no text of this module.
 * Loop thread only.
 */
#ifndef PAWL_AZURE_CREDENTIAL_H
#define PAWL_AZURE_CREDENTIAL_H

#include "base/err.h"
#include "base/secret.h"

struct azure_credential;
struct azure_assertion;

/* An application (or user-assigned identity) of a tenant. Views; they are copied. */
struct azure_application {
    struct str authority; /* normal form, see azure_authority */
    struct str tenant;    /* GUID, domain, or "adfs" */
    struct str client_id;
};

/* A client secret, taken as it is: a line end that a Kubernetes Secret holds belongs to it. */
struct azure_credential *azure_credential_secret(const struct azure_application *app,
                                                 struct str secret, struct err **err) MUST_USE;

/* A certificate with its RSA key, without a password: PEM blocks in any order (of several
 * certificates the one that the key belongs to), or PKCS#12; as bytes or in base64. ERR_INVALID,
 * where it fits in External Secrets Operator's words. */
struct azure_credential *azure_credential_certificate(const struct azure_application *app,
                                                      struct str material,
                                                      struct err **err) MUST_USE;

/* Workload identity: a token of a service account that Entra has been told to trust. Where it comes
 * from is the caller's (a TokenRequest of the Kubernetes API, for which this layer has no words).
 */
struct azure_assertion_source {
    struct str key; /* tells sources apart: "NAMESPACE/SERVICEACCOUNT AUDIENCES" */
    /* Asks for a token; answered by exactly one azure_assertion_answer, at once or later. */
    void (*request)(void *arg, struct azure_assertion *to);
    /* That answer is not wanted any more and must not come. */
    void (*cancel)(void *arg, struct azure_assertion *to);
    /* The credential is gone; may be NULL. */
    void (*release)(void *arg);
    void *arg;
};
struct azure_credential *azure_credential_workload(const struct azure_application *app,
                                                   const struct azure_assertion_source *source,
                                                   struct err **err) MUST_USE;
/* Either jwt or err (which stays the caller's). Copies; the caller wipes its own. */
void azure_assertion_answer(struct azure_assertion *to, struct str jwt, const struct err *err);

/* The same with a file that the kubelet keeps fresh (AZURE_FEDERATED_TOKEN_FILE): it is read anew
 * for each token. */
struct azure_credential *azure_credential_token_file(const struct azure_application *app,
                                                     const char *path, struct err **err) MUST_USE;

/* Where a managed identity gets its tokens on this machine, as the SDKs find it: variables of the
 * environment, else the metadata service of the VM. Views into the environment. */
struct azure_environment {
    struct str identity_endpoint;   /* IDENTITY_ENDPOINT: App Service, Container Apps, emulators */
    struct str identity_header;     /* IDENTITY_HEADER */
    struct str identity_thumbprint; /* IDENTITY_SERVER_THUMBPRINT: Service Fabric, not supported */
    struct str imds_endpoint;       /* IMDS_ENDPOINT: Azure Arc */
    struct str msi_endpoint;        /* MSI_ENDPOINT: Cloud Shell; with MSI_SECRET Azure ML */
    struct str msi_secret;
    struct str pod_identity; /* AZURE_POD_IDENTITY_AUTHORITY_HOST: instead of 169.254.169.254 */
};
struct azure_environment azure_environment(void);

/* Which of the machine's identities: its only or system-assigned one, or a user-assigned one. */
enum azure_identity_by { AZURE_SYSTEM, AZURE_BY_CLIENT_ID, AZURE_BY_OBJECT_ID, AZURE_BY_RESOURCE };
struct azure_credential *azure_credential_managed(enum azure_identity_by by, struct str id,
                                                  const struct azure_environment *environment,
                                                  struct err **err) MUST_USE;

struct azure_credential *azure_credential_ref(struct azure_credential *c);
void azure_credential_unref(struct azure_credential *c); /* NULL is fine */
void azure_credential_unrefp(struct azure_credential **c);
/* Equal for equal identities, in this process. Borrowed from c. Holds no secret. */
struct str azure_credential_key(const struct azure_credential *c);
/* For people: "application 5d1f... of tenant 7c0e..."; "managed identity". Borrowed. */
const char *azure_credential_name(const struct azure_credential *c);

#endif
