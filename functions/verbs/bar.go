package verbs

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// bar shows progress: drawn on a terminal, as a line now and then elsewhere.
type bar struct {
	w     io.Writer
	unit  string
	drawn *progressbar.ProgressBar // nil without a terminal
	told  time.Time                // when the last line was written
}

// often is the time between two lines of progress.
const often = 10 * time.Second

func newBar(w io.Writer, unit string) *bar {
	b := &bar{w: w, unit: unit, told: time.Now()}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b.drawn = progressbar.NewOptions(-1,
			progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(unit), progressbar.OptionShowCount(),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
	}
	return b
}

// to moves the bar. A total of 0 is not known yet. Drawing that fails is no reason to stop.
func (b *bar) to(done, total int) {
	switch {
	case total == 0:
	case b.drawn != nil:
		b.drawn.ChangeMax(total)
		_ = b.drawn.Set(done)
	case time.Since(b.told) >= often:
		b.told = time.Now()
		fmt.Fprintf(b.w, "%s %d/%d\n", b.unit, done, total)
	}
}

func (b *bar) end() {
	if b.drawn != nil {
		_ = b.drawn.Finish()
	}
}
