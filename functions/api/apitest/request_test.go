package apitest_test

import (
	"testing"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
)

func TestRequestsAreTheSameEachTime(t *testing.T) {
	target := apitest.Target{Host: "127.0.0.1:1", Authorization: "Basic YTpi", Task: "t", Ended: "e", Upload: "/blobs/a?t=b"}
	first, second := apitest.Requests(), apitest.Requests()
	if len(first) < 100 || len(first) != len(second) {
		t.Fatalf("%d and %d requests", len(first), len(second))
	}
	seen := map[string]bool{}
	for i, q := range first {
		if q.Name != second[i].Name || seen[q.Name] || len(q.Status) == 0 || q.Answers < 1 {
			t.Errorf("request %d is %q, the second time %q; seen before: %v", i, q.Name, second[i].Name, seen[q.Name])
		}
		seen[q.Name] = true
		if q.Raw(target) != second[i].Raw(target) {
			t.Errorf("%s: other bytes the second time", q.Name)
		}
	}
}
