// The acceptance list with the Azure SDK for Go. Counts its checks; the last line says how many.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

var (
	passed, failed int
	background     = context.Background()
	vault          = os.Getenv("EMU_VAULT")
	tenant         = os.Getenv("EMU_TENANT")
)

func check(name string, test func() error) {
	if err := test(); err != nil {
		failed++
		fmt.Printf("FAILED: %s\n    %s\n", name, strings.ReplaceAll(err.Error(), "\n", "\n    "))
		return
	}
	passed++
}

func must[T any](v T, err error) T {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	return v
}

func client(credential azcore.TokenCredential) *azsecrets.Client {
	return must(azsecrets.NewClient(vault, credential, nil))
}

func secretLogin(id, secret string) azcore.TokenCredential {
	return must(azidentity.NewClientSecretCredential(tenant, id, secret, nil))
}

// fails says whether an answer has the status and a text in it.
func fails(err error, status int, part string) error {
	var response *azcore.ResponseError
	if err == nil {
		return errors.New("it succeeded")
	}
	if !strings.Contains(err.Error(), part) {
		return fmt.Errorf("no %q in: %w", part, err)
	}
	if status != 0 && (!errors.As(err, &response) || response.StatusCode != status) {
		return fmt.Errorf("not %d: %w", status, err)
	}
	return nil
}

func value(c *azsecrets.Client, name, wanted string) error {
	got, err := c.GetSecret(background, name, "", nil)
	if err != nil {
		return err
	}
	if *got.Value != wanted {
		return fmt.Errorf("got %q", *got.Value)
	}
	return nil
}

func set(c *azsecrets.Client, name, v string) error {
	_, err := c.SetSecret(background, name, azsecrets.SetSecretParameters{Value: &v}, nil)
	return err
}

// eventually repeats a step for a few seconds, as clients of the real service have to.
func eventually(step func() error) error {
	var err error
	for i := 0; i < 50; i++ {
		if err = step(); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

func basics(c *azsecrets.Client) {
	check("set and get", func() error {
		made, err := c.SetSecret(background, "go-secret", azsecrets.SetSecretParameters{
			Value: to.Ptr("hunter2"), ContentType: to.Ptr("text/plain"), Tags: map[string]*string{"a": to.Ptr("b")},
		}, nil)
		if err != nil {
			return err
		}
		got, err := c.GetSecret(background, "Go-Secret", made.ID.Version(), nil)
		if err != nil {
			return err
		}
		if *got.Value != "hunter2" || *got.Tags["a"] != "b" || got.ID.Name() != "go-secret" {
			return fmt.Errorf("got %v", got)
		}
		return value(c, "go-secret", "hunter2")
	})
	check("disable", func() error {
		if err := set(c, "go-off", "x"); err != nil {
			return err
		}
		off := azsecrets.UpdateSecretPropertiesParameters{SecretAttributes: &azsecrets.SecretAttributes{Enabled: to.Ptr(false)}}
		if _, err := c.UpdateSecretProperties(background, "go-off", "", off, nil); err != nil {
			return err
		}
		return fails(value(c, "go-off", ""), 403, "SecretDisabled")
	})
	check("not there", func() error { return fails(value(c, "go-none", ""), 404, "SecretNotFound") })
	check("a bad name", func() error { return fails(set(c, "bad_name", "x"), 400, "BadParameter") })
	check("lists in pages", func() error {
		for i := 0; i < 30; i++ {
			if err := set(c, fmt.Sprintf("go-list-%d", i), "x"); err != nil {
				return err
			}
		}
		found, pages := 0, 0
		for pager := c.NewListSecretPropertiesPager(nil); pager.More(); pages++ {
			page, err := pager.NextPage(background)
			if err != nil {
				return err
			}
			for _, s := range page.Value {
				if strings.HasPrefix(s.ID.Name(), "go-list-") {
					found++
				}
			}
		}
		if found != 30 || pages < 2 {
			return fmt.Errorf("%d in %d pages", found, pages)
		}
		return nil
	})
	check("versions", func() error {
		for i := 0; i < 3; i++ {
			if err := set(c, "go-versions", fmt.Sprint(i)); err != nil {
				return err
			}
		}
		found := 0
		for pager := c.NewListSecretPropertiesVersionsPager("go-versions", nil); pager.More(); {
			page, err := pager.NextPage(background)
			if err != nil {
				return err
			}
			found += len(page.Value)
		}
		if found != 3 {
			return fmt.Errorf("%d versions", found)
		}
		return value(c, "go-versions", "2")
	})
}

func bin(c *azsecrets.Client) {
	check("delete, conflict, recover, purge", func() error {
		if err := set(c, "go-bin", "kept"); err != nil {
			return err
		}
		if _, err := c.DeleteSecret(background, "go-bin", nil); err != nil {
			return err
		}
		if err := fails(set(c, "go-bin", "x"), 409, "ObjectIs"); err != nil {
			return err
		}
		deleted := func() error {
			_, err := c.GetDeletedSecret(background, "go-bin", nil)
			return err
		}
		if err := eventually(deleted); err != nil {
			return err
		}
		if _, err := c.RecoverDeletedSecret(background, "go-bin", nil); err != nil {
			return err
		}
		if err := eventually(func() error { return value(c, "go-bin", "kept") }); err != nil {
			return err
		}
		if _, err := c.DeleteSecret(background, "go-bin", nil); err != nil {
			return err
		}
		if err := eventually(deleted); err != nil {
			return err
		}
		_, err := c.PurgeDeletedSecret(background, "go-bin", nil)
		return err
	})
	check("backup and restore", func() error {
		blob, err := c.BackupSecret(background, "go-versions", nil)
		if err != nil {
			return err
		}
		_, err = c.RestoreSecret(background, azsecrets.RestoreSecretParameters{SecretBackup: blob.Value}, nil)
		return fails(err, 409, "Conflict")
	})
}

func logins() {
	check("who may nothing", func() error {
		c := client(secretLogin(os.Getenv("EMU_NOBODY"), os.Getenv("EMU_NOBODY_SECRET")))
		return fails(value(c, "go-secret", ""), 403, "ForbiddenByRbac")
	})
	check("a wrong secret", func() error {
		return fails(value(client(secretLogin(os.Getenv("EMU_OPERATOR"), "wrong")), "go-secret", ""), 0, "AADSTS7000215")
	})
	check("a certificate", func() error {
		certs, key, err := azidentity.ParseCertificates(must(os.ReadFile(os.Getenv("EMU_CERTIFICATE"))), nil)
		if err != nil {
			return err
		}
		credential := must(azidentity.NewClientCertificateCredential(tenant, os.Getenv("EMU_OPERATOR"), certs, key, nil))
		return value(client(credential), "go-secret", "hunter2")
	})
	check("workload identity", func() error {
		credential := must(azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientID: os.Getenv("EMU_IDENTITY"), TenantID: tenant, TokenFilePath: os.Getenv("EMU_TOKEN_FILE")}))
		return value(client(credential), "go-secret", "hunter2")
	})
	check("managed identity of a machine", func() error {
		return value(client(must(azidentity.NewManagedIdentityCredential(nil))), "go-secret", "hunter2")
	})
	check("managed identity of App Service", func() error {
		os.Setenv("IDENTITY_ENDPOINT", "http://169.254.169.254/msi/token")
		os.Setenv("IDENTITY_HEADER", "x")
		defer os.Unsetenv("IDENTITY_ENDPOINT")
		defer os.Unsetenv("IDENTITY_HEADER")
		credential := must(azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{
			ID: azidentity.ClientID(os.Getenv("EMU_IDENTITY"))}))
		return value(client(credential), "go-secret", "hunter2")
	})
	check("the ADFS form, without discovery", func() error {
		credential := must(azidentity.NewClientSecretCredential("adfs", os.Getenv("EMU_OPERATOR"), os.Getenv("EMU_OPERATOR_SECRET"), nil))
		_, err := credential.GetToken(background, policy.TokenRequestOptions{Scopes: []string{"https://vault.azure.net/.default"}})
		return err
	})
}

func main() {
	c := client(secretLogin(os.Getenv("EMU_OPERATOR"), os.Getenv("EMU_OPERATOR_SECRET")))
	basics(c)
	bin(c)
	logins()
	legacy()
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
