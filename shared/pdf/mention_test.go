package pdf

import (
	"bytes"
	"io"
	"strconv"
	"testing"
)

func TestHiddenWordsThatAreOnePartOfAnotherGoWhole(t *testing.T) {
	const said = "<x>Account 4471 of the accountant, accountants and 44712</x>"
	for range 10 { // not by the order in which they are looked for
		m := mentions{words: map[string]int{"4471": 1, "44712": 1, "account": 1, "accountant": 1, "accountants": 2}}
		p := part{raw: "<</Type/Metadata/Subtype/XML/Length " + strconv.Itoa(len(said)) + ">>", stream: bytes.NewReader([]byte(said)), length: int64(len(said))}
		if err := m.metadata(&p); err != nil {
			t.Fatal(err)
		}
		packed, err := io.ReadAll(p.stream)
		if err != nil {
			t.Fatal(err)
		}
		objects := resident{objects: map[int]kept{1: {raw: p.raw, is: true, data: packed}}, decoded: map[int][]byte{}}
		got, ok := objects.stream(1)
		if want := "<x>Account      of the           ,             and      </x>"; !ok || string(got) != want {
			t.Fatalf("%q is left, want %q", got, want)
		}
	}
}
