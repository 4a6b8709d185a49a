//go:build !linux

package clock

import (
	"crypto/rand"
	"time"
)

// System reads the clock of the operating system. Elapsed time is that of this process: each start of the program counts as one
// of the machine. Documents are kept and read on Linux; elsewhere only an operator's verbs ask for the time.
func System() Source {
	began, boot := time.Now(), rand.Text()
	return func() Reading {
		return Reading{Wall: time.Now().UTC().Round(0), Boot: time.Since(began), BootID: boot}
	}
}
