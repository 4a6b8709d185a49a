package request_test

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"github.com/lethe-ocr/lethe/shared/request"
	"github.com/lethe-ocr/lethe/shared/request/requesttest"
)

// A setting is one field: what bodies, queries, flags and the client need of it stands there.
func TestEverySettingSaysWhatFollowsFromIt(t *testing.T) {
	t.Parallel()
	taken := map[string]bool{}
	for _, f := range request.All() {
		for _, name := range []string{f.Name, f.Header, "--" + f.Flag} {
			if name != "" && name != "--" && taken[name] {
				t.Errorf("%s is taken twice", name)
			}
			taken[name] = true
		}
		_, measured := f.Place(&request.Settings{}).(*request.Bytes) // by the command line itself
		if f.Name == "" || (f.Flag == "" || f.Usage == "") != measured {
			t.Errorf("%+v does not say how it is called on the wire and on the command line", f)
		}
		if f.Header != "" && !f.WriteOnly {
			t.Errorf("%s must not stand in an address, and is shown", f.Name)
		}
		asked := requesttest.Only(t, f)
		if err := asked.Check(); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		wire, err := json.Marshal(asked)
		var again request.Settings
		if err != nil || json.Unmarshal(wire, &again) != nil || !reflect.DeepEqual(asked, again) {
			t.Errorf("%s is %s on the wire", f.Name, wire)
		}
		want := f.Name
		if f.WriteOnly {
			want = "" // it is not shown again
		}
		if got := asked.Dropped(request.Settings{}); got != want {
			t.Errorf("%s is dropped and %q was found out", f.Name, got)
		}
		if dropped := asked.Dropped(asked); dropped != "" {
			t.Errorf("%s holds and %s is told to be dropped", f.Name, dropped)
		}
	}
}

func TestLessThanWasAskedForHoldsAndMoreDoesNot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		asked, held request.Settings
		dropped     string
	}{
		{request.Settings{RetainSeconds: 60}, request.Settings{RetainSeconds: 59}, ""},
		{request.Settings{RetainSeconds: 60}, request.Settings{RetainSeconds: 61}, "retain_seconds"},
		{request.Settings{Size: 60}, request.Settings{Size: 59}, "size"},
		{request.Settings{Size: 60}, request.Settings{}, "size"},
		{request.Settings{}, request.Settings{RetainSeconds: 61, Profile: "accurate", Formats: []string{"txt"}}, ""},
		{request.Settings{DeleteOnFetch: new(false)}, request.Settings{}, ""},
		{request.Settings{DeleteOnFetch: new(false)}, request.Settings{DeleteOnFetch: new(true)}, "delete_on_fetch"},
		{request.Settings{Formats: []string{"txt", "pdf", "txt"}}, request.Settings{Formats: []string{"pdf", "txt"}}, ""},
		{request.Settings{Formats: []string{"txt"}}, request.Settings{Formats: []string{"txt", "pdf"}}, "formats"},
	} {
		if got := c.asked.Dropped(c.held); got != c.dropped {
			t.Errorf("asked %+v, held %+v: dropped %q, want %q", c.asked, c.held, got, c.dropped)
		}
	}
}

func TestSettingsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	for _, s := range []request.Settings{{RetainSeconds: -1}, {Size: -1}, {Formats: []string{"txt", ""}}, {Languages: []string{""}}, {Pages: "3-1"}, {ReviewBelow: 101}, {ReviewBelow: request.Percent(math.NaN())}} {
		if s.Check() == nil {
			t.Errorf("%+v passes", s)
		}
	}
}
