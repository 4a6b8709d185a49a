package main

import (
	"testing"

	"github.com/lethe-ocr/lethe/scripts/stamptest"
)

// Clients of the ABBYY Cloud OCR SDK work at the root of the host. It answers a path that begins with two slashes by itself, with 404:
// clients that double the slash have /abbyy as part of their address.
func TestClientsOfABBYYWorkUnderTheHost(t *testing.T) {
	s := startStamp(t, nil, nil)
	stamptest.ServesABBYY(t, s.Client, s.Base+"/abbyy/", nil)
}
