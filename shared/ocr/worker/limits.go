//go:build linux

package worker

import (
	"errors"
	"runtime"
	"time"

	"github.com/lethe-ocr/lethe/shared/ocr"
)

// Config says what children are and what they may use.
type Config struct {
	Path string // the program; it must call Serve
	// Missing is why there is no program: every start fails with it. Nil if there is one.
	Missing error
	Args    []string // its arguments, without the program's name
	// Env is the whole environment besides settings of the native libraries. Nothing is inherited: a child must not know
	// secrets.
	Env      []string
	Children int        // processes at a time; 0: one for each core
	Limits   Limits     // zero fields take the defaults
	Document ocr.Limits // what the children enforce; named in messages
	// Now is the clock that Wall and Stall are measured by; nil for the system's.
	Now func() time.Time
	// Confined refuses children that can bring about one of Effects, with an Unconfined error.
	Confined bool
	// Killed is called for each child that broke a limit, died or answered falsely, with its largest resident size in bytes. It is called from
	// a goroutine of the pool; nil for nobody.
	Killed func(why Reason, peak int64)
}

// Limits bounds one child. A zero value takes the default of DefaultLimits.
type Limits struct {
	Memory    int64         // resident bytes
	CPU       time.Duration // processor time for one page; a whole document when inspecting
	Draw      time.Duration // processor time for making one page of a document ready to be read
	Slice     time.Duration // processor time after which a page makes way for another owner that has no child
	Wall      time.Duration // time for one page, however busy the machine is; a page that needs more is to be tried again later
	Stall     time.Duration // time that a working child may go without using the processor; then the same
	Pages     int           // pages after which a child is replaced; it is earlier when half of Memory is in use
	Documents int           // documents after which a child is replaced; 1 keeps every document in a process of its own
	Output    int64         // bytes of a written PDF or derivative
	Idle      time.Duration // how long an idle child keeps the last document open
	Fill      time.Duration // how long a working child may wait for a part of the document to come from storage, each time
	Start     time.Duration // processor time until a child's first word; WallShare times as long on the clock
	Poll      time.Duration // how often a working child is measured
}

// DefaultLimits are 1.5 GiB, 120 s of processor time for a page and 15 s for drawing it, 5 s before it makes way, 20 minutes
// on the clock, 200 pages or 100 documents a child, 1 GiB of PDF. Only processor time says something about the document: what a page
// takes in elapsed time depends on what else the machine does. The memory is what a page of 100 megapixels needs: its grey
// pixels, a 32-bit copy while it is decoded, and the engine's own images.
func DefaultLimits() Limits {
	return Limits{
		Memory:    1536 << 20,
		CPU:       120 * time.Second,
		Draw:      15 * time.Second,
		Slice:     5 * time.Second,
		Wall:      WallShare * 120 * time.Second,
		Stall:     30 * time.Second,
		Pages:     200,
		Documents: 100,
		Output:    1 << 30,
		Idle:      2 * time.Second,
		Fill:      time.Minute,
		Start:     20 * time.Second,
		Poll:      100 * time.Millisecond,
	}
}

// WallShare is how much longer than its processor time a page may take by default: as on a machine where ten programs want
// each processor.
const WallShare = 10

// addressSpaceHeadroom is what a child may reserve beyond what it uses: the Go runtime and the WebAssembly runtime
// reserve address space by the gigabyte without touching it.
const addressSpaceHeadroom = 3 << 30

func (c Config) withDefaults() (Config, error) {
	if c.Path == "" && c.Missing == nil {
		return c, errors.New("no program for child processes")
	}
	if c.Document.Bytes <= 0 || c.Document.Pages <= 0 || c.Document.Pixels <= 0 {
		return c, errors.New("document limits must be positive")
	}
	if c.Children == 0 {
		c.Children = runtime.NumCPU()
	}
	if c.Children < 0 || c.Children > 1024 {
		return c, errors.New("between 1 and 1024 child processes are possible")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	d := DefaultLimits()
	l := &c.Limits
	orDefault(&l.Memory, d.Memory)
	orDefault(&l.CPU, d.CPU)
	orDefault(&l.Draw, min(d.Draw, l.CPU))
	orDefault(&l.Slice, d.Slice)
	orDefault(&l.Wall, WallShare*l.CPU)
	orDefault(&l.Stall, d.Stall)
	orDefault(&l.Pages, d.Pages)
	orDefault(&l.Documents, d.Documents)
	orDefault(&l.Output, d.Output)
	orDefault(&l.Idle, d.Idle)
	orDefault(&l.Fill, d.Fill)
	orDefault(&l.Start, d.Start)
	orDefault(&l.Poll, d.Poll)
	if l.Memory < 0 || l.CPU < 0 || l.Slice < 0 || l.Draw < 0 || l.Wall < 0 || l.Stall < 0 || l.Pages < 0 || l.Documents < 0 || l.Output < 0 || l.Idle < 0 || l.Fill < 0 || l.Start < 0 || l.Poll < 0 {
		return c, errors.New("limits of child processes must be positive")
	}
	return c, nil
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
