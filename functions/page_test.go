package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/page"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/storage/aws"
	"github.com/lethe-ocr/lethe/shared/storage/azure"
)

func TestPageIsServedWhereOnlyThisMachineReachesItOrASettingSaysSo(t *testing.T) {
	for _, c := range []struct {
		setting, base string
		served        bool
	}{
		{"", "http://127.0.0.1:8080", true},
		{"", "http://[::1]:8080", true},
		{"", "http://localhost:8080", true},
		{"", "https://ocr.test", false},
		{"", "https://10.0.0.7:8443", false},
		{"", "", false},
		{"on", "https://ocr.test", true},
		{"off", "http://127.0.0.1:8080", false},
	} {
		if got := servesPage(c.setting, c.base); got != c.served {
			t.Errorf("LETHE_PAGE=%q at %q: %v", c.setting, c.base, got)
		}
	}
}

// Scripts of the page speak to the storage of their stamp and to no other.
func TestPageOfACloudIsServedOnRequestAndSpeaksToItsStorage(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	account, err := azure.Open(azure.Config{
		BlobURL: "https://stamp.blob.core.windows.net", TableURL: "https://stamp.table.core.windows.net", QueueURL: "https://stamp.queue.core.windows.net", Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := aws.RoleCredentials(func(name string) string {
		return map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AWS_SESSION_TOKEN": "token"}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := aws.Open(aws.Config{
		Region: "eu-central-1", Bucket: "stamp", Tables: "stamp-", Queue: "https://sqs.eu-central-1.amazonaws.com/1/stamp", Credentials: credentials, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, setting := range []string{"", config.PageOff, config.PageOn} {
		set := config.Default()
		set.Page = setting
		for want, p := range map[string]place{
			"connect-src 'self' https://stamp.blob.core.windows.net;":         (&functionApp{clock: clock.NewRemote(time.Now), store: account}).place(set, nil, nil, log),
			"connect-src 'self' https://stamp.s3.eu-central-1.amazonaws.com;": (&lambdaFunction{clock: clock.NewRemote(time.Now), store: bucket}).place(set, nil, nil, log),
		} {
			if p.page != (setting == config.PageOn) {
				t.Errorf("LETHE_PAGE=%q: %v", setting, p.page)
			}
			rec := httptest.NewRecorder()
			page.Over(http.NotFoundHandler(), (&server{place: p}).pageOf()).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
			if got := rec.Header().Get("Content-Security-Policy"); !strings.Contains(got, want) {
				t.Errorf("the policy is %s", got)
			}
		}
	}
}
