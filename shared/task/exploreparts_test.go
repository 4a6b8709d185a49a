package task_test

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// partHistories are about a document of four pages that is read in parts of two.
func partHistories() map[string]history {
	type actors = map[string]func(context.Context)
	queued := func(x *scene) task.Ref {
		x.engine.pages = 4
		x.inline(x.one, content)(x.Context())
		ref, _ := x.known()
		return ref
	}
	// shared is a document of which part 1 was begun by a worker that died, and part 2 waits in the queue.
	shared := func(x *scene) task.Ref {
		ref := queued(x)
		_, _ = x.queue.pop()
		x.dies(ref.Job())
		return ref
	}
	return map[string]history{
		"two workers read the parts of a document": func(x *scene) actors {
			queued(x)
			return actors{"one": x.worker(x.one), "two": x.worker(x.two)}
		},
		"messages of parts come twice": func(x *scene) actors {
			ref := queued(x)
			part := task.Job{Task: ref, Part: 2}
			return actors{"one": x.worker(x.one), "two": x.job(x.two, part), "whole": x.job(x.two, ref.Job())}
		},
		"part is deleted under its workers": func(x *scene) actors {
			ref := queued(x)
			return actors{"one": x.worker(x.one), "two": x.job(x.two, task.Job{Task: ref, Part: 2}), "delete": x.deletes(x.two, ref)}
		},
		"document in parts is deleted and swept": func(x *scene) actors {
			ref := queued(x)
			return actors{"one": x.worker(x.one), "delete": x.deletes(x.one, ref), "sweep": x.sweeps(x.two)}
		},
		"worker of a part dies": func(x *scene) actors {
			x.clocks = true
			ref := shared(x)
			return actors{
				"two": x.job(x.two, task.Job{Task: ref, Part: 2}), "clock": x.clock(35 * time.Second), "again": x.job(x.one, task.Job{Task: ref, Part: 1}),
			}
		},
		"host gives up a part under its worker": func(x *scene) actors {
			x.clocks = true
			ref := shared(x)
			part := task.Job{Task: ref, Part: 2}
			return actors{
				"two": x.job(x.two, part), "clock": x.clock(35 * time.Second),
				"poison": func(ctx context.Context) { x.tolerate("give up", x.one.GiveUp(ctx, part), x.late()...) },
			}
		},
		"deadline passes over parts": func(x *scene) actors {
			x.clocks = true
			ref := shared(x)
			pass(47*time.Hour - time.Minute)
			return actors{
				"two": x.job(x.two, task.Job{Task: ref, Part: 2}), "clock": x.clock(time.Minute), "sweep": x.sweeps(x.one),
			}
		},
	}
}

// job calls a worker for a job whether it was queued or not.
func (x *scene) job(s *task.Service, job task.Job) func(context.Context) {
	return func(ctx context.Context) {
		_, err := s.Process(ctx, job)
		x.tolerate("process", err, x.late()...)
	}
}

// dies has a process begin a job and die over the first page: it writes nothing more.
func (x *scene) dies(job task.Job) {
	grave := &grave{Records: x.store}
	before := x.taken
	x.taken = func(storage.Records) storage.Records { return grave }
	mortal := x.process("mortal")
	x.taken = before
	gate := x.engine.block()
	ctx, die := context.WithCancel(x.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = mortal.Process(ctx, job) // it is dead by then
	}()
	<-gate.reached
	grave.dead.Store(true)
	die()
	<-ended
	x.engine.unblock()
}

// grave is the records of a process that dies.
type grave struct {
	storage.Records
	dead atomic.Bool
}

func (g *grave) Get(ctx context.Context, key storage.Key) (storage.Record, error) {
	if g.dead.Load() {
		return storage.Record{}, errGone
	}
	return g.Records.Get(ctx, key)
}

func (g *grave) Put(ctx context.Context, rec storage.Record) (string, error) {
	if g.dead.Load() {
		return "", errGone
	}
	return g.Records.Put(ctx, rec)
}

func (g *grave) Delete(ctx context.Context, key storage.Key, etag string) error {
	if g.dead.Load() {
		return errGone
	}
	return g.Records.Delete(ctx, key, etag)
}
