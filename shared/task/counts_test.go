package task_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
)

// count is what is counted of an application.
type count struct {
	Open   int   `json:"open"`
	Stored int64 `json:"stored"`
}

// readCount reads it beside the program.
func readCount(ctx context.Context, records storage.Records, application string) (storage.Record, count, error) {
	rec, err := records.Get(ctx, storage.Key{Table: storage.Usage, Partition: application, Row: "open"})
	var c count
	if err == nil {
		err = json.Unmarshal(rec.Value, &c)
	}
	return rec, c, err
}

// strays stores so many blobs that no record explains, beside the schedule.
func (x *scene) strays(n int) {
	for i := range n {
		if _, err := x.blobs.Put(x.Context(), fmt.Sprintf("uploads/stray-%d", i), "application/pdf", strings.NewReader(content)); err != nil {
			x.Fatal(err)
		}
	}
}

// miscount makes the count of open tasks wrong, as a process does that died long ago.
func (x *scene) miscount() {
	x.miscounted = 10
	rec, c, err := readCount(x.Context(), x.store, app)
	if err == nil {
		rec.Value = fmt.Appendf(nil, `{"v":1,"open":%d,"stored":%d}`, c.Open+x.miscounted, c.Stored)
		_, err = x.store.Put(x.Context(), rec)
	}
	if err != nil {
		x.Fatal(err)
	}
}

// checkCounts asserts that the count is right, or as wrong as it was: a full pass counts nothing that is being changed.
func (x *scene) checkCounts() {
	var want count
	for _, t := range x.tasks() {
		if t.State.Open() {
			want.Open++
		}
		switch {
		case t.State == task.Submitted:
			for _, p := range t.Pictures {
				want.Stored += p.Size
			}
		case t.State.Open(), t.State == task.Completed && t.Upload == task.UntilDeadline:
			want.Stored += t.Input.Size
		}
		for _, r := range t.Results { // also of the round before
			want.Stored += r.Size
		}
	}
	_, got, err := readCount(x.Context(), x.store, app)
	if err != nil {
		x.wrong("read count: %w", err)
	}
	if over := got.Open - want.Open; over != 0 && over != x.miscounted || got.Stored != want.Stored {
		x.wrong("counted are %+v, there are %+v and at first %d too many", got, want, x.miscounted)
	}
}
