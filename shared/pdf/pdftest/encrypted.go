package pdftest

import (
	"crypto/md5"
	"crypto/rc4"
	"encoding/hex"
	"fmt"
	"slices"
)

// padding stands for the missing end of a password (ISO 32000-1, 7.6.3.3).
const padding = "28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a"

func padded(password string) []byte {
	pad, _ := hex.DecodeString(padding) // a constant
	return append([]byte(password), pad...)[:32]
}

func rc4ed(key, data []byte) []byte {
	out := make([]byte, len(data))
	if c, err := rc4.NewCipher(key); err == nil {
		c.XORKeyStream(out, data)
	}
	return out
}

const (
	fileID = "0123456789abcdef"
	extra  = "/ID[(" + fileID + ")(" + fileID + ")]"
)

// Encrypted writes a document under a user's and an owner's password with keys of 40 bits (ISO 32000-1, 7.6.3, revision 2).
// The fourth of its objects is replaced by a stream of the content; change, which may be nil, edits the encryption dictionary.
func Encrypted(user, owner string, permissions int32, change func(string) string, content string, objects ...string) []byte {
	ownerKey := md5.Sum(padded(owner))
	o := rc4ed(ownerKey[:5], padded(user))
	p := uint32(permissions)
	hash := md5.Sum(slices.Concat(padded(user), o, []byte{byte(p), byte(p >> 8), byte(p >> 16), byte(p >> 24)}, []byte(fileID)))
	key := hash[:5]
	pad, _ := hex.DecodeString(padding) // a constant
	u := rc4ed(key, pad)
	object := md5.Sum(slices.Concat(key, []byte{4, 0, 0, 0, 0}))
	objects = slices.Clone(objects)
	objects[3] = Stream("", rc4ed(object[:10], []byte(content)))
	dictionary := fmt.Sprintf("<</Filter/Standard/V 1/R 2/O<%x>/U<%x>/P %d>>", o, u, permissions)
	if change != nil {
		dictionary = change(dictionary)
	}
	objects = append(objects, dictionary)
	return BuildTrailer(fmt.Sprintf("/Encrypt %d 0 R%s", len(objects), extra), objects...)
}
