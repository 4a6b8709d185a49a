package verbs

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Table prints rows in columns below a header. Without a row nothing is printed.
type Table struct {
	w       *tabwriter.Writer
	columns []string
	begun   bool
}

// NewTable returns a table with the names of its columns.
func NewTable(w io.Writer, columns ...string) *Table {
	return &Table{w: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0), columns: columns}
}

// Row adds a row. Its cells may be texts that others chose; an empty one is a dash.
func (t *Table) Row(cells ...any) {
	if !t.begun {
		t.begun = true
		fmt.Fprintln(t.w, strings.ToUpper(strings.Join(t.columns, "\t")))
	}
	texts := make([]string, len(cells))
	for i, cell := range cells {
		texts[i] = cmp.Or(Printable(fmt.Sprint(cell)), "-")
	}
	fmt.Fprintln(t.w, strings.Join(texts, "\t"))
}

// Flush prints the rows that were added since the last call.
func (t *Table) Flush() error {
	if err := t.w.Flush(); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}
