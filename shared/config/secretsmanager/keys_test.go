package secretsmanager_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/lethe-ocr/lethe/shared/config/secretsmanager"
)

// planted stands for the secret, and for what an answer of the service may say of it.
const planted = "planted-secret"

func TestSigningKeysAreTheTwoVersionsOfTheSecret(t *testing.T) {
	text := func(s string) string { return fmt.Sprintf(`{"SecretString":%q}`, s) }
	const none = `{"__type":"ResourceNotFoundException","Message":"` + planted + `"}`
	for _, c := range []struct {
		name              string
		versions          map[string]string // answers by label; what is not there is denied
		current, previous string
		wrong             string // part of the error
	}{
		{"both", map[string]string{"AWSCURRENT": text("new\n"), "AWSPREVIOUS": text("old")}, "new", "old", ""},
		{"never rotated", map[string]string{"AWSCURRENT": text("new"), "AWSPREVIOUS": none}, "new", "", ""},
		{"no secret", map[string]string{"AWSCURRENT": none, "AWSPREVIOUS": none}, "", "", "AWSCURRENT of the secret with the signing key: ResourceNotFoundException"},
		{"previous denied", map[string]string{"AWSCURRENT": text(planted)}, "", "", "AWSPREVIOUS of the secret with the signing key: AccessDeniedException"},
		{"bytes", map[string]string{"AWSCURRENT": `{"SecretBinary":"cGxhbnRlZA=="}`}, "", "", "holds no text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var in struct{ SecretId, VersionStage string } //nolint:revive // the name that the service gives it
				if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.SecretId != "arn" {
					t.Errorf("asked for %+v, %v", in, err)
				}
				answer, ok := c.versions[in.VersionStage]
				if !ok {
					answer = `{"__type":"AccessDeniedException","Message":"` + planted + `"}`
				}
				w.Header().Set("Content-Type", "application/x-amz-json-1.1")
				if strings.Contains(answer, "__type") {
					w.WriteHeader(http.StatusBadRequest)
				}
				_, _ = w.Write([]byte(answer))
			}))
			defer service.Close()
			current, previous, err := secretsmanager.Keys(t.Context(), secretsmanager.Config{
				Region: "eu-central-1", Secret: "arn", Endpoint: service.URL,
				Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
					return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "key", SessionToken: "token"}, nil
				}),
			})
			if c.wrong == "" && (err != nil || current != c.current || previous != c.previous) {
				t.Errorf("%q, %q, %v", current, previous, err)
			}
			if c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong) || strings.Contains(err.Error(), planted)) {
				t.Errorf("error %v", err)
			}
		})
	}
}
