package client

import (
	"errors"
	"fmt"
	"slices"
)

// Settings is how a document is to be treated.
type Settings struct {
	Languages     []string `json:"languages,omitempty"`
	Formats       []string `json:"formats,omitempty"`
	Profile       string   `json:"profile,omitempty"`
	Password      string   `json:"password,omitempty"`
	OnPageError   string   `json:"on_page_error,omitempty"`
	RetainSeconds int      `json:"retain_seconds,omitempty"`
	DeleteOnFetch bool     `json:"delete_on_fetch,omitempty"`
}

// check refuses what would not be sent, or would be dropped where it arrives.
func (s Settings) check() error {
	switch {
	case s.RetainSeconds < 0:
		return fmt.Errorf("a retention of %d seconds cannot be: give a second or longer, or leave it out", s.RetainSeconds)
	case slices.Contains(s.Languages, ""):
		return errors.New("a language has no name: give Tesseract's code, such as eng")
	case slices.Contains(s.Formats, ""):
		return errors.New("a format has no name: give one such as txt")
	}
	return nil
}

// DroppedError means that the server does not treat a document as it was asked to. The document is not sent.
type DroppedError struct{ Field string }

// Error implements error.
func (e *DroppedError) Error() string {
	return "the server did not take over the setting " + e.Field + ", so the document is not sent; the server needs a later version"
}

// held checks that what was asked for holds. A server may keep a document for less than that, never for more. Defaults are
// its own, and an erased task has no settings.
func (s Settings) held(t *Task) error {
	if t.State == deleted {
		return nil
	}
	got := Settings{}
	if t.Settings != nil {
		got = *t.Settings
	}
	for _, setting := range []struct {
		field string
		holds bool
	}{
		{"retain_seconds", s.RetainSeconds == 0 || got.RetainSeconds > 0 && got.RetainSeconds <= s.RetainSeconds},
		{"delete_on_fetch", got.DeleteOnFetch || !s.DeleteOnFetch},
		{"formats", len(s.Formats) == 0 || same(s.Formats, got.Formats)},
		{"languages", len(s.Languages) == 0 || same(s.Languages, got.Languages)},
		{"profile", s.Profile == "" || s.Profile == got.Profile},
		{"on_page_error", s.OnPageError == "" || s.OnPageError == got.OnPageError},
	} {
		if !setting.holds {
			return &DroppedError{setting.field}
		}
	}
	return nil
}

// same compares lists in which order and repetitions say nothing.
func same(a, b []string) bool {
	within := func(a, b []string) bool {
		return !slices.ContainsFunc(a, func(v string) bool { return !slices.Contains(b, v) })
	}
	return within(a, b) && within(b, a)
}
