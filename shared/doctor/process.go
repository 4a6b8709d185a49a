package doctor

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/lethe-ocr/lethe/shared/loopback"
	"github.com/lethe-ocr/lethe/shared/ocr/worker/effect"
)

// Process is what was seen of the program and its worker processes. Nil means "not seen".
type Process struct {
	CoreLimit *uint64          // bytes a core dump may have
	Dumpable  *bool            // the kernel may write the memory, and other processes of the user may read it
	Swaps     *[]string        // devices and files in use for swapping
	Gap       *effect.Gap      // what the sandbox does not prevent
	Receivers *[]string        // hosts that traces and metrics are sent to
	Region    string           // of the settings
	Unseen    map[Check]string // why a check could not be made
}

// Judge holds the process against what the program expects.
func (p Process) Judge() []Finding {
	u := unseen(p.Unseen)
	return []Finding{p.cores(u), p.swap(u), p.sandbox(u), p.telemetry(u)}
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

// telemetry holds the receivers against the region by their names: whoever runs one where its name does not say may know better.
func (p Process) telemetry(u unseen) Finding {
	if p.Receivers == nil {
		return u.unknown(Telemetry)
	}
	if len(*p.Receivers) == 0 {
		return fine(Telemetry, "nothing is sent")
	}
	unsaid := 0
	for _, host := range *p.Receivers {
		switch says := regionIn(host); {
		case loopback.Host(host), says == RegionName(p.Region):
		case says != "":
			return breach(Telemetry, "a receiver is in %s, LETHE_REGION says %s", says, RegionName(p.Region))
		default:
			unsaid++
		}
	}
	if unsaid > 0 {
		return Finding{Telemetry, Unknown, fmt.Sprintf("%d receivers have names that tell no region", unsaid), ""}
	}
	return fine(Telemetry, "receivers: %d, all in the region or on this machine", len(*p.Receivers))
}

// onAzure is how the receivers of Azure Monitor are called: westeurope-5.in.applicationinsights.azure.com and the like.
var onAzure = regexp.MustCompile(`^(?:[a-z0-9-]+\.)?([a-z]+[0-9]?)-[0-9]+\.(?:[a-z0-9-]+\.)*azure\.com$`)

// regionIn is the region that the name of a host tells, empty for none.
func regionIn(host string) string {
	if m := onAzure.FindStringSubmatch(host); m != nil {
		return m[1]
	}
	for label := range strings.SplitSeq(host, ".") {
		if regionOfAWS.MatchString(label) {
			return label
		}
	}
	return ""
}
