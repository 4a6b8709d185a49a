package ledger

import (
	"errors"
	"strings"
)

// Said returns what a receipt says, whoever signed it and wherever it stands: to be shown, not to be believed. Verify proves it.
func Said(receipt []byte) (Verdict, error) {
	signed, _, ok := cutProof(string(receipt))
	if !ok || len(receipt) > maxReceipt {
		return Verdict{}, errors.New("this is not a receipt")
	}
	body, _, _ := strings.Cut(signed, "\n\n\u2014 ") // where the signatures of a signed note begin
	v, _, err := parseBody(body + "\n")
	return v, err
}
