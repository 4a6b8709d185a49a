//go:build linux && cgo

package main

import (
	"sync/atomic"
	"time"
)

// clock is the system's, moved forward by an offset that only an ephemeral server can set.
type clock struct{ offset atomic.Int64 }

// now is the time that every part of the program sees.
func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

// advance moves the clock forward.
func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }
