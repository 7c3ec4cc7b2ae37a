/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "sync/store_spec.h"

static struct store_spec *store(const char *text)
{
    struct err *err = NULL;
    struct store_spec *s = store_spec_parse(&arena, doc(text), &err);
    if (!s) {
        fail_msg("%s in %s", err_msg(err), text);
    }
    return s;
}

static void guide_stores(void **state)
{
    struct store_spec *s =
        store("{'provider':{'azurekv':{'authType':'WorkloadIdentity','vaultUrl':"
              "'https://v.vault.azure.net','serviceAccountRef':{'name':'eso-sa'}}}}");
    assert_str(s->provider, "azurekv");
    assert_int_equal(s->azure.auth, AUTH_WORKLOAD_IDENTITY);
    assert_str(s->azure.sa_name, "eso-sa");
    assert_false(s->azure.has_auth_secret_ref);

    s = store("{'provider':{'azurekv':{'vaultUrl':'https://v.vault.azure.net','tenantId':'t',"
              "'authSecretRef':{'clientId':{'name':'c','key':'id'},'clientSecret':{'name':'c',"
              "'key':'secret','namespace':'n'}}}},'conditions':[{'namespaces':['a','b']},"
              "{'namespaceSelector':{'matchLabels':{'x':'y'}}},{'namespaceRegexes':['^p']}]}");
    assert_int_equal(s->azure.auth, AUTH_SERVICE_PRINCIPAL);
    assert_str(s->azure.environment, "PublicCloud");
    assert_str(s->azure.client_id.key, "id");
    assert_str(s->azure.client_secret.ns, "n");
    assert_false(s->azure.client_certificate.given);
    assert_int_equal(s->n_conditions, 3);
    assert_str(s->conditions[0].namespaces[1], "b");
    assert_true(s->conditions[1].has_selector);
    assert_str(s->conditions[2].regexes[0], "^p");
}

static void refresh_interval(void **state)
{
    static const struct {
        const char *spec;
        ns_t want; /* -1: an error */
    } CASES[] = {
        {"{}", 0},
        {"{'refreshInterval':0}", 0},
        {"{'refreshInterval':300}", 300 * NS_S},
        {"{'refreshInterval':'5m'}", 5 * NS_MIN},
        {"{'refreshInterval':'300'}", -1},
        {"{'refreshInterval':-1}", -1},
        {"{'refreshInterval':'-5m'}", -1},
        {"{'refreshInterval':9223372036854775807}", -1},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(err_freep) struct err *err = NULL;
        ns_t got = 0;
        if (store_refresh_interval(doc(CASES[i].spec), &got, &err) < 0) {
            assert_err(-1, err, ERR_INVALID, "invalid refreshInterval: ");
            got = -1;
        }
        assert_int_equal(got, CASES[i].want);
    }
}

#define AZ(members) "{'provider':{'azurekv':{'vaultUrl':''" members "}}}"

static void rules(void **state)
{
    static const struct {
        const char *spec;
        bool cluster;
        const char *text; /* NULL: fine */
    } CASES[] = {
        {AZ(""), false, NULL},
        {"{'provider':{'aws':{}}}", false, "unknown provider \"aws\""},
        {"{'provider':{'aws':{},'azurekv':{}}}", false, "invalid store provider"},
        {"{'provider':{}}", false, "invalid store provider"},
        {"{}", false, "invalid store provider"},
        {AZ(",'authSecretRef':{'clientId':{'namespace':'own'}}"), false, NULL},
        {AZ(",'authSecretRef':{'clientId':{'namespace':'other'}}"), false,
         "invalid AuthSecretRef.ClientID: namespace should either be empty or match"},
        {AZ(",'authSecretRef':{'clientId':{'namespace':'other'}}"), true, NULL},
        {AZ(",'authSecretRef':{'clientSecret':{'namespace':'other'}}"), false,
         "invalid AuthSecretRef.ClientSecret"},
        {AZ(",'serviceAccountRef':{'name':'a','namespace':'other'}"), false,
         "invalid ServiceAccountRef"},
        {AZ(",'customCloudConfig':{'activeDirectoryEndpoint':'x'}"), false,
         "CustomCloudConfig requires UseAzureSDK"},
        {AZ(",'useAzureSDK':true,'customCloudConfig':{}"), false,
         "activeDirectoryEndpoint is required"},
        {AZ(",'environmentType':'AzureStackCloud'"), false, "CustomCloudConfig is required when"},
        {AZ(",'environmentType':'AzureStackCloud','useAzureSDK':true,'customCloudConfig':"
            "{'activeDirectoryEndpoint':'x'}"),
         false, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        AUTO(err_freep) struct err *err = NULL;
        int got = store_spec_validate(store(CASES[i].spec), CASES[i].cluster, STR("own"), &err);
        if (CASES[i].text) {
            assert_err(got, err, ERR_INVALID, CASES[i].text);
        } else {
            assert_ok(got, err);
        }
    }
}

static void mistakes(void **state)
{
    AUTO(err_freep) struct err *err = NULL;
    assert_null(store_spec_parse(&arena, doc(AZ(",'authType':'Password'")), &err));
    assert_err(-1, err, ERR_INVALID, "authType: unknown value \"Password\"");
    AUTO(err_freep) struct err *err2 = NULL;
    assert_null(store_spec_parse(
        &arena,
        doc("{'provider':{'azurekv':{}},'conditions':[{},{'namespaceSelector':{'matchExpressions':"
            "[{'key':'a','operator':'Is'}]}}]}"),
        &err2));
    assert_err(-1, err2, ERR_INVALID, "spec.conditions[1]: label selector: \"Is\" is not one of");
}

static void referent(void **state)
{
    static const struct {
        const char *spec;
        bool referent;
    } CASES[] = {
        {AZ(""), false},
        {AZ(",'authSecretRef':{'clientId':{'name':'a','namespace':'n'},'clientSecret':{'name':'a',"
            "'namespace':'n'}}"),
         false},
        {AZ(",'authSecretRef':{'clientId':{'name':'a','namespace':'n'},'clientSecret':{'name':'a'}"
            "}"),
         true},
        {AZ(",'authSecretRef':{'clientCertificate':{'name':'a'}}"), true},
        {AZ(",'serviceAccountRef':{'name':'a'}"), true},
        {AZ(",'serviceAccountRef':{'name':'a','namespace':'n'}"), false},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        assert_int_equal(store_spec_is_referent(store(CASES[i].spec)), CASES[i].referent);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(guide_stores), TEST(refresh_interval), TEST(rules), TEST(mistakes), TEST(referent),
    };
    return RUN(tests);
}
