package main

import "testing"

func TestPageIsServedWhereOnlyThisMachineReachesItOrASettingSaysSo(t *testing.T) {
	for _, c := range []struct {
		setting, base string
		served        bool
	}{
		{"", "http://127.0.0.1:8080", true},
		{"", "http://[::1]:8080", true},
		{"", "http://localhost:8080", true},
		{"", "https://ocr.test", false},
		{"", "https://10.0.0.7:8443", false},
		{"", "", false},
		{"on", "https://ocr.test", true},
		{"off", "http://127.0.0.1:8080", false},
	} {
		if got := servesPage(c.setting, c.base); got != c.served {
			t.Errorf("LETHE_PAGE=%q at %q: %v", c.setting, c.base, got)
		}
	}
}
