package main

import (
	"context"
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

const (
	forgetDelay = time.Second     // requests that are being answered come to their end first
	forgetAgain = 4 * time.Second // a buffer that was in use the first time is searched for once more
)

// forgetter gives memory back after erasures: what a document or a password left in it is overwritten then.
type forgetter struct {
	wanted chan struct{}                     // holds one
	caches []func(ctx context.Context) error // let go of what they hold
	log    *slog.Logger
}

func newForgetter(log *slog.Logger, caches ...func(ctx context.Context) error) *forgetter {
	return &forgetter{wanted: make(chan struct{}, 1), caches: caches, log: log}
}

// erased asks for memory to be given back. It does not wait.
func (f *forgetter) erased() {
	select {
	case f.wanted <- struct{}{}:
	default:
	}
}

// run gives memory back twice after an erasure, one second and five after it, until ctx ends. Erasures in between are served
// together: at most two rounds in five seconds are made, however many there are.
func (f *forgetter) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.wanted:
		}
		for _, wait := range []time.Duration{forgetDelay, forgetAgain} {
			if !pause(ctx, wait) {
				return
			}
			f.round(ctx)
		}
	}
}

func (f *forgetter) round(ctx context.Context) {
	for _, letGo := range f.caches {
		if err := letGo(ctx); err != nil && ctx.Err() == nil {
			f.log.WarnContext(ctx, logevent.MemoryKept, "kind", fault.KindOf(err)) // the next round tries again
		}
	}
	for range 3 { // pools keep their buffers for two collections
		runtime.GC()
	}
	debug.FreeOSMemory()
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
