package egress

import "net/netip"

// Permits reports whether a connection may be made to an address.
func (s *Sender) Permits(addr netip.Addr, clear bool) bool { return s.permits(addr, clear) }
