package task_test

import (
	"context"
	"time"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// pictureHistories are those of tasks that take pictures, and of tasks that are processed again.
func pictureHistories() map[string]history {
	type actors = map[string]func(context.Context)
	held := func(x *scene) task.Ref {
		body := x.sent(x.Context(), content, nil)
		t, err := x.one.Hold(x.Context(), task.Order{Application: app, KeepUpload: true}, body)
		if err != nil {
			x.Fatal(err)
		}
		x.add(t.Ref)
		return t.Ref
	}
	completed := func(x *scene) task.Ref {
		ref := held(x)
		x.starts(x.one, ref)(x.Context())
		p, _ := x.queue.pop()
		x.processes(x.one, p.job.Task)(x.Context())
		return ref
	}
	return map[string]history{
		"two pictures at once": func(x *scene) actors {
			ref := held(x)
			return actors{"one": x.adds(x.one, ref), "two": x.adds(x.two, ref)}
		},
		"picture under the start": func(x *scene) actors {
			ref := held(x)
			return actors{"picture": x.adds(x.one, ref), "start": x.starts(x.two, ref), "worker": x.worker(x.two)}
		},
		"picture under the start and a full pass": func(x *scene) actors {
			ref := held(x)
			return actors{"picture": x.adds(x.one, ref), "start": x.starts(x.two, ref), "pass": x.passes(x.two)}
		},
		"picture under a delete": func(x *scene) actors {
			ref := held(x)
			return actors{"picture": x.adds(x.one, ref), "delete": x.deletes(x.two, ref)}
		},
		"picture under a full pass": func(x *scene) actors {
			ref := held(x)
			return actors{"picture": x.adds(x.one, ref), "pass": x.passes(x.two), "sweep": x.sweeps(x.one)}
		},
		"picture that breaks off beside one that does not": func(x *scene) actors {
			ref := held(x)
			return actors{"broken": func(ctx context.Context) {
				if _, err := x.one.AddPicture(ctx, ref, task.Picture{}, x.sent(ctx, content, errGone)); err == nil {
					x.wrong("half a picture was accepted")
				}
			}, "picture": x.adds(x.two, ref)}
		},
		"picture whose time runs out": func(x *scene) actors {
			x.clocks = true
			ref := held(x)
			return actors{"picture": x.adds(x.one, ref), "clock": x.clock(21 * time.Minute), "sweep": x.sweeps(x.two)}
		},
		"two starts": func(x *scene) actors {
			ref := held(x)
			return actors{"one": x.starts(x.one, ref), "two": x.starts(x.two, ref), "worker": x.worker(x.one)}
		},
		"start again as the first round ends": func(x *scene) actors {
			ref := held(x)
			x.starts(x.one, ref)(x.Context())
			return actors{"worker": x.worker(x.one), "again": x.startsAgain(x.two, ref), "second": x.worker(x.two)}
		},
		"two starts again": func(x *scene) actors {
			ref := completed(x)
			return actors{"one": x.starts(x.one, ref), "two": x.starts(x.two, ref), "worker": x.worker(x.one)}
		},
		"start again under a delete": func(x *scene) actors {
			ref := completed(x)
			return actors{"again": x.starts(x.one, ref), "delete": x.deletes(x.two, ref), "worker": x.worker(x.one)}
		},
		"start again under a full pass": func(x *scene) actors {
			ref := completed(x)
			return actors{"again": x.starts(x.one, ref), "pass": x.passes(x.two), "worker": x.worker(x.one)}
		},
		"start again at the deadline": func(x *scene) actors {
			x.clocks = true
			ref := completed(x)
			pass(23*time.Hour - time.Minute)
			return actors{"again": x.starts(x.one, ref), "clock": x.clock(time.Minute), "sweep": x.sweeps(x.two), "worker": x.worker(x.one)}
		},
	}
}

// add notes that a client was told that its picture is kept.
func (x *scene) add(ref task.Ref) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.added == nil {
		x.added = map[task.Ref]int{}
	}
	x.added[ref]++
}

// adds adds a picture.
func (x *scene) adds(s *task.Service, ref task.Ref) func(context.Context) {
	return func(ctx context.Context) {
		_, err := s.AddPicture(ctx, ref, task.Picture{}, x.sent(ctx, content, nil))
		if x.tolerate("add picture", err, append(x.late(), fault.WrongState, fault.TaskErased, fault.LinkExpired, fault.UploadTooSlow)...) {
			x.add(ref)
		}
	}
}

// starts has the task processed, or processed again.
func (x *scene) starts(s *task.Service, ref task.Ref) func(context.Context) {
	return func(ctx context.Context) {
		_, err := s.Start(ctx, ref, task.Order{})
		x.tolerate("start", err, fault.WrongState, fault.TaskErased)
	}
}

// startsAgain does so once the task is Completed.
func (x *scene) startsAgain(s *task.Service, ref task.Ref) func(context.Context) {
	return func(ctx context.Context) {
		ended := func() bool {
			for _, t := range x.tasks() {
				if t.Ref == ref {
					return t.State == task.Completed
				}
			}
			return false
		}
		if x.Await(ctx, "wait for the first round", ended) {
			x.starts(s, ref)(ctx)
		}
	}
}

// checkPictures holds for a task that takes pictures, once workers and sweeps had their turn. It reports whether it is one.
func (x *scene) checkPictures(t *task.Task) bool {
	x.mu.Lock()
	want, isOne := x.added[t.Ref], len(x.added) > 0
	x.mu.Unlock()
	if !isOne || t.State == task.Deleted {
		return false
	}
	left := map[string]int{}
	for _, name := range x.copiesOf(t.Ref) {
		left[container(name)]++
	}
	if t.FileCount() != want || left[storage.Uploads] != want || left[storage.Work] > 0 || left[storage.Results] != len(t.Results) {
		x.wrong("a %s task has %d pictures of %d that were accepted, and leaves %v", t.State, t.FileCount(), want, left)
	}
	if t.State != task.Submitted && (t.State != task.Completed || x.text(t.Ref) != want || len(t.Results) != 1) {
		x.wrong("a task of %d pictures is %s with %d results, %d words", want, t.State, len(t.Results), x.text(t.Ref))
	}
	return true
}
