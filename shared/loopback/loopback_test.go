package loopback

import (
	"net"
	"strconv"
	"testing"
)

func TestOnlyThisMachineIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.9.8.7": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "0.0.0.0": false, "::": false, "10.0.0.1": false, "169.254.169.254": false, "localhost.example.org": false,
		"evil.localhost": false, "127.0.0.1.example.org": false, "127.1": false, "LOCALHOST.": false,
	} {
		if got := Host(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

func TestEveryAddressIsNone(t *testing.T) {
	for host, want := range map[string]bool{
		"": true, "0.0.0.0": true, "::": true, "::ffff:0.0.0.0": true,
		"0.0.0.1": false, "::1": false, "127.0.0.1": false, "localhost": false, "ocr.example.org": false, "0": false, "[::]": false,
	} {
		if got := Every(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

func TestPortThatIsFreeCanBeListenedAt(t *testing.T) {
	port, err := FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	if err := ln.Close(); err != nil {
		t.Error(err)
	}
}
