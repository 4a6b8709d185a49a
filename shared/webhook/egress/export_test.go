package egress

import "net/netip"

// Permits reports whether a connection may be made to an address.
func (s *Sender) Permits(addr netip.Addr, plain bool) bool { return s.permits(addr, plain) }
