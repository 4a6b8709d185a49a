// Package loopback tells addresses of this machine from all others: only to these may something travel in the clear.
package loopback

import "net/netip"

// Host reports whether a host, as in an address and without a port, is this machine: localhost, or an address of the loopback
// network. Other names are not looked up: who answers may say anything.
func Host(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.Unmap().IsLoopback()
}
