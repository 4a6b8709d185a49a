//go:build linux && cgo

package main_test

import (
	"bytes"
	"sync"
)

// journal keeps what a server writes to its outputs. The zero value is ready.
type journal struct {
	mu      sync.Mutex
	written bytes.Buffer // guarded by mu
}

// Write implements io.Writer.
func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.written.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.written.String()
}
