//go:build !linux || !cgo

package main

import (
	"errors"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/config"
)

// engineCommands is empty here: documents are read on Linux, in builds with the native engine. What a client or an operator
// does works everywhere.
func engineCommands(environment) []*cobra.Command { return nil }

// startEngine fails here likewise.
func startEngine(config.Settings, *slog.Logger) (engine, error) {
	return nil, errors.New("this build reads no documents: that is for Linux, with the native engine")
}
