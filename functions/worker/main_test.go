//go:build linux && cgo

package main

import (
	"errors"
	"strings"
	"testing"
)

func TestWorkerOfAnotherVersionRefusesByName(t *testing.T) {
	err := run(t.Context(), []string{"serve", "--of", "v9.9.9"})
	if err == nil {
		t.Fatal("it served")
	}
	for _, part := range []string{"v9.9.9", version, "one package"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %q", part, err)
		}
	}
}

func TestWorkerIsNotForPeople(t *testing.T) {
	for _, args := range [][]string{nil, {"warm"}, {"warm", "a", "b"}, {"read", "scan.pdf"}} {
		if err := run(t.Context(), args); !errors.Is(err, errUsage) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
