package account_test

import (
	"context"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/doctor/account"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/azure"
	"github.com/lethe-ocr/lethe/shared/storage/azure/azurite"
)

func stamp() doctor.Stamp {
	return doctor.Stamp{Region: "westeurope", Platform: "West Europe", Policy: retention.Default(), Queues: []string{"first", "second"}, Page: doctor.Page{Setting: "off"}}
}

// outcomes leaves out what was not seen.
func outcomes(all doctor.Findings) map[doctor.Check]doctor.Outcome {
	known := map[doctor.Check]doctor.Outcome{}
	for _, f := range all {
		if f.Outcome != doctor.Unknown {
			known[f.Check] = f.Outcome
		}
	}
	return known
}

func TestInspectionOfAnEmulatedAccount(t *testing.T) {
	emulator := azurite.Start(t)
	healthy := map[doctor.Check]doctor.Outcome{
		doctor.BlobSoftDelete: doctor.OK, doctor.StaticWebsite: doctor.OK, doctor.ClockSkew: doctor.OK,
		doctor.Region: doctor.OK, doctor.PrivateContainers: doctor.OK, doctor.ChangeFeed: doctor.OK, doctor.Immutability: doctor.OK,
		doctor.AccountTables: doctor.OK, doctor.AccountQueues: doctor.OK, doctor.CORS: doctor.OK, doctor.SignIn: doctor.OK,
	}
	for _, tc := range []struct {
		name    string
		spoil   func(*testing.T, *service.Client)
		emptied func(t *testing.T, account string) // by its connection string
		stamp   func(*doctor.Stamp)
		late    time.Duration
		breach  doctor.Check
	}{
		{name: "healthy"},
		{name: "soft delete", breach: doctor.BlobSoftDelete, spoil: func(t *testing.T, c *service.Client) {
			set(t, c, &service.SetPropertiesOptions{DeleteRetentionPolicy: &service.RetentionPolicy{Enabled: to.Ptr(true), Days: to.Ptr(int32(7))}})
		}},
		{name: "website", breach: doctor.StaticWebsite, spoil: func(t *testing.T, c *service.Client) {
			set(t, c, &service.SetPropertiesOptions{StaticWebsite: &service.StaticWebsite{Enabled: to.Ptr(true), IndexDocument: to.Ptr("index.html")}})
		}},
		{name: "rule without a page", breach: doctor.CORS, spoil: allow("https://ocr.example.org")},
		{name: "page without a rule", breach: doctor.CORS, stamp: func(s *doctor.Stamp) { s.Page.Setting = "on" }},
		{name: "rule for the page", spoil: allow("https://ocr.example.org"), stamp: func(s *doctor.Stamp) {
			s.Page = doctor.Page{Setting: "on", Address: "https://ocr.example.org"}
		}},
		{name: "rule for another origin too", breach: doctor.CORS, spoil: allow("https://ocr.example.org,https://example.com"), stamp: func(s *doctor.Stamp) {
			s.Page = doctor.Page{Setting: "on", Address: "https://ocr.example.org"}
		}},
		{name: "client without an application", breach: doctor.SignIn, stamp: func(s *doctor.Stamp) { s.Page.Client = "lethe-page" }},
		{name: "public container", breach: doctor.PrivateContainers, spoil: func(t *testing.T, c *service.Client) {
			_, err := c.NewContainerClient(storage.Results).SetAccessPolicy(t.Context(), &container.SetAccessPolicyOptions{Access: to.Ptr(container.PublicAccessTypeBlob)})
			if err != nil {
				t.Fatal(err)
			}
		}},
		{name: "container of another region", breach: doctor.Region, spoil: func(t *testing.T, c *service.Client) {
			_, err := c.NewContainerClient(storage.Results).SetMetadata(t.Context(), &container.SetMetadataOptions{Metadata: map[string]*string{"region": to.Ptr("eastus")}})
			if err != nil {
				t.Fatal(err)
			}
		}},
		{name: "table is missing", breach: doctor.AccountTables, emptied: func(t *testing.T, account string) {
			c, err := aztables.NewServiceClientFromConnectionString(account, nil)
			if err == nil {
				_, err = c.DeleteTable(t.Context(), string(storage.Deliveries), nil)
			}
			if err != nil {
				t.Fatal(err)
			}
		}},
		{name: "queue is missing", breach: doctor.AccountQueues, emptied: func(t *testing.T, account string) {
			c, err := azqueue.NewServiceClientFromConnectionString(account, nil)
			if err == nil {
				_, err = c.DeleteQueue(t.Context(), "second", nil)
			}
			if err != nil {
				t.Fatal(err)
			}
		}},
		{name: "platform in another region", breach: doctor.Region, stamp: func(s *doctor.Stamp) { s.Platform = "East US" }},
		{name: "settings of another region", breach: doctor.Region, stamp: func(s *doctor.Stamp) { s.Region, s.Platform = "eastus", "" }},
		{name: "program's clock is late", breach: doctor.ClockSkew, late: 2 * time.Minute},
		{name: "program's clock is early", breach: doctor.ClockSkew, late: -2 * time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			emulated := emulator.Account(t)
			now := func() time.Time { return time.Now().Add(-tc.late) }
			store, err := azure.Open(azure.Config{ConnectionString: emulated.ConnectionString, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			if err := store.Prepare(t.Context(), "westeurope", stamp().Queues...); err != nil {
				t.Fatal(err)
			}
			owner, err := service.NewClientFromConnectionString(emulated.ConnectionString, nil)
			if err != nil {
				t.Fatal(err)
			}
			if tc.spoil != nil {
				tc.spoil(t, owner)
			}
			if tc.emptied != nil {
				tc.emptied(t, emulated.ConnectionString)
			}
			s := stamp()
			if tc.stamp != nil {
				tc.stamp(&s)
			}
			want := maps.Clone(healthy)
			if tc.breach != "" {
				want[tc.breach] = doctor.Breach
			}
			found := doctor.Run(t.Context(), account.New(store, s, now))
			if diff := cmp.Diff(want, outcomes(found)); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s\n%+v", diff, found)
			}
		})
	}
}

// allow has the account let scripts of origins use it.
func allow(origins string) func(*testing.T, *service.Client) {
	return func(t *testing.T, c *service.Client) {
		set(t, c, &service.SetPropertiesOptions{CORS: []*service.CORSRule{{
			AllowedOrigins: &origins, AllowedMethods: to.Ptr("PUT,GET"), AllowedHeaders: to.Ptr("content-type"), ExposedHeaders: to.Ptr(""), MaxAgeInSeconds: to.Ptr(int32(300)),
		}}})
	}
}

func set(t *testing.T, c *service.Client, o *service.SetPropertiesOptions) {
	t.Helper()
	if _, err := c.SetProperties(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

// What the emulator does not have is answered as the service documents it.
func TestInspectionOfWhatOnlyTheServiceHas(t *testing.T) {
	const date = "Tue, 24 Nov 2026 12:00:00 GMT"
	now := time.Date(2026, 11, 24, 12, 0, 1, 0, time.UTC)
	list := func(item string) string {
		return `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>` + item + `</Blobs><NextMarker/></EnumerationResults>`
	}
	const logging = `<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties><Logging><Version>1.0</Version><Delete>true</Delete></Logging></StorageServiceProperties>`
	healthy := map[string]answer{
		"/?comp=properties&restype=service":  {body: `<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties><DeleteRetentionPolicy><Enabled>false</Enabled></DeleteRetentionPolicy></StorageServiceProperties>`},
		"/?comp=properties&restype=account":  {headers: map[string]string{"x-ms-sku-name": "Standard_ZRS", "x-ms-account-kind": "StorageV2"}},
		"container":                          {headers: map[string]string{"x-ms-meta-Region": "westeurope", "x-ms-has-legal-hold": "false", "x-ms-has-immutability-policy": "false"}},
		"list":                               {body: list("")},
		"/$blobchangefeed?restype=container": {status: 404, code: "ContainerNotFound"},
	}
	for _, tc := range []struct {
		name    string
		answers map[string]answer
		check   doctor.Check
		want    doctor.Outcome
		found   string
	}{
		{"no classic logs", nil, doctor.ClassicLogs, doctor.OK, "off"},
		{"classic logs", map[string]answer{"/?comp=properties&restype=service": {body: logging}}, doctor.ClassicLogs, doctor.Breach, "requests are logged into the account"},
		{"one region", nil, doctor.Replication, doctor.OK, "Standard_ZRS"},
		{"two regions", map[string]answer{"/?comp=properties&restype=account": {headers: map[string]string{"x-ms-sku-name": "Standard_RAGRS"}}}, doctor.Replication, doctor.Breach, "Standard_RAGRS"},
		{"account not readable", map[string]answer{"/?comp=properties&restype=account": {status: 403, code: "AuthorizationPermissionMismatch"}}, doctor.Replication, doctor.Unknown, "storage answered 403 AuthorizationPermissionMismatch"},
		{"change feed", map[string]answer{"/$blobchangefeed?restype=container": {}}, doctor.ChangeFeed, doctor.Breach, "changes of blobs are recorded"},
		{"change feed not readable", map[string]answer{"/$blobchangefeed?restype=container": {status: 403, code: "AuthorizationPermissionMismatch"}}, doctor.ChangeFeed, doctor.Unknown, "storage answered 403 AuthorizationPermissionMismatch"},
		{"versions", map[string]answer{"list": {body: list(`<Blob><Name>secret-name</Name><VersionId>2026-11-24T11:00:00.0000000Z</VersionId><Properties/></Blob>`)}}, doctor.Versioning, doctor.Breach, "versions of blobs are kept"},
		{"no versions", nil, doctor.Versioning, doctor.Unknown, "no version among the 0 blobs looked at; the setting cannot be seen from here"},
		{"kept although off", map[string]answer{"list": {body: list(`<Blob><Name>secret-name</Name><Deleted>true</Deleted><Properties/></Blob>`)}}, doctor.BlobSoftDelete, doctor.Breach, "deleted blobs are kept"},
		{"legal hold", map[string]answer{"container": {headers: map[string]string{"x-ms-has-legal-hold": "true"}}}, doctor.Immutability, doctor.Breach, "a policy or hold forbids deletion"},
		{"no region written", map[string]answer{"container": {}}, doctor.Region, doctor.OK, "westeurope by all that name one: 1"},
		{"dead letters out of reach", map[string]answer{"/deadletters?restype=container": {status: 403, code: "AuthorizationPermissionMismatch"}}, doctor.PrivateContainers, doctor.OK, "4 private; not for this identity to see: deadletters"},
		{"nothing readable", map[string]answer{"container": {status: 403}}, doctor.PrivateContainers, doctor.Unknown, "container ledger: storage answered 403"},
		{"keys", nil, doctor.SharedKey, doctor.Unknown, "cannot be seen from here"},
		{"clock", nil, doctor.ClockSkew, doctor.OK, "storage's clock minus the program's: -1s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			answers := maps.Clone(healthy)
			maps.Copy(answers, tc.answers)
			store, err := azure.Open(azure.Config{
				BlobURL: "https://a.blob.core.windows.net", TableURL: "https://a.table.core.windows.net", QueueURL: "https://a.queue.core.windows.net",
				Credential: &identity{}, Now: func() time.Time { return now },
				Transport: transport(func(r *http.Request) (*http.Response, error) {
					a, ok := answers["/"+strings.TrimPrefix(r.URL.Path, "/")+"?"+r.URL.Query().Encode()]
					switch {
					case ok:
					case r.URL.Query().Get("comp") == "list":
						a = answers["list"]
					default:
						a = answers["container"]
					}
					return a.response(r, date), nil
				}),
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range doctor.Run(t.Context(), account.New(store, stamp(), func() time.Time { return now })) {
				if strings.Contains(f.Found, "secret") {
					t.Errorf("%s tells a name: %s", f.Check, f.Found)
				}
				if f.Check == tc.check && (f.Outcome != tc.want || f.Found != tc.found) {
					t.Errorf("%s: %s, %q; want %s, %q", f.Check, f.Outcome, f.Found, tc.want, tc.found)
				}
			}
		})
	}
}

// answer is one of the service's.
type answer struct {
	status  int
	code    string
	headers map[string]string
	body    string
}

func (a answer) response(r *http.Request, date string) *http.Response {
	status := a.status
	if status == 0 {
		status = http.StatusOK
	}
	header := http.Header{"Date": {date}, "Content-Type": {"application/xml"}}
	for name, value := range a.headers {
		header.Set(name, value)
	}
	if a.code != "" {
		header.Set("x-ms-error-code", a.code)
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: header, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}
}

type transport func(*http.Request) (*http.Response, error)

// Do implements policy.Transporter.
func (f transport) Do(r *http.Request) (*http.Response, error) { return f(r) }

// identity is a program's own, whose tokens nobody checks here.
type identity struct{}

// GetToken implements azcore.TokenCredential.
func (identity) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "token", ExpiresOn: time.Now().Add(time.Hour)}, nil
}
