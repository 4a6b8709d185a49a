package doctor_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/doctor"
)

var update = flag.Bool("update", false, "write the table of checks anew")

// checksOnAWS is the page for operators with the table of checks.
const checksOnAWS = "../../infra/aws/doctor.md"

func TestPageListsEveryCheckOnAWS(t *testing.T) {
	const heading = "| check | must hold | otherwise |\n| --- | --- | --- |\n"
	var table strings.Builder
	table.WriteString(heading)
	for _, e := range doctor.Expectations() {
		if e.Subject == doctor.OfAWS {
			fmt.Fprintf(&table, "| `%s` | %s | %s |\n", e.Check, e.What, e.Why)
		}
	}
	page, err := os.ReadFile(checksOnAWS)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), heading)
	if !ok {
		t.Fatal("the page has no table of checks")
	}
	after := rest
	for strings.HasPrefix(after, "|") {
		_, after, _ = strings.Cut(after, "\n")
	}
	want := before + table.String() + after
	if *update {
		if err := os.WriteFile(checksOnAWS, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(page) {
		t.Error("the table of checks is not the program's: go test ./shared/doctor -update")
	}
}
