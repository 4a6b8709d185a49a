package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"
)

// secretPrefix lets scanners of source code recognise a secret that was committed by mistake.
const secretPrefix = "lethe_"

// newSecret makes a secret of 256 random bits. It returns what is stored and what is shown once. A plain SHA-256 is
// enough for it: there is no dictionary of such values to try, so a slow hash would only slow each request.
func newSecret(now, expires time.Time) (Secret, string, error) {
	random := make([]byte, 32)
	id := make([]byte, 4)
	for _, b := range [][]byte{random, id} {
		if _, err := rand.Read(b); err != nil {
			return Secret{}, "", fmt.Errorf("make secret: %w", err)
		}
	}
	plain := secretPrefix + base64.RawURLEncoding.EncodeToString(random)
	return Secret{ID: hex.EncodeToString(id), Hash: Hash(plain), Created: now.UTC(), Expires: expires}, plain, nil
}

// Hash returns what is stored of a secret.
func Hash(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// valid reports whether the secret has not ended.
func (s Secret) valid(now time.Time) bool { return s.Expires.IsZero() || now.Before(s.Expires) }

// matches compares in constant time. Every secret of an application is compared, so that timing does not reveal which one it was.
func (a *Application) matches(secret string, now time.Time) bool {
	given := Hash(secret)
	found := 0
	for _, s := range a.Secrets {
		equal := subtle.ConstantTimeCompare(given, s.Hash)
		if !s.valid(now) {
			equal = 0
		}
		found |= equal
	}
	return found == 1
}
