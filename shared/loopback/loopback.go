// Package loopback tells addresses of this machine from all others: only to these may something travel in the clear.
package loopback

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// Host reports whether a host, as in an address and without a port, is this machine: localhost, or an address of the loopback
// network. Other names are not looked up: who answers may say anything.
func Host(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.Unmap().IsLoopback()
}

// Every reports whether a host, as in an address to listen on, stands for every address of this machine, and so for none that a client
// can use.
func Every(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "" || err == nil && a.Unmap().IsUnspecified()
}

// FreePort asks the kernel for a port of the loopback interface that nobody listens at. Who asked, a test or a script, has it opened a
// moment later.
func FreePort(ctx context.Context) (int, error) {
	var l net.ListenConfig
	ln, err := l.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	port := ln.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // of a TCP listener
	return port, ln.Close()
}
