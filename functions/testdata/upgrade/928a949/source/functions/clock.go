//go:build linux && cgo

package main

import (
	"os"
	"sync/atomic"
	"time"
)

// ahead is what the test moves this program's clock by.
var ahead, _ = time.ParseDuration(os.Getenv("TEST_AHEAD"))

// clock is the system's, moved.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(ahead + time.Duration(c.offset.Load())) }

func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }
