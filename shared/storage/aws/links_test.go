package aws_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/aws"
)

// cloud is the configuration of a stamp. Nothing is sent to it.
func cloud(now time.Time) aws.Config {
	return aws.Config{
		Region: "eu-central-1", Bucket: "lethe-documents", Tables: "lethe-", Queue: "https://sqs.eu-central-1.amazonaws.com/123456789012/lethe-requeue",
		Credentials: credentials.NewStaticCredentialsProvider("ASIA", "secret", "session+token/="), Now: func() time.Time { return now },
	}
}

// session is credentials that say when they end.
type session time.Time

// Retrieve implements sdk.CredentialsProvider.
func (s session) Retrieve(context.Context) (sdk.Credentials, error) {
	return sdk.Credentials{AccessKeyID: "ASIA", SecretAccessKey: "secret", SessionToken: "token", CanExpire: true, Expires: time.Time(s)}, nil
}

func TestNoLinkOutlivesItsSessionAndEachSaysWhenItEnds(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 500, time.UTC)
	for name, c := range map[string]struct {
		identity sdk.CredentialsProvider
		asked    time.Duration
		want     time.Duration // 0 for refused
	}{
		"within the session":            {session(now.Add(time.Hour)), 15 * time.Minute, 15 * time.Minute},
		"longer than the session":       {session(now.Add(10 * time.Minute)), 15 * time.Minute, 9 * time.Minute},
		"session that has ended":        {session(now.Add(-time.Minute)), 15 * time.Minute, 0},
		"session that is about to end":  {session(now.Add(30 * time.Second)), 15 * time.Minute, 0},
		"longer than S3 allows":         {session(now.Add(10000 * time.Hour)), 1000 * time.Hour, 7 * 24 * time.Hour},
		"session that does not say":     {nil, 2 * time.Hour, time.Hour},
		"short, of such a session":      {nil, 15 * time.Minute, 15 * time.Minute},
		"that has ended":                {nil, -time.Minute, 0},
		"that ends within this second ": {nil, 400 * time.Nanosecond, 0},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := cloud(now)
			if c.identity != nil {
				cfg.Credentials = c.identity
			}
			store, err := aws.Open(cfg)
			if err != nil {
				t.Fatal(err)
			}
			link, err := store.Links.DownloadLink(t.Context(), "results/2026030112/app!x/task/txt", now.Add(c.asked))
			if c.want == 0 {
				if !errors.Is(err, fault.StorageUnavailable) {
					t.Errorf("signed: %+v, %v", link, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(link.URL)
			if err != nil {
				t.Fatal(err)
			}
			if want := now.Truncate(time.Second).Add(c.want); !link.Expires.Equal(want) {
				t.Errorf("it ends %v, want %v", link.Expires, want)
			}
			query := u.Query()
			if got := query.Get("X-Amz-Expires"); got != strconv.Itoa(int(c.want/time.Second)) || query.Get("X-Amz-Date") != "20260301T120000Z" {
				t.Errorf("signed at %s for %s seconds", query.Get("X-Amz-Date"), got)
			}
		})
	}
}

func TestLinkNamesOneObjectOfTheBucketOverTLS(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	store, err := aws.Open(cloud(now))
	if err != nil {
		t.Fatal(err)
	}
	link, err := store.Links.UploadLink(t.Context(), "uploads/2026030112/app/task/1", 8, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(link.URL)
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != "https" || u.Host != "lethe-documents.s3.eu-central-1.amazonaws.com" || u.Path != "/uploads/2026030112/app/task/1" {
		t.Errorf("it points to %s://%s%s", u.Scheme, u.Host, u.Path)
	}
	if address := store.Links.Address(); address != "https://"+u.Host {
		t.Errorf("links begin with %s", address)
	}
	if signed := u.Query().Get("X-Amz-SignedHeaders"); signed != "content-length;host;if-none-match" {
		t.Errorf("signed are %s", signed)
	}
	if u.Query().Get("X-Amz-Security-Token") != "session+token/=" {
		t.Error("the session is not in the link")
	}
	for _, name := range []string{"uploads", "elsewhere/x", ""} {
		if _, err := store.Links.UploadLink(t.Context(), name, 0, now.Add(time.Minute)); !errors.Is(err, fault.BadField) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// Every character that a name may have goes through a link as it is.
func TestLinksReachEveryName(t *testing.T) {
	store, _, _ := wired(t)
	for _, name := range []string{"uploads/a!b/c-d_e.f/1", "uploads/A.B-c_d!e/0"} {
		up, err := store.Links.UploadLink(t.Context(), name, 0, time.Now().Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		follow(t, up, name)
		down, err := store.Links.DownloadLink(t.Context(), name, time.Now().Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		if got := follow(t, down, ""); got != name {
			t.Errorf("%s: read %q", name, got)
		}
		if _, err := store.Blobs.Stat(t.Context(), name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func follow(t *testing.T, link storage.Link, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), link.Method, link.URL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range link.Headers {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v: %s", resp.StatusCode, err, content)
	}
	return string(content)
}
