package ledger

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Signer signs checkpoints and receipts with an Ed25519 key in the form of signed notes (c2sp.org/signed-note).
type Signer struct {
	note.Signer
	public string
}

// GenerateKey makes a signing key. The name is the log's origin: that of the stamp, without spaces and plus signs. It
// stays the same when keys are replaced.
func GenerateKey(name string) (private, public string, err error) {
	if name == "" || strings.ContainsAny(name, " +\n\r\t") {
		return "", "", errors.New("the name of a key has no spaces and no plus sign; a host name is a good one")
	}
	private, public, err = note.GenerateKey(rand.Reader, name)
	if err != nil {
		return "", "", fmt.Errorf("make signing key: %w", err)
	}
	return private, public, nil
}

// ParseSigner reads a private key as GenerateKey writes it. The error does not repeat it.
func ParseSigner(private string) (*Signer, error) {
	private = strings.TrimSpace(private)
	malformed := errors.New("the signing key has not the form PRIVATE+KEY+…; make one with `lethe keygen`")
	signer, err := note.NewSigner(private)
	if err != nil {
		return nil, malformed
	}
	// The last part is one byte for the algorithm and the seed of the key.
	seed, err := base64.StdEncoding.DecodeString(strings.SplitN(private, "+", 5)[4])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return nil, malformed
	}
	half, ok := ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey)
	if !ok {
		return nil, malformed
	}
	public, err := note.NewEd25519VerifierKey(signer.Name(), half)
	if err != nil {
		return nil, malformed
	}
	return &Signer{Signer: signer, public: public}, nil
}

// Public returns the public key.
func (s *Signer) Public() string { return s.public }

// keys are the public keys that a check trusts.
type keys []note.Verifier

// parseKeys reads public keys, each as GenerateKey writes them.
func parseKeys(public []string) (keys, error) {
	var ks keys
	for _, p := range public {
		v, err := note.NewVerifier(strings.TrimSpace(p))
		if err != nil {
			return nil, errors.New("a public key has the form name+hash+key, as `lethe keygen` prints it")
		}
		if !ks.has(strings.TrimSpace(p)) { // of one given twice neither would count
			ks = append(ks, v)
		}
	}
	if len(ks) == 0 {
		return nil, errors.New("a public key is needed; the service publishes its own at /v1/ledger/keys")
	}
	return ks, nil
}

// open checks that one of the keys signed the note, and returns its text.
func (ks keys) open(signed []byte) (string, error) {
	n, err := note.Open(signed, note.VerifierList(ks...))
	if err != nil {
		return "", errors.New("the signature is not by any of the keys given")
	}
	return n.Text, nil
}

// has reports whether the public key is among those trusted.
func (ks keys) has(public string) bool {
	v, err := note.NewVerifier(public)
	return err == nil && slices.ContainsFunc(ks, func(k note.Verifier) bool {
		return k.Name() == v.Name() && k.KeyHash() == v.KeyHash()
	})
}
