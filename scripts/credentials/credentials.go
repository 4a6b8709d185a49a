// Package credentials makes what a stamp on this machine needs to take documents in.
package credentials

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/lethe-ocr/lethe/shared/ledger"
)

// Complete adds a signing key and the first application to the settings of a stamp, unless they are given. It returns the variables by
// which the command line takes the latter, after a space; nothing for an application of one's own.
func Complete(values map[string]string) (string, error) {
	if _, given := values["LETHE_SIGNING_KEY"]; !given {
		private, _, err := ledger.GenerateKey("localhost")
		if err != nil {
			return "", err
		}
		values["LETHE_SIGNING_KEY"] = private
	}
	if _, given := values["LETHE_BOOTSTRAP_APP"]; given {
		return "", nil
	}
	const application = "local"
	secret := "lethe_" + rand.Text()
	hash := sha256.Sum256([]byte(secret))
	values["LETHE_BOOTSTRAP_APP"], values["LETHE_BOOTSTRAP_HASH"] = application, hex.EncodeToString(hash[:])
	return fmt.Sprintf(" LETHE_APP=%s LETHE_SECRET=%s", application, secret), nil
}
