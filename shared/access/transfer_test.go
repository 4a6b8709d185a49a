package access_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/storage/memory"
)

func TestCredentialsAreGoodInAStampThatImportedThem(t *testing.T) {
	registry := func() *access.Registry {
		return access.NewRegistry(memory.New(time.Now), time.Now, slog.New(slog.DiscardHandler))
	}
	here, there := registry(), registry()
	app, secret, err := here.Create(t.Context(), access.Application{Name: "scanner", Scopes: access.ApplicationScopes()}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var exported bytes.Buffer
	if n, err := here.Export(t.Context(), &exported); n != 1 || err != nil {
		t.Fatalf("exported %d, %v", n, err)
	}
	if strings.Contains(exported.String(), secret) {
		t.Error("the export holds a secret")
	}
	for _, want := range []int{1, 0} {
		if n, err := there.Import(t.Context(), bytes.NewReader(exported.Bytes())); n != want || err != nil {
			t.Errorf("imported %d, %v, want %d", n, err, want)
		}
	}
	if _, err := there.Authenticate(t.Context(), app.ID, secret); err != nil {
		t.Errorf("the same credentials there: %v", err)
	}
	// What was revoked there is not brought back.
	if _, err := there.Revoke(t.Context(), app.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := there.Import(t.Context(), bytes.NewReader(exported.Bytes())); err != nil {
		t.Fatal(err)
	}
	if _, err := there.Authenticate(t.Context(), app.ID, secret); err == nil {
		t.Error("a revoked application was brought back")
	}
	for _, bad := range []string{"{", `{"id":"../x","name":"a","scopes":["read"]}`, `{"id":"a","name":"a","scopes":["god"]}`, `{"surprise":1}`} {
		if _, err := there.Import(t.Context(), strings.NewReader(bad)); err == nil {
			t.Errorf("%s was imported", bad)
		}
	}
}
