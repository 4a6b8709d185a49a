package webhook

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/lethe-ocr/lethe/shared/loopback"
)

// maxAddress bounds an address in bytes.
const maxAddress = 500

// errAddress says what an address has to be. It names no part of one.
var errAddress = errors.New("must be an https address without user, query or fragment, of at most " + strconv.Itoa(maxAddress) + " characters of ASCII")

// ParseAddress checks an address that events are to be sent to: https, http on this machine itself where that is allowed, and
// nothing in it that would be a credential or name more than a place.
func ParseAddress(text string, local bool) (*url.URL, error) {
	if len(text) > maxAddress || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) || strings.ContainsAny(text, "?#@\\") {
		return nil, errAddress
	}
	at, err := url.Parse(text)
	if err != nil || at.Hostname() == "" || at.Opaque != "" || at.User != nil {
		return nil, errAddress
	}
	if port := at.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, errAddress
		}
	}
	if at.Scheme != "https" && (at.Scheme != "http" || !local || !loopback.Host(at.Hostname())) {
		return nil, errAddress
	}
	return at, nil
}

// Allowed is where events may go, beside what the rules of addresses refuse in any case.
type Allowed struct {
	hosts    []string       // in lower case; one that begins with a dot stands for all below it
	networks []netip.Prefix // private ones that may be reached all the same
}

// ParseAllowed reads a list with commas between names of hosts, such as hooks.example.org or *.example.org, and networks, such as
// 10.1.0.0/16. With names in it, no other host is sent anything; a network lets private addresses in it be reached.
func ParseAllowed(text string) (Allowed, error) {
	var a Allowed
	if strings.TrimSpace(text) == "" {
		return a, nil
	}
	for one := range strings.SplitSeq(text, ",") {
		one = strings.ToLower(strings.TrimSpace(one))
		if network, err := netip.ParsePrefix(one); err == nil {
			if network.Addr().Is4In6() || network.Masked() != network {
				return Allowed{}, fmt.Errorf("%q is no network such as 10.1.0.0/16", one)
			}
			a.networks = append(a.networks, network)
			continue
		}
		name, below := strings.CutPrefix(one, "*.")
		if !hostName(name) {
			return Allowed{}, fmt.Errorf("%q is neither a host, such as hooks.example.org or *.example.org, nor a network such as 10.1.0.0/16", one)
		}
		if below {
			name = "." + name
		}
		a.hosts = append(a.hosts, name)
	}
	return a, nil
}

func hostName(name string) bool {
	return name != "" && len(name) <= 253 && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && r != '.' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}) && !strings.HasPrefix(name, ".") && !strings.HasSuffix(name, ".") && !strings.Contains(name, "..")
}

// Host reports whether a host may be sent events.
func (a Allowed) Host(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return len(a.hosts) == 0 || slices.ContainsFunc(a.hosts, func(known string) bool {
		return known == host || strings.HasPrefix(known, ".") && strings.HasSuffix(host, known)
	})
}

// Network reports whether a private address is in a network that may be reached.
func (a Allowed) Network(addr netip.Addr) bool {
	return slices.ContainsFunc(a.networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}
