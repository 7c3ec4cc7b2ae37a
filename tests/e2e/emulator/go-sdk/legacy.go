package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/services/keyvault/v7.0/keyvault"
	"github.com/Azure/go-autorest/autorest/azure/auth"
)

// legacy runs the first generation of the SDK, which External Secrets Operator uses by default: the v1
// token endpoint with a resource, no challenge, api-version 7.0.
func legacy() {
	config := auth.NewClientCredentialsConfig(os.Getenv("EMU_OPERATOR"), os.Getenv("EMU_OPERATOR_SECRET"), tenant)
	config.Resource = "https://vault.azure.net"
	client := keyvault.New()
	client.RetryAttempts = 1
	check("legacy: login", func() error {
		authorizer, err := config.Authorizer()
		client.Authorizer = authorizer
		return err
	})
	check("legacy: get", func() error {
		got, err := client.GetSecret(background, vault, "go-secret", "")
		if err == nil && *got.Value != "hunter2" {
			err = fmt.Errorf("got %q", *got.Value)
		}
		return err
	})
	check("legacy: set and tags", func() error {
		text := "from the old one"
		if _, err := client.SetSecret(background, vault, "go-legacy", keyvault.SecretSetParameters{Value: &text}); err != nil {
			return err
		}
		got, err := client.GetSecret(background, vault, "go-legacy", "")
		if err == nil && *got.Value != text {
			err = fmt.Errorf("got %q", *got.Value)
		}
		return err
	})
	check("legacy: list to the end", func() error {
		found := 0
		list, err := client.GetSecretsComplete(background, vault, nil)
		for ; err == nil && list.NotDone(); err = list.NextWithContext(background) {
			found++
		}
		if err == nil && found < 30 {
			err = fmt.Errorf("%d", found)
		}
		return err
	})
	check("legacy: not there", func() error {
		_, err := client.GetSecret(background, vault, "go-none", "")
		if err == nil || !strings.Contains(err.Error(), "SecretNotFound") {
			return fmt.Errorf("got %v", err)
		}
		return nil
	})
}
