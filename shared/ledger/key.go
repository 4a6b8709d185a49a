package ledger

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
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

// Fingerprint names a public key so that two people can compare what they have over the telephone: the SHA-256 of the key as it is
// written, without the line end.
func Fingerprint(public string) string {
	sum := sha256.Sum256([]byte(strings.TrimSpace(public)))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// key is a public key that a check trusts.
type key struct {
	note.Verifier
	public string
}

// parseKey reads a public key as GenerateKey writes it.
func parseKey(public string) (key, error) {
	public = strings.TrimSpace(public)
	v, err := note.NewVerifier(public)
	if err != nil {
		return key{}, errors.New("a public key has the form name+hash+key, as `lethe keygen` prints it")
	}
	return key{v, public}, nil
}

// keys are the public keys that a check trusts.
type keys []key

// parseKeys reads public keys, each as GenerateKey writes them.
func parseKeys(public []string) (keys, error) {
	var ks keys
	for _, p := range public {
		k, err := parseKey(p)
		if err != nil {
			return nil, err
		}
		if !ks.has(k.public) { // of one given twice neither would count
			ks = append(ks, k)
		}
	}
	if len(ks) == 0 {
		return nil, errors.New("a public key is needed; the service publishes its own at /v1/ledger/keys")
	}
	return ks, nil
}

// CheckKeys refuses what are no public keys.
func CheckKeys(public []string) error {
	_, err := parseKeys(public)
	return err
}

// open checks that one of the keys signed the note, and returns its text and that key.
func (ks keys) open(signed []byte) (text string, by key, err error) {
	list := make([]note.Verifier, len(ks))
	for i, k := range ks {
		list[i] = k.Verifier
	}
	n, err := note.Open(signed, note.VerifierList(list...))
	if err != nil {
		return "", key{}, ks.unsigned(err)
	}
	for _, k := range ks {
		if k.Name() == n.Sigs[0].Name && k.KeyHash() == n.Sigs[0].Hash {
			by = k
		}
	}
	return n.Text, by, nil
}

// VerifyNote checks that one of the keys signed a text as c2sp.org/signed-note says, and returns that key.
func VerifyNote(signed []byte, text string, public []string) (by string, err error) {
	ks, err := parseKeys(public)
	if err != nil {
		return "", err
	}
	said, k, err := ks.open(signed)
	if err == nil && said != text {
		err = Failed(ErrAltered, "it signs another text")
	}
	return k.public, err
}

// unsigned says why a note does not open.
func (ks keys) unsigned(err error) error {
	if bad, ok := errors.AsType[*note.InvalidSignatureError](err); ok {
		return Failed(ErrAltered, "the signature of %s does not fit the text: a line was altered after it was signed", short(bad.Name, bad.Hash))
	}
	unknown, ok := errors.AsType[*note.UnverifiedNoteError](err)
	if !ok {
		return Failed(ErrAltered, "it has no signature that can be read")
	}
	var by, given []string
	for _, sig := range unknown.Note.UnverifiedSigs {
		by = append(by, short(sig.Name, sig.Hash))
	}
	for _, k := range ks {
		given = append(given, short(k.Name(), k.KeyHash()))
	}
	return Failed(ErrUnknownKey, "it names %s as its signer, and the keys given are %s", strings.Join(by, ", "), strings.Join(given, ", "))
}

// short is the beginning of a public key, which names it in signatures.
func short(name string, hash uint32) string { return fmt.Sprintf("%s+%08x", name, hash) }

// has reports whether the public key is among those trusted.
func (ks keys) has(public string) bool {
	v, err := note.NewVerifier(public)
	return err == nil && slices.ContainsFunc(ks, func(k key) bool {
		return k.Name() == v.Name() && k.KeyHash() == v.KeyHash()
	})
}
