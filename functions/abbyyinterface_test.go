//go:build linux && cgo

package main_test

import (
	"testing"

	"github.com/lethe-ocr/lethe/shared/abbyy/abbyytest"
)

// Clients of the ABBYY Cloud OCR SDK work by changing the host name.
func TestClientsOfABBYYWorkOnOneMachine(t *testing.T) {
	s := start(t)
	abbyytest.Run(t, abbyytest.Service{
		Base: s.url, Slashes: s.url + "/", User: s.app, Password: s.secret, Picture: photo(t, "The quick brown fox jumps over the lazy dog"), MediaType: "image/jpeg", Word: "quick",
	})
}
