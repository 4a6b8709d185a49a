package local

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
)

// Sealer seals secrets with a key that follows from the folder's own: AES-256-GCM with a random nonce, bound to a subject.
type Sealer struct{ aead cipher.AEAD }

// Sealer returns the folder's sealer.
func (s *Store) Sealer() (*Sealer, error) {
	key, err := hkdf.Key(sha256.New, s.key, nil, "lethe document password 1", 32)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	return &Sealer{aead}, nil
}

// Seal returns the secret's sealed form, which opens for the same subject only.
func (s *Sealer) Seal(secret, subject string) []byte {
	return s.aead.Seal(nil, nil, []byte(secret), []byte(subject)) //nolint:gosec // the cipher draws a random nonce by itself
}

// Open is the reverse. It fails for what was changed, or sealed with another key or for another subject.
func (s *Sealer) Open(sealed []byte, subject string) (string, error) {
	secret, err := s.aead.Open(nil, nil, sealed, []byte(subject))
	if err != nil {
		return "", fmt.Errorf("open sealed secret: %w", err)
	}
	return string(secret), nil
}
