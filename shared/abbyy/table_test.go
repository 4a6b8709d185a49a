package abbyy_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/abbyy"
)

var update = flag.Bool("update", false, "write the compatibility page anew")

const page = "compatibility.md"

// The page says what the registry does.
func TestCompatibilityPageIsCurrent(t *testing.T) {
	if *update {
		if err := os.WriteFile(page, []byte(abbyy.Table()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(abbyy.Table(), string(text)); diff != "" {
		t.Errorf("the page is not what the registry says; go test ./shared/abbyy -update (-want +got):\n%s", diff)
	}
	for _, m := range abbyy.V1.Methods() {
		if !strings.Contains(string(text), "| `"+m.Name+"` |") {
			t.Errorf("the page does not tell of %s", m.Name)
		}
	}
}
