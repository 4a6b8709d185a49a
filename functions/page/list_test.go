package page_test

import (
	"encoding/json"
	"testing"
)

func TestPageListsTheNewestOfMoreDocumentsThanItHolds(t *testing.T) {
	type server struct {
		Tasks int `json:"tasks"`
		Hours int `json:"hours"`
	}
	servers := []server{{0, 1}, {3, 1}, {4_999, 40}, {12_000, 40}, {60_000, 40}}
	input, err := json.Marshal(servers)
	if err != nil {
		t.Fatal(err)
	}
	var got []struct {
		More, Newest bool
		Count, Asked int
	}
	if err := json.Unmarshal(runAssets(t, "testdata/list.mjs", input), &got); err != nil || len(got) != 2*len(servers) {
		t.Fatalf("%d answers, %v", len(got), err)
	}
	for n, l := range got {
		s := servers[n/2]
		all := s.Tasks < 5_000
		if l.More == all || !l.Newest && s.Tasks > 0 || l.Count > 5_000 || l.Count == 0 && s.Tasks > 0 || all && l.Count != s.Tasks {
			t.Errorf("of %d tasks: %+v", s.Tasks, l)
		}
		if again := n%2 == 1; again && l.Asked > 6 {
			t.Errorf("of %d tasks: asks %d times again", s.Tasks, l.Asked)
		}
	}
}
