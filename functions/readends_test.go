//go:build linux && cgo

package main_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/ocr/ocrtest"
	"github.com/lethe-ocr/lethe/shared/pdf/pdftest"
)

// Whatever ends the program, in whichever of its phases, no part of a result is left, and the result of an earlier run stays.
func TestReadLeavesNoPartOfAResult(t *testing.T) {
	d := newDesk(t)
	d.put("long.pdf", letters(t, 6))
	for name, s := range map[string]struct {
		signal  syscall.Signal
		writing bool // rather than reading pages
		code    int
	}{
		"interrupted while it reads":  {syscall.SIGINT, false, verbs.ExitInterrupted},
		"terminated while it reads":   {syscall.SIGTERM, false, verbs.ExitInterrupted},
		"killed while it reads":       {syscall.SIGKILL, false, -1},
		"interrupted while it writes": {syscall.SIGINT, true, verbs.ExitInterrupted},
		"killed while it writes":      {syscall.SIGKILL, true, -1},
	} {
		t.Run(name, func(t *testing.T) {
			d.put(name+"/long.pdf.txt", []byte("an earlier result"))
			screen, user := openTerminal(t)
			cmd := d.command("-o", name, "--format", "txt,pdf,json", "long.pdf")
			cmd.Stderr = user
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			_ = user.Close() // the program has it
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			screen.until(t, "0/6")
			if s.writing {
				screen.until(t, "5/6")
				d.writes(cmd.Process.Pid, name)
			}
			if err := cmd.Process.Signal(s.signal); err != nil {
				t.Fatal(err)
			}
			code := d.code(<-ended)
			if got := d.files(name); slices.Equal(got, []string{"long.pdf.json", "long.pdf.pdf", "long.pdf.txt"}) && s.writing {
				t.Skip("the results were whole before the signal came")
			} else if len(got) != 1 || textOf(t, filepath.Join(d.dir, name, "long.pdf.txt")) != "an earlier result" {
				t.Errorf("left: %q", got)
			}
			if code != s.code {
				t.Errorf("exit code %d, want %d", code, s.code)
			}
		})
	}
}

// writes waits until a process has opened a file in a folder of the desk, or has ended.
func (d *desk) writes(pid int, folder string) {
	open := filepath.Join("/proc", fmt.Sprint(pid), "fd")
	for {
		entries, err := os.ReadDir(open)
		if err != nil || len(entries) == 0 {
			return // it has ended
		}
		for _, e := range entries {
			if file, err := os.Readlink(filepath.Join(open, e.Name())); err == nil && strings.HasPrefix(file, filepath.Join(d.dir, folder)+"/") {
				return
			}
		}
		runtime.Gosched()
	}
}

func TestReadIsInterruptedWhileItWaitsForInput(t *testing.T) {
	d := newDesk(t)
	cmd := d.command("-")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// More than a pipe holds: once it is gone, the program is reading.
	if _, err := in.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := d.code(cmd.Wait()); code != verbs.ExitInterrupted {
		t.Errorf("exit code %d", code)
	}
}

// A disk that is full is no fault of the document, and what was there stays.
func TestReadLeavesNoPartOnAFullDisk(t *testing.T) {
	d := newDesk(t, "scan.pdf")
	d.put("long.pdf", letters(t, 3)) // its PDF does not fit
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, format := range []string{"txt", "pdf"} {
		cmd := d.command("--format", format, "scan.pdf")
		var messages bytes.Buffer
		cmd.Stdout, cmd.Stderr = full, &messages
		if code := d.code(cmd.Run()); code != verbs.ExitFailure || !strings.Contains(messages.String(), "no space left on device") {
			t.Errorf("%s: exit code %d, %s", format, code, messages.String())
		}
	}
	disk := exec.Command("unshare", "-Urm", "sh", "-c", `
		mkdir full && mount -t tmpfs -o size=16k none full || exit 77
		echo earlier > full/long.pdf.pdf
		"$0" read --format pdf,txt -o full long.pdf
		echo "exit code $?"; ls -A full; cat full/long.pdf.pdf`, d.command().Path)
	disk.Dir = d.dir
	out, err := disk.CombinedOutput()
	if err != nil {
		t.Skipf("this machine lets nobody mount a disk: %v: %s", err, out)
	}
	text := string(out)
	if !strings.Contains(text, "write results: ") || !strings.Contains(text, "no space left on device") ||
		!strings.HasSuffix(text, fmt.Sprintf("exit code %d\nlong.pdf.pdf\nearlier\n", verbs.ExitFailure)) {
		t.Error(text)
	}
}

// Nobody reads standard output, or standard error: the first is an error, the second does no harm to results.
func TestReadMeetsClosedPipes(t *testing.T) {
	d := newDesk(t, "one.pdf")
	d.put("half.pdf", twoPages("half.pdf"))
	closed := func() *os.File {
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		_ = read.Close()
		t.Cleanup(func() { _ = write.Close() })
		return write
	}
	cmd := d.command("one.pdf")
	cmd.Stdout = closed()
	if code := d.code(cmd.Run()); code != verbs.ExitFailure {
		t.Errorf("without standard output: exit code %d", code)
	}
	cmd = d.command("-o", "out", "half.pdf", "one.pdf")
	cmd.Stderr = closed()
	if code := d.code(cmd.Run()); code != verbs.ExitPages {
		t.Errorf("without standard error: exit code %d", code)
	}
	if got := d.files("out"); len(got) != 2 {
		t.Errorf("results %q", got)
	}
}

// A bar is for a terminal: what reads a pipe gets results and messages alone.
func TestReadShowsProgressOnATerminalOnly(t *testing.T) {
	d := newDesk(t, "one.pdf", "two.pdf")
	if _, _, stderr := d.read(nil, "-o", "out", "one.pdf", "two.pdf"); stderr != "" {
		t.Errorf("standard error is a pipe: %q", stderr)
	}
	terminal, user := openTerminal(t)
	d.put("half.pdf", twoPages("half.pdf"))
	cmd := d.command("one.pdf", "half.pdf", "two.pdf")
	cmd.Stderr = user
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = user.Close()                                                                  // the program has it
	for _, progress := range []string{"(0/1", "(1/3", "half.pdf: page 2: ", "(3/4"} { // it goes on with each document
		terminal.until(t, progress)
	}
	if code := d.code(cmd.Wait()); code != verbs.ExitPages {
		t.Errorf("exit code %d", code)
	}
	terminal, user = openTerminal(t)
	cmd = d.command("--format", "pdf", "one.pdf")
	cmd.Stdout, cmd.Stderr = user, user
	if code := d.code(cmd.Run()); code != verbs.ExitUsage {
		t.Errorf("a PDF to a terminal: exit code %d", code)
	}
	terminal.until(t, "with --output")
	cmd = d.command("-")
	cmd.Stdin, cmd.Stderr = user, user
	if code := d.code(cmd.Run()); code != verbs.ExitUsage {
		t.Errorf("a document from a keyboard: exit code %d", code)
	}
	terminal.until(t, "standard input is a terminal")
}

// terminal is the side of a terminal on which its screen is.
type terminal struct {
	*os.File
	rest string // that was shown after the last text that was waited for
}

// openTerminal returns a screen, and the terminal for a program.
func openTerminal(t *testing.T) (*terminal, *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("this machine has no terminals: %v", err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	var number int
	connection, err := screen.SyscallConn()
	if err == nil {
		err = connection.Control(func(fd uintptr) {
			if err := unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err != nil {
				t.Fatal(err)
			}
			if number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN); err != nil {
				t.Fatal(err)
			}
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	user, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = user.Close() })
	return &terminal{File: screen}, user
}

// until waits until the screen has shown a text, after the one that was waited for before.
func (s *terminal) until(t *testing.T, text string) {
	t.Helper()
	if err := s.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for part := make([]byte, 4096); ; {
		if _, rest, shown := strings.Cut(s.rest, text); shown {
			s.rest = rest
			return
		}
		n, err := s.Read(part)
		s.rest += string(part[:n])
		if n == 0 && err != nil {
			t.Fatalf("the screen never shows %q: %v\n%s", text, err, s.rest)
		}
	}
}

// letters is a document that takes time: pages of pixels.
func letters(t *testing.T, pages int) []byte {
	t.Helper()
	document, err := pdftest.Scans(pages, photo(t, ocrtest.Letter(3)))
	if err != nil {
		t.Fatal(err)
	}
	return document
}
