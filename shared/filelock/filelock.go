// Package filelock locks open files between processes, on every operating system that the program is built for. A lock is
// given back when its file is closed.
package filelock

import "errors"

// ErrHeld means that another process holds a lock that excludes this one.
var ErrHeld = errors.New("the file is locked by another process")

// Mode says what a lock excludes.
type Mode int

// The modes.
const (
	Shared    Mode = iota // other exclusive locks
	Exclusive             // every other lock
)
