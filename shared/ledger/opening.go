package ledger

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// Opening ties a receipt to a task and a document. Whoever lacks it learns nothing from an entry.
type Opening struct {
	Task   string // its id
	Nonce  string // base64url of 32 random bytes
	Digest string // SHA-256 of the document in hex; empty when the service never read it
}

// NewNonce returns a fresh nonce.
func NewNonce() string {
	nonce := make([]byte, 32)
	_, _ = rand.Read(nonce) // never fails
	return base64.RawURLEncoding.EncodeToString(nonce)
}

// Subject is the commitment to the task, as it stands in every entry about it.
func (o Opening) Subject() string { return Commitment("subject", o.Nonce, o.Task) }

// Document is the commitment to the document's bytes, or "unread".
func (o Opening) Document() string {
	if o.Digest == "" {
		return "unread"
	}
	return Commitment("document", o.Nonce, o.Digest)
}

// Commitment hides a value behind a nonce of 32 random bytes: SHA-256 over purpose, nonce and value, in base64url. Parts
// hold no line ends, so that no two lists of them run together.
func Commitment(purpose, nonce, value string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "lethe.%s.v1\n%s\n%s", purpose, nonce, value))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
