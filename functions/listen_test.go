package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/config"
)

func TestAddressesWithoutOneForLinksAreRefusedWithTheRemedy(t *testing.T) {
	for _, c := range []struct {
		name, listen, public string
		proxy, refused       bool
		base                 string
	}{
		{"this machine", "127.0.0.1:0", "", false, false, "http://127.0.0.1:"},
		{"this machine with an address for links", "127.0.0.1:0", "https://ocr.test/", false, false, "https://ocr.test"},
		{"a proxy without an address", "127.0.0.1:0", "", true, true, ""},
		{"a proxy with one", "127.0.0.1:0", "https://ocr.test", true, false, "https://ocr.test"},
		{"a proxy, every address", "0.0.0.0:0", "", true, true, ""},
		{"a proxy with one, every address", "0.0.0.0:0", "https://ocr.test", true, false, "https://ocr.test"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := config.Default()
			set.Listen, set.PublicURL, set.BehindProxy = c.listen, c.public, c.proxy
			ln, scheme, err := listen(t.Context(), set)
			if c.refused {
				if err == nil || !strings.Contains(err.Error(), "--public-url (LETHE_PUBLIC_URL)") || verbs.ExitCode(err) != verbs.ExitSetting {
					t.Fatalf("got %v, code %d", err, verbs.ExitCode(err))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := baseOf(set, ln, scheme); !strings.HasPrefix(got, c.base) {
				t.Errorf("links begin with %s, want %s", got, c.base)
			}
			if err := ln.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// With a certificate no proxy is needed; the address for links is, whichever way every address is written.
func TestEveryAddressIsNoneForLinks(t *testing.T) {
	for _, at := range []string{"0.0.0.0:0", "[::]:0", ":0", "[::ffff:0.0.0.0]:0"} {
		_, _, err := listen(t.Context(), certified(t, at))
		if err == nil || !strings.Contains(err.Error(), "--listen "+at+" (LETHE_LISTEN)") || !strings.Contains(err.Error(), "--public-url (LETHE_PUBLIC_URL)") {
			t.Errorf("%s: %v", at, err)
		}
	}
}

// certified are settings with a certificate of the test's own.
func certified(t *testing.T, at string) config.Settings {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	set := config.Default()
	set.Listen = at
	for _, f := range []struct {
		into  *string
		name  string
		block *pem.Block
	}{
		{&set.TLSCert, "cert.pem", &pem.Block{Type: "CERTIFICATE", Bytes: cert}},
		{&set.TLSKey, "key.pem", &pem.Block{Type: "PRIVATE KEY", Bytes: private}},
	} {
		*f.into = filepath.Join(t.TempDir(), f.name)
		if err := os.WriteFile(*f.into, pem.EncodeToMemory(f.block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return set
}
