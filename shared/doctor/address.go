package doctor

import (
	"context"
	"net/url"

	"github.com/lethe-ocr/lethe/shared/loopback"
)

// Address is the probe of what links begin with on one machine.
type Address struct {
	Base string // as the server gives it to clients; empty if no server has said so
}

var _ Probe = Address{}

// Subject implements Probe.
func (a Address) Subject() Subject { return OfFolder }

// Inspect implements Probe.
func (a Address) Inspect(context.Context) []Finding {
	at, err := url.Parse(a.Base)
	switch {
	case a.Base == "":
		return []Finding{{LinkAddress, Unknown, "no server has told it: none has started on the folder", ""}}
	case err != nil || at.Scheme != "https" && !loopback.Host(at.Hostname()):
		return []Finding{breach(LinkAddress, "links begin with %s: documents travel in the clear", a.Base)}
	}
	return []Finding{fine(LinkAddress, "links begin with %s", a.Base)}
}
