package seal_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/lethe-ocr/lethe/shared/seal"
)

func source(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

func keys(t *testing.T, sources ...[]byte) *seal.Keys {
	t.Helper()
	k, err := seal.New(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealedSecretOpensWithItsKeyAndSubjectOnly(t *testing.T) {
	mine := keys(t, source(1))
	sealed, by, err := mine.Seal("the password", "app/task")
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := mine.Seal("the password", "app/task")
	if err != nil || bytes.Contains(sealed, []byte("password")) || bytes.Equal(sealed, again) {
		t.Errorf("the sealed form tells something of the secret, or %v", err)
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for name, c := range map[string]struct {
		keys        *seal.Keys
		sealed      []byte
		by, subject string
		opens       bool
	}{
		"as it was sealed":      {keys(t, source(1)), sealed, by, "app/task", true},
		"without a name":        {keys(t, source(1)), sealed, "", "app/task", true},
		"beside a newer key":    {keys(t, source(2), source(1)), sealed, by, "app/task", true},
		"no name, newer key":    {keys(t, source(2), source(1)), sealed, "", "app/task", true},
		"another subject":       {keys(t, source(1)), sealed, by, "app/other", false},
		"another key":           {keys(t, source(2)), sealed, "", "app/task", false},
		"the key under a name":  {keys(t, source(1)), sealed, "00000000", "app/task", false},
		"a part":                {keys(t, source(1)), sealed[:len(sealed)-1], by, "app/task", false},
		"changed":               {keys(t, source(1)), changed, by, "app/task", false},
		"nothing":               {keys(t, source(1)), nil, by, "app/task", false},
		"where there is no key": {keys(t), sealed, by, "app/task", false},
	} {
		secret, err := c.keys.Open(c.sealed, c.by, c.subject)
		if (err == nil) != c.opens || c.opens != (secret == "the password") {
			t.Errorf("%s: %q, %v", name, secret, err)
		}
	}
}

func TestFirstKeySeals(t *testing.T) {
	before, after := keys(t, source(1)), keys(t, source(2), source(1))
	if before.Replaced() || !after.Replaced() {
		t.Error("whether a key was replaced is not told")
	}
	_, old, err := before.Seal("secret", "subject")
	if err != nil {
		t.Fatal(err)
	}
	sealed, by, err := after.Seal("secret", "subject")
	if err != nil || by == old || after.Current(old) || !after.Current(by) || !before.Current(old) {
		t.Errorf("sealed by %q, formerly %q: %v", by, old, err)
	}
	if _, err := before.Open(sealed, "", "subject"); err == nil {
		t.Error("the earlier key opens it")
	}
}

func TestNothingIsSealedWithoutAKey(t *testing.T) {
	if sealed, _, err := keys(t).Seal("secret", "subject"); !errors.Is(err, seal.ErrNoKey) || sealed != nil {
		t.Errorf("%q, %v", sealed, err)
	}
	if none := keys(t); none.Current("") || none.Replaced() {
		t.Error("no key is current")
	}
}

// What an earlier program sealed, which named no keys, must open: these bytes are its.
func TestWhatWasSealedBeforeKeysHadNamesOpens(t *testing.T) {
	sealed, err := hex.DecodeString("fe475f2db4ad0b2396b3b4801bc17a5c9bebd4b08e22c3c92233d684c461c12dd4a908594e05a46c")
	if err != nil {
		t.Fatal(err)
	}
	if secret, err := keys(t, source(9), source(7)).Open(sealed, "", "app/task"); err != nil || secret != "the password" {
		t.Errorf("%q, %v", secret, err)
	}
}

func TestSignatureIsOfOneGrantAndOneStamp(t *testing.T) {
	first, second := source(1), source(2)
	tag, err := keys(t, first).Sign("a result")
	if err != nil || len(tag) != seal.TagSize {
		t.Fatalf("%d bytes, %v", len(tag), err)
	}
	for name, c := range map[string]struct {
		sources [][]byte
		grant   string
		tag     []byte
		want    bool
	}{
		"its own":                  {[][]byte{first}, "a result", tag, true},
		"after the key's exchange": {[][]byte{second, first}, "a result", tag, true},
		"another grant":            {[][]byte{first}, "a resulT", tag, false},
		"another stamp":            {[][]byte{second}, "a result", tag, false},
		"no key":                   {nil, "a result", tag, false},
		"cut":                      {[][]byte{first}, "a result", tag[:15], false},
		"empty":                    {[][]byte{first}, "a result", nil, false},
	} {
		if keys(t, c.sources...).Verify(c.grant, c.tag) != c.want {
			t.Errorf("%s: want %t", name, c.want)
		}
	}
	if _, err := keys(t).Sign("a result"); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("signed without a key: %v", err)
	}
}
