package access

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the addresses and networks of reverse proxies whose word about a client's address is taken.
type Proxies []netip.Prefix

// ParseProxies reads addresses and networks in CIDR notation, with commas between them.
func ParseProxies(list string) (Proxies, error) {
	var proxies Proxies
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		network, err := netip.ParsePrefix(name)
		if err != nil {
			var one netip.Addr
			if one, err = netip.ParseAddr(name); err == nil {
				network, err = one.Prefix(one.BitLen())
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", name)
		}
		proxies = append(proxies, network.Masked())
	}
	return proxies, nil
}

// Named reports whether a peer, an address with a port, is one of the proxies.
func (p Proxies) Named(peer string) bool {
	at, err := netip.ParseAddrPort(peer)
	return err == nil && p.contain(at.Addr())
}

// Client returns the address of the client that a named proxy speaks for: of the hops that the proxies noted, each at the end,
// the last one that is no proxy. What a client wrote in front of them is not believed. Where a hop cannot be read, the one behind it counts.
func (p Proxies) Client(peer string, hops []string) string {
	client := peer
	for _, text := range slices.Backward(strings.Split(strings.Join(hops, ","), ",")) {
		addr, err := parseHop(strings.TrimSpace(text))
		if err != nil {
			break
		}
		client = net.JoinHostPort(addr.String(), "0")
		if !p.contain(addr) {
			break
		}
	}
	return client
}

// parseHop reads an address as proxies write it: alone, in brackets, or with a port.
func parseHop(text string) (netip.Addr, error) {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr().Unmap(), nil
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	return addr.Unmap().WithZone(""), err
}

func (p Proxies) contain(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(addr) })
}
