package verbs

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/lethe-ocr/lethe/shared/render"
)

// Bar shows progress on a terminal. Elsewhere it shows nothing, unless it was made to write lines.
type Bar struct {
	w        io.Writer
	unit     string
	terminal bool
	drawn    *progressbar.ProgressBar // nil until there is something to draw on a terminal
	lines    bool                     // to be written without a terminal, now and then
	told     time.Time                // when the last line was written
}

// often is the time between two lines of progress.
const often = 10 * time.Second

// NewBar returns a bar that counts units, such as pages.
func NewBar(w io.Writer, unit string) *Bar {
	return &Bar{w: w, unit: unit, terminal: Terminal(w), told: time.Now()}
}

// newTalkingBar returns a bar that writes a line now and then where there is no terminal: a server may take its time.
func newTalkingBar(w io.Writer, unit string) *Bar {
	b := NewBar(w, unit)
	b.lines = true
	return b
}

// Terminal reports whether something that is written to, or read, is a terminal.
func Terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Legible refuses to write a result to a terminal that shows no such format. output is what --output names: a file or a folder.
func Legible(w io.Writer, format, output string) error {
	if f := render.Format(strings.ToLower(format)); !f.Known() || !f.Binary() || !Terminal(w) {
		return nil
	}
	return Usage(fmt.Errorf("%s is nothing for a terminal: name a %s with --output, or send standard output to a file or a pipe", strings.ToUpper(format), output))
}

// To moves the bar. A total of 0 is not known yet; it may grow. Drawing that fails is no reason to stop.
func (b *Bar) To(done, total int) {
	switch {
	case total == 0:
	case b.terminal:
		if b.drawn == nil || b.drawn.IsFinished() && done < total {
			// With a known length, so that the library draws only when it is asked to.
			b.drawn = progressbar.NewOptions(total,
				progressbar.OptionSetWriter(b.w), progressbar.OptionSetDescription(b.unit), progressbar.OptionShowCount(),
				progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
		}
		b.drawn.ChangeMax(total)
		_ = b.drawn.Set(done)
	case b.lines && time.Since(b.told) >= often:
		b.told = time.Now()
		fmt.Fprintf(b.w, "%s %d/%d\n", b.unit, done, total)
	}
}

// Clear takes the bar off the terminal, for something else to be written there; To draws it again.
func (b *Bar) Clear() {
	if b.drawn != nil {
		_ = b.drawn.Clear()
	}
}

// End takes the bar off the terminal for good.
func (b *Bar) End() {
	if b.drawn != nil {
		_ = b.drawn.Finish()
	}
}
