package client

import "github.com/lethe-ocr/lethe/shared/request"

// Settings is how a document is to be treated.
type Settings = request.Settings

// DroppedError means that the server does not treat a document as it was asked to. The document is not sent.
type DroppedError struct{ Field string }

// Error implements error.
func (e *DroppedError) Error() string {
	return "the server did not take over the setting " + e.Field + ", so the document is not sent; the server needs a later version"
}

// held checks that a task is held to what was asked for. A server may keep a document for less than that, never for more. An
// erased task has no settings.
func held(s Settings, t *Task) error {
	if t.State == deleted {
		return nil
	}
	got := Settings{}
	if t.Settings != nil {
		got = *t.Settings
	}
	if field := s.Dropped(got); field != "" {
		return &DroppedError{field}
	}
	return nil
}
