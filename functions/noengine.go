//go:build !linux

package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/config"
)

// engineCommands is empty here: documents are read on Linux. What a client or an operator
// does works everywhere.
func engineCommands(environment) []*cobra.Command { return nil }

// startEngine fails here likewise.
func startEngine(config.Settings, *slog.Logger) (engine, error) {
	return nil, errors.New("no documents are read here: that is for Linux")
}

// warmed does nothing here likewise.
func warmed(context.Context, config.Settings) error { return nil }
