package pdf

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

// encryption encrypts the strings and streams of a PDF with AES-256 under a password (ISO 32000-2, section 7.6, revision 6 of
// the standard security handler). One random key serves all objects, each string and stream with its own random start.
type encryption struct {
	dictionary string // that tells readers how the key follows from the password
	block      cipher.Block
}

// encryptedHead begins an encrypted PDF: the version is the one that defines this encryption.
const encryptedHead = "%PDF-2.0\n%\xE2\xE3\xCF\xD3\n"

const (
	maxPassword = 127 // bytes that count (ISO 32000-2, algorithm 2.A)

	// permitted are the bits of the permissions that are always set, and forbidden those that never are (table 22).
	permitted, forbidden = 0xFFFFF0C0, 0x3
)

// newEncryption makes a random key that the password opens and allows what the permissions say. There is an owner's password
// too, as the format wants it: a random one that nobody learns.
func newEncryption(password string, permissions uint32) (*encryption, error) {
	var random struct{ key, owner, salts, tail [32]byte }
	for _, part := range []*[32]byte{&random.key, &random.owner, &random.salts, &random.tail} {
		if _, err := rand.Read(part[:]); err != nil {
			return nil, fmt.Errorf("draw a key: %w", err)
		}
	}
	user := []byte(password)[:min(len(password), maxPassword)]
	u, ue, err := wrapKey(random.key[:], user, random.salts[:16], nil)
	if err != nil {
		return nil, err
	}
	o, oe, err := wrapKey(random.key[:], random.owner[:], random.salts[16:], u)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(random.key[:])
	if err != nil {
		return nil, err
	}
	p := permissions&^forbidden | permitted
	perms := binary.LittleEndian.AppendUint32(nil, p)
	perms = append(perms, 0xFF, 0xFF, 0xFF, 0xFF, 'T', 'a', 'd', 'b') // T: metadata is encrypted too
	perms = append(perms, random.tail[:4]...)
	block.Encrypt(perms, perms)
	return &encryption{
		dictionary: fmt.Sprintf("<</Filter/Standard/V 5/R 6/Length 256/P %d/U<%x>/UE<%x>/O<%x>/OE<%x>/Perms<%x>"+
			"/CF<</StdCF<</CFM/AESV3/AuthEvent/DocOpen/Length 32>>>>/StmF/StdCF/StrF/StdCF>>", int32(p), u, ue, o, oe, perms), // #nosec G115 -- the format has it signed
		block: block,
	}, nil
}

// wrapKey returns what checks a password, and the key as the password opens it (algorithms 8 and 9). user is what checks the
// user's password, where the password is the owner's. salts are 16 random bytes.
func wrapKey(key, password, salts, user []byte) (check, wrapped []byte, err error) {
	check, err = passwordHash(password, salts[:8], user)
	if err != nil {
		return nil, nil, err
	}
	check = append(check, salts...)
	intermediate, err := passwordHash(password, salts[8:], user)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(intermediate)
	if err != nil {
		return nil, nil, err
	}
	wrapped = make([]byte, len(key))
	cipher.NewCBCEncrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(wrapped, key) //nolint:gosec // the format starts from zeroes: one random key is wrapped once
	return check, wrapped, nil
}

// passwordHash is algorithm 2.B, which takes time on purpose.
func passwordHash(password, salt, user []byte) ([]byte, error) {
	first := sha256.Sum256(slices.Concat(password, salt, user))
	k := first[:]
	for round := 1; ; round++ {
		text := slices.Repeat(slices.Concat(password, k, user), 64)
		block, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil, err
		}
		cipher.NewCBCEncrypter(block, k[16:32]).CryptBlocks(text, text)
		remainder := 0 // of the first 16 bytes as a number, which is that of their sum
		for _, b := range text[:16] {
			remainder += int(b)
		}
		switch remainder % 3 {
		case 0:
			sum := sha256.Sum256(text)
			k = sum[:]
		case 1:
			sum := sha512.Sum384(text)
			k = sum[:]
		default:
			sum := sha512.Sum512(text)
			k = sum[:]
		}
		if round >= 64 && int(text[len(text)-1]) <= round-32 {
			return k[:32], nil
		}
	}
}

// size returns how many bytes so many take once they are encrypted.
func (e *encryption) size(plain int64) int64 {
	return aes.BlockSize + (plain/aes.BlockSize+1)*aes.BlockSize
}

// stream encrypts what is written to it. Close writes the end; what is below stays open.
func (e *encryption) stream(w io.Writer) (io.WriteCloser, error) {
	start := make([]byte, aes.BlockSize)
	if _, err := rand.Read(start); err != nil {
		return nil, fmt.Errorf("draw the start of a stream: %w", err)
	}
	if _, err := w.Write(start); err != nil {
		return nil, err
	}
	return &encrypter{w: w, mode: cipher.NewCBCEncrypter(e.block, start)}, nil
}

type encrypter struct {
	w    io.Writer
	mode cipher.BlockMode
	rest []byte // less than a block that was not written yet
}

// Write implements io.Writer.
func (c *encrypter) Write(b []byte) (int, error) {
	text := append(c.rest, b...)
	whole := len(text) / aes.BlockSize * aes.BlockSize
	ready := make([]byte, whole)
	c.mode.CryptBlocks(ready, text[:whole])
	c.rest = slices.Clone(text[whole:])
	if _, err := c.w.Write(ready); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Close fills the last block up (RFC 8018, section 6.1.1).
func (c *encrypter) Close() error {
	missing := aes.BlockSize - len(c.rest)
	_, err := c.Write(slices.Repeat([]byte{byte(missing)}, missing)) // #nosec G115 -- at most 16
	return err
}

// bytes encrypts a whole string or stream.
func (e *encryption) bytes(text []byte) ([]byte, error) {
	var b strings.Builder
	w, err := e.stream(&b)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	return []byte(b.String()), err
}

// strings encrypts the strings in an object.
func (e *encryption) strings(raw string) (string, error) {
	if !strings.ContainsAny(raw, "(<") {
		return raw, nil
	}
	var b strings.Builder
	s := scanner{text: raw}
	for s.at < len(raw) {
		start := s.at
		switch {
		case s.take("<<"), raw[s.at] != '<' && raw[s.at] != '(':
			s.at = max(s.at, start+1)
			b.WriteString(raw[start:s.at])
			continue
		case raw[s.at] == '(':
			if !s.literal() {
				return "", refusal.New(refusal.PDFUncopyable)
			}
		default:
			end := strings.IndexByte(raw[s.at:], '>')
			if end < 0 {
				return "", refusal.New(refusal.PDFUncopyable)
			}
			s.at += end + 1
		}
		text, ok := decodeString(raw[start:s.at])
		if !ok {
			return "", refusal.New(refusal.PDFUncopyable)
		}
		sealed, err := e.bytes([]byte(text))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "<%x>", sealed)
	}
	return b.String(), nil
}

// Locked reports whether the document opens with its password only.
func (p *Document) Locked() bool {
	if !p.encrypted || p.password == "" {
		return false
	}
	open, err := p.runtime.Open(p.reader, p.size, "")
	if err == nil {
		open.Close()
	}
	return err != nil
}

// protect has the copy of a document that opens with its password only open with that password too, and allow what it allowed.
func (w *Writer) protect(source *Document) error {
	if w.options.RemovePassword || !source.Locked() {
		return nil
	}
	if w.archives() {
		return refusal.New(refusal.PasswordStays)
	}
	var err error
	w.out.encryption, err = newEncryption(source.password, source.permissions)
	return err
}
