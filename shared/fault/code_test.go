package fault_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// A code without a meaning would reach clients as an internal error that nothing explains.
func TestEveryCodeHasAMeaning(t *testing.T) {
	source, err := os.ReadFile("code.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`(?m)^\t\w+\s+Code = "(\w+)"`).FindAllStringSubmatch(string(source), -1)
	if len(codes) != len(fault.Codes()) {
		t.Errorf("%d codes are declared and %d have a meaning", len(codes), len(fault.Codes()))
	}
	for _, code := range codes {
		if fault.Code(code[1]).Meaning() == "" {
			t.Errorf("%s has no meaning", code[1])
		}
	}
}
