// Package seal keeps short secrets in records in a form that is of no use without a key that lies elsewhere, and signs links to
// results with such a key.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// Keys seals and signs with its first key, and opens and verifies with any of them: AES-256-GCM with a random nonce, bound to a
// subject, and HMAC-SHA256.
type Keys struct{ keys []key }

// key is one of them with the name by which sealed secrets call it.
type key struct {
	id   string
	aead cipher.AEAD
	mac  []byte // of links
	hook []byte // from which secrets of webhooks follow
}

// purpose separates the keys made here from whatever else a source of keys is used for. Secrets that are stored were sealed
// with it.
const purpose = "lethe document password 1"

// linkPurpose is that of the keys of links.
const linkPurpose = "lethe result link 1"

// webhookPurpose is that of the keys of webhooks.
const webhookPurpose = "lethe webhook 1"

// DerivedSize is the length of what Derive returns, in bytes.
const DerivedSize = 32

// ErrNoKey means that there is nothing to seal or to open with.
var ErrNoKey = errors.New("there is no key for it")

// New derives one key from each source by HKDF-SHA256. A source is secret and has at least 32 random bytes; the first one is
// that of new secrets, and the others are those of earlier ones. Without a source nothing can be sealed or opened.
func New(sources ...[]byte) (*Keys, error) {
	k := &Keys{}
	for _, source := range sources {
		derived, err := hkdf.Key(sha256.New, source, nil, purpose, 32)
		if err != nil {
			return nil, fmt.Errorf("derive key: %w", err)
		}
		name, err := hkdf.Key(sha256.New, source, nil, purpose+" id", 4)
		if err != nil {
			return nil, fmt.Errorf("derive name of key: %w", err)
		}
		block, err := aes.NewCipher(derived)
		if err != nil {
			return nil, fmt.Errorf("make cipher: %w", err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("make cipher: %w", err)
		}
		mac, err := hkdf.Key(sha256.New, source, nil, linkPurpose, 32)
		if err != nil {
			return nil, fmt.Errorf("derive key of links: %w", err)
		}
		hook, err := hkdf.Key(sha256.New, source, nil, webhookPurpose, 32)
		if err != nil {
			return nil, fmt.Errorf("derive key of webhooks: %w", err)
		}
		k.keys = append(k.keys, key{hex.EncodeToString(name), aead, mac, hook})
	}
	return k, nil
}

// Seal returns the secret's sealed form, which opens for the same subject only, and the name of the key that it takes. The
// error is ErrNoKey.
func (k *Keys) Seal(secret, subject string) (sealed []byte, by string, err error) {
	if len(k.keys) == 0 {
		return nil, "", ErrNoKey
	}
	first := k.keys[0]
	return first.aead.Seal(nil, nil, []byte(secret), []byte(subject)), first.id, nil //nolint:gosec // the cipher draws a random nonce by itself
}

// Open is the reverse of Seal. Without the name of a key, as secrets were stored before there were names, each is tried. It
// fails for what was changed, or sealed with another key or for another subject.
func (k *Keys) Open(sealed []byte, by, subject string) (string, error) {
	err := ErrNoKey
	for _, one := range k.keys {
		if by != "" && by != one.id {
			continue
		}
		var secret []byte
		if secret, err = one.aead.Open(nil, nil, sealed, []byte(subject)); err == nil {
			return string(secret), nil
		}
	}
	return "", fmt.Errorf("open sealed secret: %w", err)
}

// TagSize is the length of a signature in bytes: nobody guesses 128 bits.
const TagSize = 16

// Sign returns the signature of what a link grants. The error is ErrNoKey.
func (k *Keys) Sign(grant string) ([]byte, error) {
	if len(k.keys) == 0 {
		return nil, ErrNoKey
	}
	return k.keys[0].sign(grant), nil
}

// Verify reports whether a signature is of what a link grants, by one of the keys.
func (k *Keys) Verify(grant string, tag []byte) bool {
	good := false
	for _, one := range k.keys {
		good = hmac.Equal(tag, one.sign(grant)) || good
	}
	return good
}

func (k key) sign(grant string) []byte {
	h := hmac.New(sha256.New, k.mac)
	h.Write([]byte(grant))
	return h.Sum(nil)[:TagSize]
}

// Derive returns the secrets of a webhook, by HKDF-SHA256 from each key, the one that seals first: different ones for each info,
// which nobody can make without the key, so that none of them is stored. The error is ErrNoKey.
func (k *Keys) Derive(info string) ([][]byte, error) {
	if len(k.keys) == 0 {
		return nil, ErrNoKey
	}
	var secrets [][]byte
	for _, one := range k.keys {
		secret, err := hkdf.Expand(sha256.New, one.hook, info, DerivedSize)
		if err != nil {
			return nil, fmt.Errorf("derive secret: %w", err)
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
}

// Replaced reports whether there are earlier keys beside the one that seals: then a secret may have to be sealed again.
func (k *Keys) Replaced() bool { return len(k.keys) > 1 }

// Current reports whether the key of that name is the one that seals.
func (k *Keys) Current(by string) bool { return len(k.keys) > 0 && by == k.keys[0].id }
