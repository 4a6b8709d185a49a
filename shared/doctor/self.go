package doctor

import (
	"context"
	"os"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr/worker/effect"
)

// Workers report what confines the processes that read documents.
type Workers interface {
	// Confinement tells what the sandbox does not prevent. The error is why there is no worker.
	Confinement(ctx context.Context) (effect.Gap, error)
}

// Self is the probe of the process that runs it.
type Self struct {
	Workers   Workers   // nil if there are none here
	Receivers *[]string // hosts that traces and metrics are sent to; nil if that is not known
	Region    string    // of the settings
}

var _ Probe = Self{}

// swapTable is the kernel's list of what it swaps to, one a line below a heading.
const swapTable = "/proc/swaps"

// Subject implements Probe.
func (s Self) Subject() Subject { return OfProcess }

// Inspect implements Probe.
func (s Self) Inspect(ctx context.Context) []Finding {
	p := Process{Receivers: s.Receivers, Region: s.Region, Unseen: map[Check]string{}}
	p.CoreLimit, p.Dumpable = dumps()
	if table, err := os.ReadFile(swapTable); err == nil {
		p.Swaps = new(swaps(string(table)))
	} else {
		p.Unseen[Swap] = "the kernel's list of swap devices cannot be read"
	}
	if s.Receivers == nil {
		p.Unseen[Telemetry] = "no server has told it: none of this version has started here"
	}
	if s.Workers == nil {
		p.Unseen[Sandbox] = "no worker process was started"
	} else if gap, err := s.Workers.Confinement(ctx); err == nil {
		p.Gap = &gap
	} else {
		p.Unseen[Sandbox] = "no worker process starts: " + err.Error()
	}
	return p.Judge()
}

// swaps reads names from the kernel's table.
func swaps(table string) []string {
	var names []string
	_, rows, _ := strings.Cut(table, "\n")
	for row := range strings.Lines(rows) {
		if fields := strings.Fields(row); len(fields) > 0 {
			names = append(names, fields[0])
		}
	}
	return names
}
