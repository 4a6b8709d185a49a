// Package sbom lists what a release is made of: Go modules, native libraries that are linked in, and language data, each
// with its version, its licence and where it comes from.
package sbom

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// Kind says what a component is.
type Kind string

// The kinds of components.
const (
	Module  Kind = "Go module"
	Library Kind = "native library"
	Data    Kind = "language data"
)

// Component is one thing that a release holds.
type Component struct {
	Name    string
	Version string
	Kind    Kind
	Licence string // SPDX expression; empty if it is not known
	PURL    string // package URL (ECMA-427)
	SHA256  string // hex; empty where there is no one file
	Texts   []Text // what its licence asks to be passed on
}

// Text is a licence or a notice of a component.
type Text struct {
	Name    string
	Content string
}

// Sources are what an inventory is taken of.
type Sources struct {
	Root    string // of the source tree
	Program string // the built program
	Data    string // folder of the language data that goes with it
	Native  string // folder of scripts/native.sh
}

// Take lists all components of a release, by kind and name. It fails if it cannot tell the version of one.
func Take(ctx context.Context, from Sources) ([]Component, error) {
	modules, err := modules(ctx, from)
	if err != nil {
		return nil, fmt.Errorf("list modules: %w", err)
	}
	libraries, err := libraries(ctx, from)
	if err != nil {
		return nil, fmt.Errorf("list native libraries: %w", err)
	}
	data, err := languages(ctx, from.Data)
	if err != nil {
		return nil, fmt.Errorf("list language data: %w", err)
	}
	all := slices.Concat(modules, libraries, data)
	slices.SortFunc(all, func(a, b Component) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	return all, nil
}

// Digest is the SHA-256 of a file in hex.
func Digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), errors.Join(err, f.Close())
}
