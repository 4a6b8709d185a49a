package resultlink_test

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/abbyy/resultlink"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/seal"
	"github.com/lethe-ocr/lethe/shared/task"
)

const (
	application = "0a3e4e5e-6f3e-4a64-9f0f-0a7c7f5f4b11"
	id          = "019cab5e-6f3e-7a64-9f0f-0a7c7f5f4b11"
)

func keysOf(t testing.TB, b byte) *seal.Keys {
	t.Helper()
	keys, err := seal.New(bytes.Repeat([]byte{b}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func at(clock string) time.Time {
	parsed, err := time.Parse("2006-01-02 15:04", "2026-03-"+clock)
	if err != nil {
		panic(err)
	}
	return parsed
}

func link() resultlink.Link {
	return resultlink.Link{Ref: task.Ref{Application: application, ID: id}, Format: render.PDF, Ends: at("02 00:00")}
}

func TestLinkEndsAtAFullHourAndAnotherFollows(t *testing.T) {
	for _, c := range []struct{ processed, now, want string }{
		{"01 14:25", "01 14:25", "02 00:00"},
		{"01 17:05", "01 17:06", "02 03:00"},
		{"01 14:25", "01 23:59", "02 00:00"},
		{"01 14:25", "02 00:00", "02 10:00"},
		{"01 14:25", "02 09:59", "02 10:00"},
		{"01 14:25", "02 10:00", "02 20:00"},
		{"01 14:00", "01 14:00", "02 00:00"},
		{"01 14:25", "01 14:20", "02 00:00"}, // a clock that went back
	} {
		if ends := resultlink.Ends(at(c.processed), at(c.now)); !ends.Equal(at(c.want)) {
			t.Errorf("processed %s, told %s: ends %v, want %s", c.processed, c.now, ends, c.want)
		}
	}
}

func TestLinkHasOnlyCharactersThatCarelessClientsLeave(t *testing.T) {
	path, err := resultlink.Path(keysOf(t, 1), link())
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^/abbyy/files/[A-Za-z0-9_-]+/` + id + `\.pdf$`).MatchString(path) {
		t.Error(path)
	}
	again, err := resultlink.Path(keysOf(t, 1), link())
	if err != nil || again != path {
		t.Errorf("%s\n%s, %v", path, again, err)
	}
}

func TestLinkGrantsOneResultUntilItEnds(t *testing.T) {
	keys := keysOf(t, 1)
	path, err := resultlink.Path(keys, link())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := resultlink.Parse(keys, path, at("01 23:59")); err != nil || got != link() {
		t.Errorf("%+v, %v", got, err)
	}
	other := link()
	other.Format = render.TXT
	text, err := resultlink.Path(keys, other)
	if err != nil {
		t.Fatal(err)
	}
	name := path[strings.LastIndex(path, "/"):]
	for what, c := range map[string]struct {
		keys *seal.Keys
		path string
		now  time.Time
	}{
		"ended":                 {keys, path, at("02 00:00")},
		"of another stamp":      {keysOf(t, 2), path, at("01 15:00")},
		"another task":          {keys, strings.Replace(path, "019cab5e", "019cab5f", 1), at("01 15:00")},
		"another result's name": {keys, strings.TrimSuffix(text, name) + name, at("01 15:00")},
		"no name":               {keys, strings.TrimSuffix(path, name), at("01 15:00")},
		"something behind it":   {keys, path + "/", at("01 15:00")},
		"another extension":     {keys, path + ".exe", at("01 15:00")},
		"no token":              {keys, resultlink.Root + name, at("01 15:00")},
		"nothing":               {keys, resultlink.Root, at("01 15:00")},
		"very long":             {keys, resultlink.Root + strings.Repeat("A", 1<<20) + name, at("01 15:00")},
	} {
		if got, err := resultlink.Parse(c.keys, c.path, c.now); !errors.Is(err, fault.ThingNotFound) {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	for i := len(resultlink.Root); i < len(path); i++ {
		changed := path[:i] + string(path[i]^1) + path[i+1:]
		if got, err := resultlink.Parse(keys, changed, at("01 15:00")); err == nil {
			t.Errorf("changed at %d: %+v", i, got)
		}
	}
}

func TestWithoutAKeyThereIsNoLink(t *testing.T) {
	none, err := seal.New()
	if err != nil {
		t.Fatal(err)
	}
	if path, err := resultlink.Path(none, link()); err == nil {
		t.Error(path)
	}
}

func FuzzParse(f *testing.F) {
	keys := keysOf(f, 1)
	good, err := resultlink.Path(keys, link())
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{good, "", resultlink.Root, resultlink.Root + "AAAA/x.pdf"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		l, err := resultlink.Parse(keys, path, at("01 15:00"))
		if err != nil {
			return
		}
		if l != link() || path != good {
			t.Errorf("%q grants %+v", path, l)
		}
	})
}
