package azure

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"github.com/lethe-ocr/lethe/shared/loopback"
)

// Config says where the account is and how to reach it. Either the endpoints or a connection string are given.
type Config struct {
	BlobURL  string // https://<account>.blob.core.windows.net
	TableURL string // https://<account>.table.core.windows.net
	QueueURL string // https://<account>.queue.core.windows.net
	ClientID string // of a user-assigned identity; empty for the default chain of credentials

	ConnectionString string // of an emulator on loopback, with its public key

	Credential  azcore.TokenCredential // overrides the identity; for tests
	Transport   policy.Transporter     // overrides the HTTP client; for tests
	SettleAfter time.Duration          // age at which a stale due entry may be removed; zero for DefaultSettleAfter
	Now         func() time.Time       // required
	Observe     func(date time.Time)   // gets the Date header of every answer; nil for nobody
	Wall        func() time.Time       // this machine's own clock, which the doctor holds against the store's; nil for Now
}

// DefaultSettleAfter is longer than any Put takes, so that an entry is never removed between a Put's two writes.
const DefaultSettleAfter = 5 * time.Minute

// clients reach the three services of one account.
type clients struct {
	blobs  *service.Client
	tables *aztables.ServiceClient
	queues *azqueue.ServiceClient
	shared bool // signed with an account key: an emulator
}

// retries is short: callers retry with their own back-off and deadline.
func (c Config) options() policy.ClientOptions {
	return policy.ClientOptions{
		Transport: c.Transport,
		Retry:     policy.RetryOptions{MaxRetries: 2, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: 2 * time.Second, TryTimeout: 0},
		Telemetry: policy.TelemetryOptions{Disabled: true},

		PerRetryPolicies: []policy.Policy{dates{c.Observe}},
	}
}

// dates passes on what the store says of the time.
type dates struct{ observe func(time.Time) }

// Do implements policy.Policy.
func (d dates) Do(req *policy.Request) (*http.Response, error) {
	resp, err := req.Next()
	if err == nil && d.observe != nil {
		if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			d.observe(date)
		}
	}
	return resp, err
}

func connect(c Config) (clients, error) {
	if c.ConnectionString != "" {
		return connectEmulator(c)
	}
	for _, endpoint := range []struct{ name, url string }{{"blob", c.BlobURL}, {"table", c.TableURL}, {"queue", c.QueueURL}} {
		if err := checkEndpoint(endpoint.url); err != nil {
			return clients{}, fmt.Errorf("%s endpoint: %w", endpoint.name, err)
		}
	}
	cred, err := Credential(c.Credential, c.ClientID)
	if err != nil {
		return clients{}, err
	}
	blobs, err := service.NewClient(c.BlobURL, cred, &service.ClientOptions{ClientOptions: c.options()})
	if err != nil {
		return clients{}, fmt.Errorf("blob client: %w", err)
	}
	tables, err := aztables.NewServiceClient(c.TableURL, cred, &aztables.ClientOptions{ClientOptions: c.options()})
	if err != nil {
		return clients{}, fmt.Errorf("table client: %w", err)
	}
	queues, err := azqueue.NewServiceClient(c.QueueURL, cred, &azqueue.ClientOptions{ClientOptions: c.options()})
	if err != nil {
		return clients{}, fmt.Errorf("queue client: %w", err)
	}
	return clients{blobs: blobs, tables: tables, queues: queues}, nil
}

// connectEmulator accepts an account key, but only for endpoints on this machine.
func connectEmulator(c Config) (clients, error) {
	endpoints := 0
	for part := range strings.SplitSeq(c.ConnectionString, ";") {
		name, value, _ := strings.Cut(part, "=")
		if !strings.HasSuffix(name, "Endpoint") {
			continue
		}
		endpoints++
		if u, err := url.Parse(value); err != nil || !loopback.Host(u.Hostname()) {
			return clients{}, fmt.Errorf("connection strings are for emulators on loopback; give endpoints and an identity instead")
		}
	}
	if endpoints < 3 {
		return clients{}, fmt.Errorf("the connection string must name BlobEndpoint, QueueEndpoint and TableEndpoint on loopback")
	}
	blobs, err := service.NewClientFromConnectionString(c.ConnectionString, &service.ClientOptions{ClientOptions: c.options()})
	if err != nil {
		return clients{}, fmt.Errorf("blob client from connection string is refused")
	}
	tables, err := aztables.NewServiceClientFromConnectionString(c.ConnectionString, &aztables.ClientOptions{ClientOptions: c.options()})
	if err != nil {
		return clients{}, fmt.Errorf("table client from connection string is refused")
	}
	queues, err := azqueue.NewServiceClientFromConnectionString(c.ConnectionString, &azqueue.ClientOptions{ClientOptions: c.options()})
	if err != nil {
		return clients{}, fmt.Errorf("queue client from connection string is refused")
	}
	return clients{blobs: blobs, tables: tables, queues: queues, shared: true}, nil
}

// checkEndpoint refuses what would send documents or tokens in the clear.
func checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Host == "":
		return fmt.Errorf("must be a URL such as https://account.blob.core.windows.net")
	case u.Scheme == "https", u.Scheme == "http" && loopback.Host(u.Hostname()):
		return nil
	default:
		return fmt.Errorf("must begin with https://")
	}
}

// Credential returns the identity to call Azure with: the one given, else the managed identity of that client id, else what
// the environment offers.
func Credential(given azcore.TokenCredential, clientID string) (azcore.TokenCredential, error) {
	switch {
	case given != nil:
		return given, nil
	case clientID != "":
		cred, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ID: azidentity.ClientID(clientID)})
		if err != nil {
			return nil, fmt.Errorf("managed identity: %w", err)
		}
		return cred, nil
	default:
		cred, err := azidentity.NewDefaultAzureCredential(nil)
		if err != nil {
			return nil, fmt.Errorf("default credential: %w", err)
		}
		return cred, nil
	}
}
