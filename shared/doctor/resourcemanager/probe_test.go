package resourcemanager_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/doctor/resourcemanager"
	"github.com/lethe-ocr/lethe/shared/retention"
)

const (
	subscription = "00000000-0000-0000-0000-00000000000a"
	account      = "/subscriptions/" + subscription + "/resourceGroups/rg-lethe/providers/Microsoft.Storage/storageAccounts/stlethe"
)

// object is an answer that a case may spoil.
type object = map[string]any

// answers are those of a healthy stamp, by what is asked.
type answers map[string]object

func healthy(t *testing.T) answers {
	t.Helper()
	all := answers{}
	for _, name := range []string{"account", "service", "containers", "policy", "assignments", "roles"} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var o object
		if err := json.Unmarshal(text, &o); err != nil {
			t.Fatal(err)
		}
		all[name] = o
	}
	return all
}

// at walks into an answer by keys and, in lists, by index.
func (a answers) at(keys ...any) object {
	var v any = a[keys[0].(string)]
	for _, k := range keys[1:] {
		switch k := k.(type) {
		case string:
			v = v.(object)[k]
		case int:
			v = v.([]any)[k]
		}
	}
	return v.(object)
}

// grant adds an assignment.
func (a answers) grant(role, scope, principal string) {
	list := a["assignments"]
	list["value"] = append(list["value"].([]any), object{"properties": object{
		"roleDefinitionId": "/subscriptions/" + subscription + "/providers/Microsoft.Authorization/roleDefinitions/" + role,
		"principalId":      "00000000-0000-0000-0001-0000000000ff", "principalType": principal, "scope": scope,
	}})
}

// allow adds a rule for scripts of an origin.
func (a answers) allow(origin string) {
	a.at("service", "properties", "cors")["corsRules"] = []any{object{"allowedOrigins": []any{origin}, "allowedMethods": []any{"PUT", "GET"}}}
}

// Do implements policy.Transporter. A missing answer is one that Resource Manager refuses.
func (a answers) Do(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet || r.URL.Query().Get("api-version") == "" {
		return nil, errors.New("only reads are expected, of a version")
	}
	names := map[string]string{
		account: "account", account + "/blobServices/default": "service", account + "/blobServices/default/containers": "containers",
		account + "/managementPolicies/default": "policy", account + "/providers/Microsoft.Authorization/roleAssignments": "assignments",
	}
	body, ok := a[names[r.URL.Path]]
	if strings.Contains(r.URL.Path, "/roleDefinitions/") {
		body, ok = a["roles"][path.Base(r.URL.Path)].(object)
	}
	if !ok {
		return response(r, http.StatusForbidden, object{"error": object{"code": "AuthorizationFailed", "message": "the client 'somebody' has no right"}}), nil
	}
	if code, refused := body["refuse"].(string); refused {
		return response(r, http.StatusNotFound, object{"error": object{"code": code, "message": "not there"}}), nil
	}
	return response(r, http.StatusOK, body), nil
}

func response(r *http.Request, status int, body object) *http.Response {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(text)),
	}
}

type token struct{}

// GetToken implements azcore.TokenCredential.
func (token) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "token", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func inspect(t *testing.T, a answers, p retention.Policy) doctor.Findings {
	t.Helper()
	probe, err := resourcemanager.New(resourcemanager.Config{
		Subscription: subscription, Group: "rg-lethe", Account: "stlethe",
		Stamp:      doctor.Stamp{Region: "westeurope", Policy: p, Page: doctor.Page{Setting: "off"}},
		Credential: token{}, Transport: a,
	})
	if err != nil {
		t.Fatal(err)
	}
	return doctor.Run(t.Context(), probe)
}

// visible are all checks that Resource Manager can answer, on a healthy stamp.
func visible() map[doctor.Check]doctor.Outcome {
	all := map[doctor.Check]doctor.Outcome{}
	for _, e := range doctor.Expectations() {
		if e.Seen(doctor.ResourceManager) {
			all[e.Check] = doctor.OK
		}
	}
	return all
}

func TestResourceManagerTellsEveryBreach(t *testing.T) {
	const blobOwner, blobContributor, blobReader = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b", "ba92f5b4-2d11-453d-a403-e96b0029c9fe", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
	for _, tc := range []struct {
		name   string
		spoil  func(answers)
		policy func(*retention.Policy)
		want   map[doctor.Check]doctor.Outcome // beside ok
	}{
		{name: "healthy"},
		{name: "blob soft delete", want: breached(doctor.BlobSoftDelete), spoil: func(a answers) {
			a.at("service", "properties")["deleteRetentionPolicy"] = object{"enabled": true, "days": 7}
		}},
		{name: "container soft delete", want: breached(doctor.ContainerSoftDelete), spoil: func(a answers) {
			a.at("service", "properties")["containerDeleteRetentionPolicy"] = object{"enabled": true, "days": 7}
		}},
		{name: "versioning", want: breached(doctor.Versioning), spoil: func(a answers) {
			a.at("service", "properties")["isVersioningEnabled"] = true
		}},
		{name: "change feed", want: breached(doctor.ChangeFeed), spoil: func(a answers) {
			a.at("service", "properties", "changeFeed")["enabled"] = true
		}},
		{name: "restore", want: breached(doctor.Restore), spoil: func(a answers) {
			a.at("service", "properties")["restorePolicy"] = object{"enabled": true, "days": 6}
		}},
		{name: "rule without a page", want: breached(doctor.CORS), spoil: func(a answers) { a.allow("https://ocr.example.org") }},
		{name: "rule for everybody", want: breached(doctor.CORS), spoil: func(a answers) { a.allow("*") }},
		{name: "service says nothing", spoil: func(a answers) { a["service"]["properties"] = object{} }},
		{name: "immutable account", want: breached(doctor.Immutability), spoil: func(a answers) {
			a.at("account", "properties")["immutableStorageWithVersioning"] = object{"enabled": true}
		}},
		{name: "immutable container", want: breached(doctor.Immutability), spoil: func(a answers) {
			a.at("containers", "value", 1, "properties")["hasImmutabilityPolicy"] = true
		}},
		{name: "legal hold", want: breached(doctor.Immutability), spoil: func(a answers) {
			a.at("containers", "value", 1, "properties")["hasLegalHold"] = true
		}},
		{name: "geo-replication", want: breached(doctor.Replication), spoil: func(a answers) { a.at("account", "sku")["name"] = "Standard_GZRS" }},
		{name: "other tenants", want: breached(doctor.CrossTenant), spoil: func(a answers) { delete(a.at("account", "properties"), "allowCrossTenantReplication") }},
		{name: "other region", want: breached(doctor.Region), spoil: func(a answers) { a["account"]["location"] = "northeurope" }},
		{name: "keys by default", want: breached(doctor.SharedKey), spoil: func(a answers) { delete(a.at("account", "properties"), "allowSharedKeyAccess") }},
		{name: "keys", want: breached(doctor.SharedKey), spoil: func(a answers) { a.at("account", "properties")["allowSharedKeyAccess"] = true }},
		{name: "old TLS", want: breached(doctor.Transport), spoil: func(a answers) { a.at("account", "properties")["minimumTlsVersion"] = "TLS1_1" }},
		{name: "old TLS by default", want: breached(doctor.Transport), spoil: func(a answers) { delete(a.at("account", "properties"), "minimumTlsVersion") }},
		{name: "plain HTTP", want: breached(doctor.Transport), spoil: func(a answers) { a.at("account", "properties")["supportsHttpsTrafficOnly"] = false }},
		{name: "public allowed", want: breached(doctor.PublicAccess), spoil: func(a answers) { a.at("account", "properties")["allowBlobPublicAccess"] = true }},
		{name: "public container", want: breached(doctor.PrivateContainers), spoil: func(a answers) {
			a.at("containers", "value", 0, "properties")["publicAccess"] = "Blob"
		}},
		{name: "no lifecycle policy", want: breached(doctor.Lifecycle), spoil: func(a answers) { a["policy"] = object{"refuse": "ManagementPolicyNotFound"} }},
		{name: "rule switched off", want: breached(doctor.Lifecycle), spoil: func(a answers) {
			a.at("policy", "properties", "policy", "rules", 0)["enabled"] = false
		}},
		{name: "rule by modification", want: breached(doctor.Lifecycle), spoil: func(a answers) {
			a.at("policy", "properties", "policy", "rules", 0, "definition", "actions", "baseBlob")["delete"] = object{"daysAfterModificationGreaterThan": 2}
		}},
		{name: "rule for all", want: breached(doctor.Lifecycle), spoil: func(a answers) {
			a.at("policy", "properties", "policy", "rules", 0, "definition", "filters")["prefixMatch"] = []any{}
		}},
		{name: "shorter clock, same rules", want: breached(doctor.Lifecycle), policy: func(p *retention.Policy) { p.Unprocessed = 24 * time.Hour }},
		{name: "blobs of the whole account", want: breached(doctor.Rights), spoil: func(a answers) { a.grant(blobContributor, account, "ServicePrincipal") }},
		{name: "role beyond the table", want: breached(doctor.Rights), spoil: func(a answers) {
			a.grant(blobOwner, account+"/blobServices/default/containers/uploads", "ServicePrincipal")
		}},
		{name: "person reads documents", want: breached(doctor.Rights), spoil: func(a answers) {
			a.grant(blobReader, account+"/blobServices/default/containers/results", "User")
		}},
		{name: "group reads the subscription", want: breached(doctor.Rights), spoil: func(a answers) {
			a.grant("00000000-0000-0000-0002-000000000001", "/subscriptions/"+subscription, "Group")
		}},
		{name: "another account's grant does not count as this one's", want: breached(doctor.Rights), spoil: func(a answers) {
			a.grant(blobReader, account+"2/blobServices/default/containers/ledger", "User")
		}},
		{name: "no right on the account", want: unknown(doctor.Replication, doctor.CrossTenant, doctor.SharedKey, doctor.Transport, doctor.PublicAccess),
			spoil: func(a answers) { delete(a, "account") }},
		{name: "no right on the rest", want: unknown(doctor.BlobSoftDelete, doctor.ContainerSoftDelete, doctor.Versioning, doctor.ChangeFeed, doctor.Restore,
			doctor.Immutability, doctor.PrivateContainers, doctor.Lifecycle, doctor.Rights, doctor.CORS),
			spoil: func(a answers) {
				maps.DeleteFunc(a, func(name string, _ object) bool { return name != "account" })
			}},
		{name: "role not readable", want: unknown(doctor.Rights), spoil: func(a answers) { a["roles"] = object{} }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, p := healthy(t), retention.Default()
			if tc.spoil != nil {
				tc.spoil(a)
			}
			if tc.policy != nil {
				tc.policy(&p)
			}
			want := visible()
			maps.Copy(want, tc.want)
			got := map[doctor.Check]doctor.Outcome{}
			for _, f := range inspect(t, a, p) {
				if _, asked := want[f.Check]; asked {
					got[f.Check] = f.Outcome
				} else if f.Outcome != doctor.Unknown {
					t.Errorf("%s is %s, but the list says that this cannot be seen here", f.Check, f.Outcome)
				}
				if f.Outcome != doctor.OK && f.Remedy == "" {
					t.Errorf("%s has no remedy", f.Check)
				}
				if strings.Contains(f.Found, "somebody") || strings.Contains(f.Found, subscription) {
					t.Errorf("%s repeats what the service said: %s", f.Check, f.Found)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithoutTheSettingsOfTheProgramItsPageIsUnknown(t *testing.T) {
	probe, err := resourcemanager.New(resourcemanager.Config{
		Subscription: subscription, Group: "rg-lethe", Account: "stlethe", Stamp: doctor.Stamp{Region: "westeurope", Policy: retention.Default()},
		Credential: token{}, Transport: healthy(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range doctor.Run(t.Context(), probe) {
		if (f.Check == doctor.CORS || f.Check == doctor.SignIn) && (f.Outcome != doctor.Unknown || f.Remedy == "") {
			t.Errorf("%s is %s (%s), to find out: %q", f.Check, f.Outcome, f.Found, f.Remedy)
		}
	}
}

func breached(checks ...doctor.Check) map[doctor.Check]doctor.Outcome {
	return all(doctor.Breach, checks)
}

func unknown(checks ...doctor.Check) map[doctor.Check]doctor.Outcome {
	return all(doctor.Unknown, checks)
}

func all(o doctor.Outcome, checks []doctor.Check) map[doctor.Check]doctor.Outcome {
	m := map[doctor.Check]doctor.Outcome{}
	for _, c := range checks {
		m[c] = o
	}
	return m
}

func TestAnAccountMustBeNamed(t *testing.T) {
	whole := resourcemanager.Config{Subscription: subscription, Group: "rg", Account: "st", Credential: token{}}
	for name, spoil := range map[string]func(*resourcemanager.Config){
		"no subscription":   func(c *resourcemanager.Config) { c.Subscription = "" },
		"no group":          func(c *resourcemanager.Config) { c.Group = "" },
		"account is a path": func(c *resourcemanager.Config) { c.Account = "st/../../other" },
	} {
		cfg := whole
		spoil(&cfg)
		if _, err := resourcemanager.New(cfg); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
