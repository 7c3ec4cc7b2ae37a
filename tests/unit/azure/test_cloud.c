/* SPDX-License-Identifier: Apache-2.0 */
#include "azure/challenge.h"
#include "azure/cloud.h"

#include "test.h"

static void test_clouds(void **state)
{
    assert_string_equal(azure_cloud_find(STR(""))->name, "PublicCloud");
    assert_string_equal(azure_cloud_find(STR("USGovernmentCloud"))->authority,
                        "https://login.microsoftonline.us");
    assert_string_equal(azure_cloud_find(STR("ChinaCloud"))->vault_suffix, "vault.azure.cn");
    assert_string_equal(azure_cloud_find(STR("GermanCloud"))->vault_suffix,
                        "vault.microsoftazure.de");
    assert_null(azure_cloud_find(STR("AzureStackCloud"))->authority);
    assert_null(azure_cloud_find(STR("publiccloud")));
}

struct url_case {
    const char *in;
    const char *out; /* NULL: refused with ... */
    const char *error;
};

static void check_urls(const struct url_case *cases, size_t n, bool allow_http,
                       int (*normal)(struct str, bool, struct buf *, struct err **))
{
    for (size_t i = 0; i < n; i++) {
        AUTO(err_freep) struct err *err = NULL;
        AUTO(buf_done) struct buf out = BUF_INIT(1000);
        int result = normal(str_c(cases[i].in), allow_http, &out, &err);
        if (cases[i].out) {
            assert_ok(result, err);
            assert_buf(&out, cases[i].out);
        } else {
            assert_err(result, err, ERR_INVALID, cases[i].error);
        }
    }
}

static void test_vault_urls(void **state)
{
    static const struct url_case cases[] = {
        {"https://kv1.vault.azure.net", "https://kv1.vault.azure.net", NULL},
        {"https://KV1.Vault.Azure.net/", "https://kv1.vault.azure.net", NULL},
        {"https://kv1.vault.azure.net:443/", "https://kv1.vault.azure.net", NULL},
        {" https://kv1.emu.test:8443\n", "https://kv1.emu.test:8443", NULL},
        {"https://[::1]:8443", "https://[::1]:8443", NULL},
        {"http://kv1.vault.azure.net", NULL, "must begin with https://"},
        {"https://kv1.vault.azure.net/secrets/x", NULL, "must end after the host"},
        {"https://kv1.vault.azure.net?x=1", NULL, "must end after the host"},
        {"kv1.vault.azure.net", NULL, "vaultUrl"},
        {"kv1", NULL, "vaultUrl"},
        {"", NULL, "the vaultUrl is empty"},
        {"https://user@kv1.vault.azure.net", NULL, "vaultUrl"},
    };
    check_urls(cases, COUNT_OF(cases), false, azure_vault_url);
    static const struct url_case http[] = {
        {"http://127.0.0.1:80/", "http://127.0.0.1", NULL},
        {"http://kv1.localhost:443", "http://kv1.localhost:443", NULL},
        {"ftp://kv1.localhost", NULL, "must begin with https://"},
    };
    check_urls(http, COUNT_OF(http), true, azure_vault_url);
}

static void test_authorities(void **state)
{
    static const struct url_case cases[] = {
        {"https://login.microsoftonline.com/", "https://login.microsoftonline.com", NULL},
        {"https://ADFS.local.azurestack.external/adfs/", "https://adfs.local.azurestack.external",
         NULL},
        {"https://login.microsoftonline.com/tenant", NULL, "the tenant is given elsewhere"},
        {"http://login.localhost", NULL, "must begin with https://"},
    };
    check_urls(cases, COUNT_OF(cases), false, azure_authority);
}

static void test_resources(void **state)
{
    static const struct {
        const char *cloud;
        const char *vault;
        const char *resource;
    } cases[] = {
        {"PublicCloud", "https://kv1.vault.azure.net", "https://vault.azure.net"},
        {"PublicCloud", "https://hsm1.managedhsm.azure.net", "https://managedhsm.azure.net"},
        {"PublicCloud", "https://kv1.vault.azure.cn", "https://vault.azure.cn"},
        {"AzureStackCloud", "https://kv1.vault.local.azurestack.external",
         "https://vault.local.azurestack.external"},
        {"PublicCloud", "https://kv1.vault.emu.test:8443", "https://vault.emu.test:8443"},
        {"ChinaCloud", "https://127.0.0.1:8443", "https://vault.azure.cn"},
        {"AzureStackCloud", "https://localhost", "https://vault.azure.net"},
        {"none", "https://[fe80::1]", "https://vault.azure.net"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(buf_done) struct buf out = BUF_INIT(1000);
        azure_vault_resource(azure_cloud_find(str_c(cases[i].cloud)), str_c(cases[i].vault), &out);
        assert_buf(&out, cases[i].resource);
    }
}

static void test_which_resources_a_vault_may_ask_for(void **state)
{
    static const struct {
        const char *vault;
        const char *resource;
        bool allowed;
    } cases[] = {
        {"https://kv1.vault.azure.net", "https://vault.azure.net", true},
        {"https://kv1.vault.azure.net", "https://VAULT.azure.net/", true},
        {"https://kv1.vault.azure.net:443", "https://vault.azure.net", true},
        {"https://kv1.vault.emu.test:8443", "https://vault.emu.test:8443", true},
        {"https://kv1.vault.emu.test:8443", "https://vault.emu.test", false},
        {"https://kv1.vault.azure.net", "https://management.azure.com", false},
        {"https://kv1.vault.azure.net", "https://kv1.vault.azure.net", false},
        {"https://evilvault.azure.net", "https://vault.azure.net", false},
        {"https://vault.azure.net.evil.example", "https://vault.azure.net", false},
        {"https://kv1.evil.net", "https://net", false},
        {"https://127.0.0.1", "https://0.0.1", false},
        {"https://kv1.vault.azure.net", "vault.azure.net", false},
        {"https://kv1.vault.azure.net", "", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(azure_resource_allowed(str_c(cases[i].vault), str_c(cases[i].resource)),
                         cases[i].allowed);
    }
}

static void test_challenges(void **state)
{
    static const struct {
        const char *header;
        const char *resource; /* NULL: no challenge of use */
    } cases[] = {
        {"Bearer authorization=\"https://login.windows.net/t1\", "
         "resource=\"https://vault.azure.net\"",
         "https://vault.azure.net"},
        {"bearer resource=\"https://vault.azure.net/\"", "https://vault.azure.net"},
        {"Bearer authorization=x scope=https://vault.azure.net/.default error=\"a, b=c\"",
         "https://vault.azure.net"},
        {"Bearer scope=\"a/.default\",resource=\"b\"", "b"},
        {"Bearer resource = \"b\"", "b"},
        {"Bearer authorization=\"https://login.windows.net/t1\"", NULL},
        {"Bearer resource=\"https://vault.azure.net", NULL},
        {"Bearer resource=\"\"", NULL},
        {"Bearer resource=\"a\nb\"", NULL},
        {"Basic realm=\"x\", resource=\"b\"", NULL},
        {"Bearer", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(buf_done) struct buf out = BUF_INIT(1000);
        bool found = challenge_resource(str_c(cases[i].header), &out);
        assert_int_equal(found, cases[i].resource != NULL);
        if (found) {
            assert_buf(&out, cases[i].resource);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clouds),
        cmocka_unit_test(test_vault_urls),
        cmocka_unit_test(test_authorities),
        cmocka_unit_test(test_resources),
        cmocka_unit_test(test_which_resources_a_vault_may_ask_for),
        cmocka_unit_test(test_challenges),
    };
    return RUN(tests);
}
