package storage_test

import (
	"errors"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

type note struct {
	Text string `json:"text,omitempty"`
}

func TestFormatsCarryTheirVersion(t *testing.T) {
	for _, c := range []struct {
		give note
		want string
	}{{note{"here"}, `{"v":2,"text":"here"}`}, {note{}, `{"v":2}`}} {
		text, err := storage.Encode(2, c.give)
		if err != nil || string(text) != c.want {
			t.Errorf("%+v is %s, %v", c.give, text, err)
		}
		var got note
		if err := storage.Decode(text, 2, &got); err != nil || got != c.give {
			t.Errorf("%s is read as %+v, %v", text, got, err)
		}
	}
	if text, err := storage.Encode(1, []int{1}); err == nil {
		t.Errorf("a list is %s", text)
	}
}

func TestFormatWithoutVersionIsTheFirstAndANewerOneIsRefused(t *testing.T) {
	for _, c := range []struct {
		text   string
		newest int
		newer  bool
	}{
		{`{"text":"here"}`, 1, false},
		{`{"v":1,"text":"here"}`, 1, false},
		{`{"text":"here","v":1,"later":true}`, 1, false},
		{`{"text":"here","v":2}`, 1, true},
	} {
		var got note
		err := storage.Decode([]byte(c.text), c.newest, &got)
		if newer := errors.Is(err, fault.InternalError); newer != c.newer || !newer && (err != nil || got.Text != "here") || newer && got.Text != "" {
			t.Errorf("%s: %+v, %v", c.text, got, err)
		}
	}
	if storage.Decode([]byte(`{"text":`), 1, &note{}) == nil {
		t.Error("half an object is read")
	}
}
