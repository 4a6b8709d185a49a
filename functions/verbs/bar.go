package verbs

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// bar shows progress on a terminal, and nothing elsewhere.
type bar struct{ shown *progressbar.ProgressBar }

func newBar(w io.Writer, unit string) *bar {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &bar{}
	}
	return &bar{progressbar.NewOptions(-1,
		progressbar.OptionSetWriter(w), progressbar.OptionShowCount(), progressbar.OptionSetItsString(unit),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))}
}

// to moves the bar. A total of 0 is not known yet. Drawing that fails is no reason to stop.
func (b *bar) to(done, total int) {
	if b.shown == nil || total == 0 {
		return
	}
	b.shown.ChangeMax(total)
	_ = b.shown.Set(done)
}

func (b *bar) end() {
	if b.shown != nil {
		_ = b.shown.Finish()
	}
}
