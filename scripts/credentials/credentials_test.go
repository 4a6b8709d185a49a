package credentials_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/scripts/credentials"
)

// What is printed for the command line lets it in.
func TestPrintsVariablesOfTheFirstApplication(t *testing.T) {
	values := map[string]string{}
	printed, err := credentials.Complete(values)
	if err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{}
	for part := range strings.FieldsSeq(printed) {
		name, value, _ := strings.Cut(part, "=")
		variables[name] = value
	}
	hash := sha256.Sum256([]byte(variables["LETHE_SECRET"]))
	if got := hex.EncodeToString(hash[:]); got != values["LETHE_BOOTSTRAP_HASH"] {
		t.Errorf("%q: the hash of the secret is %s, want %s", printed, got, values["LETHE_BOOTSTRAP_HASH"])
	}
	if variables["LETHE_APP"] != values["LETHE_BOOTSTRAP_APP"] {
		t.Errorf("%q: want the application %s", printed, values["LETHE_BOOTSTRAP_APP"])
	}
	if printed, err := credentials.Complete(values); err != nil || printed != "" {
		t.Errorf("with an application of one's own %q is printed (%v), want nothing", printed, err)
	}
}
