package webhook

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What keys are written with, so that scanners of source code recognise them.
const (
	secretPrefix = "whsec_"
	publicPrefix = "whpk_"
)

// The versions of signatures.
const (
	symmetric  = "v1"  // HMAC-SHA256
	asymmetric = "v1a" // Ed25519
)

// Keys gives secrets that follow from keys of the stamp: by each of them, the present one first. *seal.Keys implements it.
type Keys interface {
	Derive(info string) ([][]byte, error)
}

// stampKey is what the Ed25519 key of the stamp follows from.
const stampKey = "ed25519"

// secretInfo is what the secret of an endpoint follows from. No part has a line end.
func secretInfo(application, endpoint string, generation int) string {
	return strings.Join([]string{"hmac", application, endpoint, strconv.Itoa(generation)}, "\n")
}

// signer signs for one endpoint.
type signer struct {
	secrets  [][]byte
	privates []ed25519.PrivateKey
}

// signerOf returns what signs for an endpoint now: by its secret and, for as long as it was promised, by the one before.
func signerOf(k Keys, e *Endpoint, now time.Time) (signer, error) {
	generations := []int{e.Generation}
	if e.Generation > 1 && now.Before(e.PreviousEnds) {
		generations = append(generations, e.Generation-1)
	}
	var s signer
	for _, g := range generations {
		secrets, err := k.Derive(secretInfo(e.Application, e.ID, g))
		if err != nil {
			return signer{}, err
		}
		s.secrets = append(s.secrets, secrets...)
	}
	seeds, err := k.Derive(stampKey)
	if err != nil {
		return signer{}, err
	}
	for _, seed := range seeds {
		s.privates = append(s.privates, ed25519.NewKeyFromSeed(seed))
	}
	return s, nil
}

// secret returns the present secret as receivers write it.
func (s signer) secret() string {
	return secretPrefix + base64.StdEncoding.EncodeToString(s.secrets[0])
}

// public returns the present public key as receivers write it.
func (s signer) public() string {
	public, _ := s.privates[0].Public().(ed25519.PublicKey)
	return publicPrefix + base64.StdEncoding.EncodeToString(public)
}

// sign returns the header webhook-signature: every signature, with spaces between them.
func (s signer) sign(id string, at time.Time, body []byte) string {
	text := signed(id, strconv.FormatInt(at.Unix(), 10), body)
	var all []string
	for _, secret := range s.secrets {
		all = append(all, symmetric+","+base64.StdEncoding.EncodeToString(authenticate(secret, text)))
	}
	for _, private := range s.privates {
		all = append(all, asymmetric+","+base64.StdEncoding.EncodeToString(ed25519.Sign(private, text)))
	}
	return strings.Join(all, " ")
}

// signed is what signatures are of.
func signed(id, timestamp string, body []byte) []byte {
	return append([]byte(id+"."+timestamp+"."), body...)
}

func authenticate(secret, text []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write(text)
	return h.Sum(nil)
}

// Tolerance is how far the time of an attempt may be from the receiver's clock.
const Tolerance = 5 * time.Minute

// ErrUnverified means that a request was not sent by who has the key, or not now.
var ErrUnverified = errors.New("the webhook is not verified")

// Verifier checks what comes in, for receivers.
type Verifier struct {
	secret []byte
	public ed25519.PublicKey
}

// leastSecret is the shortest secret that the standard allows, in bytes.
const leastSecret = 24

// NewVerifier returns a verifier by a secret (whsec_…) or a public key (whpk_…).
func NewVerifier(key string) (*Verifier, error) {
	v := &Verifier{}
	text, symmetric := strings.CutPrefix(key, secretPrefix)
	if !symmetric {
		text, _ = strings.CutPrefix(key, publicPrefix)
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || symmetric && len(raw) < leastSecret || !symmetric && len(raw) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("the key must begin with %s or %s", secretPrefix, publicPrefix)
	}
	if symmetric {
		v.secret = raw
	} else {
		v.public = raw
	}
	return v, nil
}

// Verify checks the headers webhook-id, webhook-timestamp and webhook-signature of a request against its body. The error is
// ErrUnverified.
func (v *Verifier) Verify(id, timestamp, signature string, body []byte, now time.Time) error {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > Tolerance {
		return ErrUnverified
	}
	text := signed(id, timestamp, body)
	for one := range strings.FieldsSeq(signature) {
		version, encoded, _ := strings.Cut(one, ",")
		raw, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			continue
		}
		switch {
		case version == symmetric && v.secret != nil && hmac.Equal(raw, authenticate(v.secret, text)),
			version == asymmetric && v.public != nil && ed25519.Verify(v.public, text, raw):
			return nil
		}
	}
	return ErrUnverified
}
