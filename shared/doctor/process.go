package doctor

import (
	"fmt"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr/worker/effect"
)

// Process is what was seen of the program and its worker processes. Nil means "not seen".
type Process struct {
	CoreLimit *uint64          // bytes a core dump may have
	Dumpable  *bool            // the kernel may write the memory, and other processes of the user may read it
	Swaps     *[]string        // devices and files in use for swapping
	Gap       *effect.Gap      // what the sandbox does not prevent
	Unseen    map[Check]string // why a check could not be made
}

// Judge holds the process against what the program expects.
func (p Process) Judge() []Finding {
	u := unseen(p.Unseen)
	return []Finding{p.cores(u), p.swap(u), p.sandbox(u)}
}

func (p Process) cores(u unseen) Finding {
	switch {
	case p.CoreLimit == nil || p.Dumpable == nil:
		return u.unknown(CoreDumps)
	case *p.Dumpable:
		return breach(CoreDumps, "other processes of the user may dump and read the memory")
	case *p.CoreLimit > 0:
		return breach(CoreDumps, "core dumps are allowed")
	default:
		return fine(CoreDumps, "off")
	}
}

// swap cannot distinguish an encrypted device from a plain one, so it never calls a breach. Compressed memory is no device.
func (p Process) swap(u unseen) Finding {
	if p.Swaps == nil {
		return u.unknown(Swap)
	}
	devices := 0
	for _, name := range *p.Swaps {
		if !strings.HasPrefix(name, "/dev/zram") {
			devices++
		}
	}
	if devices > 0 {
		return Finding{Swap, Unknown, fmt.Sprintf("memory may be written to %d swap devices", devices), ""}
	}
	return fine(Swap, "none")
}

func (p Process) sandbox(u unseen) Finding {
	switch {
	case p.Gap == nil:
		return u.unknown(Sandbox)
	case len(p.Gap.Missing) > 0:
		return breach(Sandbox, "%s", p.Gap)
	default:
		return fine(Sandbox, "all closed")
	}
}
