package task

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"github.com/gofrs/uuid/v5"
)

// Lengths in the id of a person: that of the application, a UUID, a mark, and a digest of 128 bits.
const (
	applicationLength = 36
	personMark        = "-"
	digestLength      = 26
)

// personDigest writes digests with characters that every store takes in a name.
var personDigest = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// PersonIn returns the id under which a person owns tasks inside an application, whose id is a UUID. It begins with the application's;
// who the person is cannot be read from it. Whatever is kept for each application is kept for each such owner: records, blobs,
// keys of repeated requests, entries of the access log. Use is counted for both.
func PersonIn(application, subject string) string {
	sum := sha256.Sum256([]byte("lethe.person.v1\n" + application + "\n" + subject))
	return application + personMark + personDigest.EncodeToString(sum[:16])
}

// ApplicationOf returns the application of an owner: itself, or the one that a person is inside of. It decides about revocation and
// is what use is counted for.
func ApplicationOf(owner string) string {
	if len(owner) != applicationLength+len(personMark)+digestLength {
		return owner
	}
	application, digest := owner[:applicationLength], owner[applicationLength:]
	if !IsApplication(application) || !strings.HasPrefix(digest, personMark) {
		return owner
	}
	return application
}

// IsApplication reports whether an id is of the form that people can be inside of: a UUID in lower case.
func IsApplication(id string) bool {
	u, err := uuid.FromString(id)
	return err == nil && u.String() == id
}
