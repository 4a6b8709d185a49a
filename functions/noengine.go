//go:build !linux || !cgo

package main

import "github.com/spf13/cobra"

// engineCommands is empty here: documents are read on Linux, in builds with the native engine. The client verbs work
// everywhere.
func engineCommands(environment) []*cobra.Command { return nil }

// ledgerCommands is empty here likewise.
func ledgerCommands(environment) []*cobra.Command { return nil }

// overwriteFreed has nothing to do here: no server runs.
func overwriteFreed([]string) error { return nil }
