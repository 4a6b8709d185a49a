// Package secretsmanager reads the signing keys of a stamp on AWS from AWS Secrets Manager, where no setting shows them.
package secretsmanager

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"
)

// Config names a secret and who reads it.
type Config struct {
	Region      string
	Secret      string // ARN
	Credentials aws.CredentialsProvider
	Client      aws.HTTPClient // nil for the SDK's own
	Endpoint    string         // of a stand-in; empty for AWS
}

// The versions of a secret, by their labels: AWS moves both when a new value is put.
const (
	currentVersion  = "AWSCURRENT"
	previousVersion = "AWSPREVIOUS"
)

// Keys returns the signing key, and the one before it: empty if there was none. An error says which call failed and by which
// code, and nothing of the secret.
func Keys(ctx context.Context, cfg Config) (current, previous string, err error) {
	client := secretsmanager.New(secretsmanager.Options{
		Region: cfg.Region, Credentials: cfg.Credentials, HTTPClient: cfg.Client,
	}, func(o *secretsmanager.Options) {
		if cfg.Endpoint != "" {
			o.BaseEndpoint = &cfg.Endpoint
		}
	})
	if current, err = version(ctx, client, cfg.Secret, currentVersion); err != nil {
		return "", "", err
	}
	previous, err = version(ctx, client, cfg.Secret, previousVersion)
	return current, previous, err
}

// version returns one version of the secret. That there is no previous one is no error.
func version(ctx context.Context, client *secretsmanager.Client, secret, label string) (string, error) {
	out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &secret, VersionStage: &label})
	if none := (*types.ResourceNotFoundException)(nil); errors.As(err, &none) && label == previousVersion {
		return "", nil
	}
	if err != nil {
		code := "no answer"
		if told := smithy.APIError(nil); errors.As(err, &told) {
			code = told.ErrorCode()
		}
		return "", fmt.Errorf("read the version %s of the secret with the signing key: %s", label, code)
	}
	if out.SecretString == nil {
		return "", fmt.Errorf("the version %s of the secret with the signing key holds no text", label)
	}
	return strings.TrimSpace(*out.SecretString), nil
}
