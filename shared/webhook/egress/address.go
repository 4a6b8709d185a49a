package egress

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"
)

// errForbidden refuses a connection before its first packet. It names no address: Go wraps it into an error that does.
var errForbidden = errors.New("address refused")

// never are addresses that no setting opens: of services that hand out credentials to whoever asks from the machine.
func never() []netip.Prefix {
	return prefixes("169.254.0.0/16", "fe80::/10", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32", "fd00:ec2::254/128", "fd20:ce::254/128")
}

// private are networks that a setting may open, RFC 1918, RFC 6598 and RFC 4193.
func private() []netip.Prefix {
	return prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
}

// special are the other networks of the IANA registries of special-purpose addresses that are not of the Internet, or lead through
// it to another address than they seem to: https://www.iana.org/assignments/iana-ipv4-special-registry and
// https://www.iana.org/assignments/iana-ipv6-special-registry. Of IPv6 only 2000::/3 is reached at all.
func special() []netip.Prefix {
	return prefixes(
		"0.0.0.0/8", "127.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24",
		"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
		"2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
	)
}

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, t := range texts {
		all = append(all, netip.MustParsePrefix(t))
	}
	return all
}

func in(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// global is the part of IPv6 that is given out for the Internet. NAT64 (64:ff9b::/96, 64:ff9b:1::/48), mapped and compatible
// addresses, unique local, link-local and multicast ones are outside.
var global = netip.MustParsePrefix("2000::/3")

// permits reports whether a connection may be made to an address, for a request in the clear or by TLS.
func (s *Sender) permits(addr netip.Addr, plain bool) bool {
	if addr.Is4In6() || addr.Zone() != "" {
		return false // nothing resolves to such a form but to look like something else
	}
	switch {
	case in(never(), addr):
		return false
	case addr.IsLoopback():
		return s.cfg.Local
	case plain:
		return false
	case in(private(), addr):
		return s.cfg.Allowed.Network(addr)
	}
	return !in(special(), addr) && (addr.Is4() || global.Contains(addr))
}

// control is called once a name is resolved, for each address before it is connected to: what a name leads to may differ from one
// moment to the next, and what is connected to is what was looked at.
func (s *Sender) control(plain bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || at.Port() == 0 || !s.permits(at.Addr(), plain) {
			return errForbidden
		}
		return nil
	}
}
