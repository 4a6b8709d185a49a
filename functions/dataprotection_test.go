//go:build linux && cgo

package main_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/erasure"
)

// What an impact assessment copies is the list that the program deletes by.
func TestDataProtectionPageHoldsTheInventory(t *testing.T) {
	var want strings.Builder
	want.WriteString("\n| class | holds | where | deleted by | gone |\n| --- | --- | --- | --- | --- |\n")
	for _, i := range erasure.Inventory() {
		roles := make([]string, len(i.Roles))
		for n, r := range i.Roles {
			roles[n] = string(r)
		}
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s | %s |\n", i.Class, i.Holds, strings.Join(roles, ", "), i.Means, i.Gone)
	}
	_, page, _ := strings.Cut(textOf(t, "../infra/data-protection.md"), "<!-- inventory -->\n")
	got, _, ended := strings.Cut(page, "<!-- end -->")
	if diff := cmp.Diff(want.String()+"\n", got); diff != "" || !ended {
		t.Errorf("the table of the page (-want +got):\n%s\nWrite this between its marks:\n%s", diff, want.String())
	}
}
