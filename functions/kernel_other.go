//go:build !linux

package main

import "io"

// overwriteFreed does nothing here: no server runs.
func overwriteFreed([]string) error { return nil }

// hideMemory does nothing here likewise.
func hideMemory() error { return nil }

// ignoreSignals does nothing here likewise.
func ignoreSignals() error { return nil }

// journaled reports nothing here: systemd is Linux's.
func journaled(io.Writer) bool { return false }

// descriptors is how many this process may have open, nearly everywhere.
func descriptors() uint64 { return 1024 }
