package retention_test

import (
	"context"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// pages does one of the things that clients do with tasks that take pictures one by one, and are processed when and as often as they
// say.
func (s *simulation) pages(ctx context.Context) {
	if s.machine != nil && s.machine.clock.Agrees() != nil {
		return // intake is closed
	}
	o := task.Order{Application: "app", KeepUpload: s.random.IntN(2) == 0}
	picture := task.Body{Reader: strings.NewReader("%PDF"), Size: 4, ContentType: "application/pdf"}
	switch n := s.random.IntN(4); {
	case n == 0 || len(s.collected) == 0:
		t, err := s.tasks.Hold(ctx, o, picture)
		if err != nil {
			return
		}
		if s.collected = append(s.collected, t.Ref); len(s.collected) > 30 {
			s.collected = s.collected[1:]
		}
	case n == 1:
		if t, err := s.tasks.AddPicture(ctx, s.collection(), task.Picture{}, picture); err == nil {
			s.more = max(s.more, t.FileCount())
		}
	default:
		o.Settings.Formats = [][]render.Format{{render.TXT}, {render.TXT, render.JSON}, {render.TSV}}[s.random.IntN(3)]
		if t, err := s.tasks.Start(ctx, s.collection(), o); err == nil && !t.Ended.IsZero() {
			s.again++
		}
	}
}

func (s *simulation) collection() task.Ref { return s.collected[s.random.IntN(len(s.collected))] }

// dated returns since when a blob in the container of uploads counts: since the first picture where a task has several.
func (s *simulation) dated(id string, now time.Time) time.Time {
	if first, known := s.latest[id]; known && s.collects(id) {
		return first
	}
	return now
}

// collects reports whether a task takes pictures one by one. While the first of them is stored nobody else has the task.
func (s *simulation) collects(id string) bool {
	_, created := s.created[id]
	return !created
}

// ages reports whether a copy counts from the end of processing. What a client sends to a task that has ended is another copy, with a
// clock of its own; of a task with pictures nobody has a link.
func (s *simulation) ages(name string) bool {
	return container(name) != storage.Uploads || s.collects(owner(name))
}
