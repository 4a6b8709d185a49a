package config_test

import (
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/config"
)

func TestAddressesThatNoClientCanUseAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, value string
		ok          bool
	}{
		{"LETHE_PUBLIC_URL", "https://ocr.example.org", true},
		{"LETHE_PUBLIC_URL", "https://ocr.example.org:8443/lethe", true},
		{"LETHE_PUBLIC_URL", "ocr.example.org", false},
		{"LETHE_PUBLIC_URL", "ftp://ocr.example.org", false},
		{"LETHE_PUBLIC_URL", "https://0.0.0.0:8443", false},
		{"LETHE_PUBLIC_URL", "https://[::]:8443", false},
		{"LETHE_PUBLIC_URL", "https://ocr.example.org?a=b", false},
		{"LETHE_TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/8", true},
		{"LETHE_TRUSTED_PROXIES", "proxy.example.org", false},
	} {
		t.Run(c.name+" "+c.value, func(t *testing.T) {
			t.Setenv(c.name, c.value)
			_, err := config.Load()
			if (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), c.name) {
				t.Errorf("got %v", err)
			}
		})
	}
}
