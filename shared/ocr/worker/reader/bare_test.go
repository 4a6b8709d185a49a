//go:build linux

package reader_test

import (
	"image"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
)

// TestEverythingWorksWithoutLandlock runs tests of this package again with children that can open no file at all, and of which
// a sandbox is required: those that write, and in the long run all of them. What is read so, the next test says.
func TestEverythingWorksWithoutLandlock(t *testing.T) {
	if os.Getenv(bareVariable) != "" {
		t.Skip("this is that run")
	}
	if _, err := unix.PrctlRetInt(unix.PR_GET_SECCOMP, 0, 0, 0, 0); err != nil {
		t.Skip("the kernel has no seccomp filters")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	which := "SearchablePDFs|DerivativeOfAPDF|PasswordOpens"
	if os.Getenv("LETHE_SOAK") != "" {
		which = ""
	}
	// The count of memory says nothing about files.
	run := exec.CommandContext(t.Context(), self, "-test.v", "-test.run", which, "-test.skip", "300Pages")
	run.Env = append(os.Environ(), bareVariable+"=1")
	if out, err := run.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestChildWithoutLandlockOpensNothingAndReads(t *testing.T) {
	t.Setenv(bareVariable, "1")
	p := newPool(t, nil)
	s, err := p.Sandbox(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Landlock != 0 || len(s.Gap().Missing) > 0 {
		t.Fatalf("the sandbox is %s: %q", s, s.Worked)
	}
	long := strings.TrimSpace(strings.Repeat(prose+" ", 12))
	fast := ocr.Options{Languages: p.Languages()[:1], Profile: ocr.Fast}
	both := english()
	for _, l := range p.Languages() {
		if l == "deu" { // the engine opens the second language by itself
			both.Languages = append(both.Languages, l)
		}
	}
	for _, c := range []struct {
		name string
		data []byte
		opt  ocr.Options
		want string
	}{
		{"picture", asPNG(t, drawn(t)), english(), prose},
		{"upside down", asPNG(t, overturned(t, long)), english(), long}, // the model of orientation is needed late
		{"two languages", asPNG(t, drawn(t)), both, prose},
		{"scanned PDF", scanned(t, 1), english(), prose},
		{"born-digital PDF", born(1), english(), prose},
		{"a third set of languages", asPNG(t, drawn(t)), fast, ""}, // for which another is freed
		{"picture again", asPNG(t, drawn(t)), english(), prose},
	} {
		got, err := p.Recognise(t.Context(), source(t, c.name, c.data), 1, c.opt)
		if err != nil || c.want != "" && text(got) != c.want {
			t.Errorf("%s: %v, %q", c.name, err, text(got))
		}
	}
	if n := p.Stats().Starts; n != 1 {
		t.Errorf("%d children were needed: %v", n, p.Stats().Ends)
	}
}

func overturned(t *testing.T, text string) *image.Gray {
	t.Helper()
	img, err := ocrtest.Draw(text, ocrtest.Clean(), 1)
	if err != nil {
		t.Fatal(err)
	}
	size := img.Bounds().Size()
	turned := image.NewGray(img.Bounds())
	for y := range size.Y {
		for x := range size.X {
			turned.SetGray(size.X-1-x, size.Y-1-y, img.GrayAt(x, y))
		}
	}
	return turned
}
