package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/loopback"
)

// listen opens the server's socket. Plain HTTP beyond loopback is refused unless a proxy ends TLS: documents and secrets
// would cross a network in the clear.
func listen(ctx context.Context, set config.Settings) (net.Listener, string, error) {
	var l net.ListenConfig
	ln, err := l.Listen(ctx, "tcp", set.Listen)
	if err != nil {
		return nil, "", fmt.Errorf("--listen %s: %w", set.Listen, err)
	}
	scheme := "http"
	switch {
	case set.TLSCert != "":
		cert, err := tls.LoadX509KeyPair(set.TLSCert, set.TLSKey)
		if err != nil {
			return nil, "", errors.Join(verbs.File(fmt.Errorf("--tls-cert and --tls-key: %w", err)), ln.Close())
		}
		scheme = "https"
		ln = tls.NewListener(ln, &tls.Config{
			Certificates: []tls.Certificate{cert},
			MinVersion:   tls.VersionTLS12,
			NextProtos:   []string{"h2", "http/1.1"},
		})
	case !set.BehindProxy && !onLoopback(ln.Addr()):
		return nil, "", errors.Join(fmt.Errorf("plain HTTP on %s would carry documents and secrets in the clear: give --tls-cert and --tls-key, "+
			"or --behind-proxy if a proxy in front ends TLS, or listen on 127.0.0.1", set.Listen), ln.Close())
	default:
		ln = httpserver.Wiping(ln)
	}
	if err := linkable(set, ln.Addr()); err != nil {
		return nil, "", errors.Join(verbs.Setting(err), ln.Close())
	}
	return ln, scheme, nil
}

// baseOf returns what links begin with.
func baseOf(set config.Settings, ln net.Listener, scheme string) string {
	if set.PublicURL != "" {
		return strings.TrimSuffix(set.PublicURL, "/")
	}
	return scheme + "://" + ln.Addr().String()
}

// linkable refuses an address from which the one for links does not follow.
func linkable(set config.Settings, listening net.Addr) error {
	if set.PublicURL != "" {
		return nil
	}
	const remedy = "give the address under which clients reach the server, with which links begin: --public-url (LETHE_PUBLIC_URL)"
	if set.BehindProxy {
		return fmt.Errorf("--behind-proxy (LETHE_BEHIND_PROXY): clients reach the proxy, not %s: %s https://ocr.example.org", listening, remedy)
	}
	if host, port, err := net.SplitHostPort(listening.String()); err == nil && loopback.Every(host) {
		return fmt.Errorf("--listen %s (LETHE_LISTEN) is every address of this machine: %s https://ocr.example.org:%s", set.Listen, remedy, port)
	}
	return nil
}

func onLoopback(a net.Addr) bool {
	host, _, err := net.SplitHostPort(a.String())
	return err == nil && loopback.Host(host)
}

// connections bounds the connections of this process by the descriptors that it may have open.
func connections(ownAddresses bool) *httpserver.Connections {
	return httpserver.NewConnections(descriptors(), ownAddresses)
}
