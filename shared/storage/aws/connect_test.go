package aws_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/aws"
)

func TestKeysBeyondLoopbackAndEndpointsElsewhereAreRefused(t *testing.T) {
	const here = "http://127.0.0.1:1"
	lasting := credentials.NewStaticCredentialsProvider("AKIA", "lasting-secret", "")
	for name, change := range map[string]func(*aws.Config){
		"lasting keys":            func(c *aws.Config) { c.Credentials = lasting },
		"no credentials":          func(c *aws.Config) { c.Credentials = nil },
		"no region":               func(c *aws.Config) { c.Region = "" },
		"no bucket":               func(c *aws.Config) { c.Bucket = "" },
		"bucket with a full stop": func(c *aws.Config) { c.Bucket = "lethe.documents" },
		"no tables":               func(c *aws.Config) { c.Tables = "" },
		"webhooks in the clear":   func(c *aws.Config) { c.Notify = "http://sqs.eu-central-1.amazonaws.com/1/q" },
		"queue in the clear":      func(c *aws.Config) { c.Queue = "http://sqs.eu-central-1.amazonaws.com/1/q" },
		"endpoint elsewhere": func(c *aws.Config) {
			c.S3Endpoint, c.DynamoDBEndpoint, c.SQSEndpoint = "https://example.com", here, here
		},
		"one endpoint of an emulator": func(c *aws.Config) { c.S3Endpoint, c.Credentials = here, lasting },
		"name like loopback": func(c *aws.Config) {
			c.S3Endpoint, c.DynamoDBEndpoint, c.SQSEndpoint = here, "http://127.0.0.1.example.com", here
		},
		"queue of an emulator elsewhere": func(c *aws.Config) {
			c.S3Endpoint, c.DynamoDBEndpoint, c.SQSEndpoint, c.Credentials = here, here, here, lasting
		},
	} {
		cfg := cloud(time.Now())
		change(&cfg)
		_, err := aws.Open(cfg)
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error repeats the key", name)
		}
	}
	cfg := cloud(time.Now())
	if _, err := aws.Open(cfg); err != nil {
		t.Errorf("a stamp: %v", err)
	}
	cfg.S3Endpoint, cfg.DynamoDBEndpoint, cfg.SQSEndpoint, cfg.Credentials, cfg.Queue = here, here, here, lasting, here+"/1/q"
	if store, err := aws.Open(cfg); err != nil || !store.Emulated() {
		t.Errorf("an emulator: %v", err)
	}
}

func TestCredentialsAreThoseOfTheRole(t *testing.T) {
	env := map[string]string{"AWS_ACCESS_KEY_ID": "ASIA", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}
	role, err := aws.RoleCredentials(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	if got, err := role.Retrieve(t.Context()); err != nil || got.AccessKeyID != "ASIA" || got.SecretAccessKey != "secret" || got.SessionToken != "token" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := aws.RoleCredentials(func(string) string { return "" }); err == nil {
		t.Error("a process without a role has credentials")
	}
}

// answers is a cloud that answers every request in the same way.
type answers func(*http.Request) *http.Response

// Do implements the SDK's HTTP client.
func (a answers) Do(req *http.Request) (*http.Response, error) { return a(req), nil }

// calling calls each service once.
func calling(t *testing.T, store *aws.Store) map[string]error {
	t.Helper()
	_, stat := store.Blobs.Stat(t.Context(), "uploads/a/planted")
	_, put := store.Blobs.Put(t.Context(), "uploads/a/planted", "text/plain", strings.NewReader("planted"))
	_, list := store.Blobs.List(t.Context(), "uploads/planted", "", 1)
	_, get := store.Records.Get(t.Context(), storage.Key{Table: storage.Tasks, Partition: "planted", Row: "planted"})
	_, write := store.Records.Put(t.Context(), storage.Record{Key: storage.Key{Table: storage.Tasks, Partition: "planted", Row: "planted"}, Due: time.Now()})
	return map[string]error{
		"stat": stat, "put": put, "list": list, "get": get, "write": write, "send": store.Queue().Send(t.Context(), []byte("planted"), time.Second),
		"tell": store.Tell(t.Context()), "delete": store.Blobs.Delete(t.Context(), "uploads/a/planted"),
	}
}

// Services quote keys, and the SDK addresses: neither reaches an error.
func TestErrorsSayNoNames(t *testing.T) {
	cfg := cloud(time.Now())
	for name, reply := range map[string]answers{
		"refused": func(req *http.Request) *http.Response {
			text, kind := `{"__type":"AccessDeniedException","message":"planted is not authorized for planted"}`, "application/x-amz-json-1.0"
			if strings.Contains(req.URL.Host, ".s3.") {
				text, kind = `<Error><Code>AccessDenied</Code><Message>planted</Message><Key>planted</Key></Error>`, "application/xml"
			}
			return &http.Response{StatusCode: http.StatusForbidden, Request: req, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(text))}
		},
		"not a service": func(req *http.Request) *http.Response {
			return &http.Response{StatusCode: http.StatusBadGateway, Request: req, Body: io.NopCloser(strings.NewReader("planted"))}
		},
	} {
		cfg.HTTP = reply
		store, err := aws.Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		for call, err := range calling(t, store) {
			if !errors.Is(err, fault.Unavailable) {
				t.Errorf("%s, %s: %v", name, call, err)
			}
			for _, secret := range []string{"planted", "lethe-", "amazonaws", "ASIA", "secret"} {
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("%s, %s: the error says %s: %v", name, call, secret, err)
				}
			}
		}
	}
}

// Every answer of every service counts, refusals too.
func TestTheStoreTellsItsTimeWithEveryAnswer(t *testing.T) {
	date := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	remote := clock.NewRemote(time.Now)
	cfg := cloud(time.Now())
	cfg.Now, cfg.Observe = remote.Now, remote.Observe
	seen := 0
	cfg.HTTP = answers(func(req *http.Request) *http.Response {
		seen++
		return &http.Response{
			StatusCode: http.StatusNotFound, Body: http.NoBody, Request: req,
			Header: http.Header{"Date": {date.Add(time.Duration(seen) * 10 * time.Second).Format(http.TimeFormat)}},
		}
	})
	store, err := aws.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if remote.Seen() || remote.Agrees() == nil {
		t.Error("a store that has said nothing is known")
	}
	for call, err := range calling(t, store) {
		if err == nil {
			t.Errorf("%s succeeded", call)
		}
	}
	if off := remote.Now().Sub(date.Add(time.Duration(seen) * 10 * time.Second)); off < 0 || off > time.Minute || seen < 8 {
		t.Errorf("after %d answers it is %s off", seen, off)
	}
	if remote.Agrees() == nil {
		t.Error("an instance that is months off takes work")
	}
}
