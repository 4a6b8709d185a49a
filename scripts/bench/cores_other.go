//go:build !linux

package main

import (
	"context"
	"time"
)

// onCores cannot choose cores on this system.
func onCores(context.Context, int, string, ...string) (time.Duration, error) { return 0, errCores }
