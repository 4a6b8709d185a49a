package storage_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
)

func TestCheckBlobRefusesNamesThatCouldEscape(t *testing.T) {
	tests := []struct {
		name        string
		blob        string
		contentType string
		ok          bool
	}{
		{name: "layout", blob: "uploads/2026112408/app-1/0193/1", contentType: "image/png", ok: true},
		{name: "longest segment", blob: "work/" + strings.Repeat("a", 100), contentType: "text/plain; charset=utf-8", ok: true},
		{name: "segment too long", blob: "work/" + strings.Repeat("a", 101), contentType: "a/b"},
		{name: "name too long", blob: "work" + strings.Repeat("/abc", 100), contentType: "a/b"},
		{name: "no container", blob: "elsewhere/1", contentType: "a/b"},
		{name: "container alone", blob: "uploads", contentType: "a/b"},
		{name: "empty segment", blob: "uploads//1", contentType: "a/b"},
		{name: "ends with slash", blob: "uploads/1/", contentType: "a/b"},
		{name: "absolute", blob: "/uploads/1", contentType: "a/b"},
		{name: "parent", blob: "uploads/../work/1", contentType: "a/b"},
		{name: "self", blob: "uploads/./1", contentType: "a/b"},
		{name: "hidden", blob: "uploads/.1", contentType: "a/b"},
		{name: "ends with full stop", blob: "uploads/1.", contentType: "a/b"},
		{name: "backslash", blob: `uploads/a\b`, contentType: "a/b"},
		{name: "zero byte", blob: "uploads/a\x00b", contentType: "a/b"},
		{name: "line break", blob: "uploads/a\n", contentType: "a/b"},
		{name: "not ASCII", blob: "uploads/é", contentType: "a/b"},
		{name: "no content type", blob: "uploads/1"},
		{name: "content type with line break", blob: "uploads/1", contentType: "a/b\r\nX: y"},
		{name: "content type too long", blob: "uploads/1", contentType: strings.Repeat("a", 81)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := storage.CheckBlob(test.blob, test.contentType)
			if test.ok && err != nil {
				t.Errorf("CheckBlob: %v", err)
			}
			if !test.ok && !errors.Is(err, fault.BadField) {
				t.Errorf("CheckBlob = %v, want %v", err, fault.BadField)
			}
		})
	}
}

func FuzzCheckBlob(f *testing.F) {
	for _, seed := range []string{"uploads/1", "uploads/../1", "work/a/b.c", "results/\x00", "/", ""} {
		f.Add(seed, "text/plain")
	}
	f.Fuzz(func(t *testing.T, name, contentType string) {
		if storage.CheckBlob(name, contentType) != nil {
			return
		}
		if strings.ContainsAny(name+contentType, "\x00\r\n") || strings.ContainsAny(name, "\\~%? ,") {
			t.Errorf("accepted %q with %q", name, contentType)
		}
		for segment := range strings.SplitSeq(name, "/") {
			if segment == "" || segment[0] == '.' {
				t.Errorf("accepted segment %q", segment)
			}
		}
	})
}
