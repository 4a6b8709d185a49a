package client_test

import (
	"errors"
	"testing"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/client/clienttest"
)

// A wish for a short life that the server drops is found out before the document leaves.
func TestServerThatDropsAWishIsFoundOut(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	s.Fail(func(f *clienttest.Faults) { f.Lax = true })
	for field, wanted := range map[string]client.Settings{
		"retain_seconds":  {RetainSeconds: 60},
		"delete_on_fetch": {DeleteOnFetch: new(true)},
	} {
		_, one := c.Create(t.Context(), wanted, "")
		_, many := c.CreateBatch(t.Context(), []client.BatchItem{{Key: "free" + field}, {Settings: wanted, Key: field}})
		for _, err := range []error{one, many} {
			var dropped *client.DroppedError
			if !errors.As(err, &dropped) || dropped.Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
	}
	if _, err := c.Create(t.Context(), client.Settings{Formats: []string{"txt", "txt"}, Languages: []string{"eng"}, Profile: "fast", OnPageError: "fail", Password: "pw"}, ""); err != nil {
		t.Error(err)
	}
}

// What could not hold is not sent at all.
func TestSettingsThatCannotBeAreNotSent(t *testing.T) {
	t.Parallel()
	s, c := start(t)
	for _, wanted := range []client.Settings{{RetainSeconds: -1}, {Formats: []string{"txt", ""}}, {Languages: []string{""}}} {
		if _, err := c.Create(t.Context(), wanted, ""); err == nil {
			t.Errorf("%+v was sent", wanted)
		}
		if _, err := c.CreateBatch(t.Context(), []client.BatchItem{{Settings: wanted, Key: "k"}}); err == nil {
			t.Errorf("%+v was sent with others", wanted)
		}
	}
	if n := len(s.Calls("POST")); n > 0 {
		t.Errorf("%d calls were made", n)
	}
}
