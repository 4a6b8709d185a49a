package verbs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/ledger"
)

// exportCheck is the check of a folder that lethe evidence wrote.
type exportCheck struct {
	checked
	Period *period `json:"period,omitempty"`
}

// export verifies an export: every file by the list of digests, the list by the exporter's signature, the ledger by the stamp's key, and
// what is said of the period by computing it again.
func (v *verification) export(cmd *cobra.Command, dir folder, keys []string) error {
	if v.log != "" || v.file != "" || v.limits != (ledger.Limits{}) {
		return Usage(errors.New("--file, --log, --limit and --limit-after-processing are for receipts: audit the ledger of an export with `lethe audit DIR/ledger`"))
	}
	out := exportCheck{checked: checked{Kind: "export"}}
	err := out.check(cmd.Context(), dir, keys)
	w := cmd.OutOrStdout()
	if v.jsonOut {
		if err != nil && outcomeOf(err) == "" {
			return err
		}
		out.conclude(err)
		return errors.Join(printJSON(w, &out), err)
	}
	out.Statements.print(w)
	return err
}

func (out *exportCheck) check(ctx context.Context, dir folder, keys []string) error {
	if err := out.files(dir, keys); err != nil {
		return err
	}
	said := &period{}
	text, err := os.ReadFile(filepath.Join(string(dir), periodFile))
	if err != nil {
		return File(err)
	}
	if err := json.Unmarshal(text, said); err != nil || said.Whole == nil {
		return ledger.Failed(ledger.ErrAltered, "%s is not what this program writes: an export of another version is checked by that version", periodFile)
	}
	acts, err := readActs(filepath.Join(string(dir), accessFile))
	if err != nil {
		return err
	}
	e := &evidence{folder: dir}
	r, err := readPeriod(ctx, e.ledger(), ledger.Examination{Keys: keys, Now: said.Whole.At}, interval{said.From, said.To}, acts)
	if err != nil {
		return err
	}
	out.Period = r.period
	r.period.Exporter, r.period.KeySource = said.Exporter, said.KeySource
	for name, computed := range map[string][]byte{canaryFile: r.canaries.Bytes(), doctorFile: r.visits.Bytes()} {
		if text, err := os.ReadFile(filepath.Join(string(dir), name)); err != nil || string(text) != string(computed) { //nolint:gosec // a file of the export
			return ledger.Failed(ledger.ErrAltered, "%s is not what the ledger says", name)
		}
	}
	leaveOut(said.Whole, r.period.Whole)
	if field := differing(said, r.period); field != "" {
		return ledger.Failed(ledger.ErrAltered, "%s: %s is not what the ledger and the access log say", periodFile, field)
	}
	out.state(r.period)
	if n := len(r.period.Whole.Breaches); n > 0 {
		return ledger.Failed(ledger.ErrBroken, "the export is genuine and shows that a promise was not kept: breaches: %d", n)
	}
	return nil
}

// state says what the export proves and what not.
func (out *exportCheck) state(p *period) {
	s := &out.Statements
	s.say(proven, "ledger", "%s signed the checkpoint of its ledger of %d entries, and each entry belongs to it.", p.Whole.SignedBy, p.Whole.Entries)
	s.say(proven, "period", "What %s says of %s to %s follows from the ledger: documents accepted: %d, receipts: %d.", periodFile, utc(p.From), utc(p.To), p.Accepted, p.Erased)
	s.say(proven, "acts", "Entries of the access log that stand in the ledger as they are: %d.", p.Access)
	if missing := p.Kinds[ledger.Access] - p.Access; missing > 0 {
		s.say(notProven, "acts_missing", "What further acts in the ledger were, which %s does not hold: %d.", accessFile, missing)
	}
	s.foreignKey()
	s.say(notProven, "statement", "That copies are gone, and when documents came: the entries are the program's own statements.")
	s.say(notProven, "server", "What %s and %s say: the server's own answers at the export. %s is the exporting program's.", retentionFile, serverFile, inventoryFile)
	s.say(notChecked, "only_grown", "That the ledger only grew since an earlier export: `lethe audit DIR/ledger --since EARLIER/ledger/checkpoint`.")
	if p.Waiting > 0 {
		s.say(waiting, "acts_waiting", "Entries of the access log that the ledger did not know at the export: %d.", p.Waiting)
	}
	switch {
	case !p.Over:
		s.say(waiting, "period_over", "The period was not over at the export: it ends at %s.", utc(p.To))
	case !p.Complete:
		s.say(waiting, "period_complete", "The end of the period: the ledger may not have told all of it at the export.")
	}
}

// leaveOut takes from what the export says of its ledger what depends on evidence that is not in it: the checkpoint that the exporter
// compared it with, and the keys that were given.
func leaveOut(said, computed *auditView) {
	said.Since = computed.Since
	for a, b := said.Follows, computed.Follows; a != nil && b != nil; a, b = a.Follows, b.Follows {
		a.Vouched = b.Vouched
	}
}

// differing names a field of a period that is not as it was computed; empty if there is none.
func differing(said, computed *period) string {
	// Both as they are written: a time or a duration that was read back is the same.
	text, err := json.Marshal(computed)
	written := &period{}
	if err != nil || json.Unmarshal(text, written) != nil {
		return "everything"
	}
	a, b := reflect.ValueOf(*said), reflect.ValueOf(*written)
	for i := range a.NumField() {
		if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			return a.Type().Field(i).Tag.Get("json")
		}
	}
	return ""
}

// files compares every file with the list of digests, and the list with its signature.
func (out *exportCheck) files(dir folder, keys []string) error {
	list, err := os.ReadFile(filepath.Join(string(dir), sumsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return ledger.Failed(ledger.ErrIncomplete, "%s is missing: this is no export, or only a part of one (`lethe audit` checks a copy of the ledger)", sumsFile)
	}
	if err != nil {
		return File(err)
	}
	found, err := (&evidence{folder: dir}).sums()
	if err != nil {
		return File(err)
	}
	listed := 0
	for line := range strings.Lines(string(list)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		has, there := found[name]
		switch {
		case !ok:
			return ledger.Failed(ledger.ErrAltered, "%s has a line that is none of a list of digests", sumsFile)
		case !there:
			return ledger.Failed(ledger.ErrIncomplete, "the file %s of the export is missing", name)
		case has != sum:
			return ledger.Failed(ledger.ErrAltered, "the file %s was altered", name)
		}
		delete(found, name)
		listed++
	}
	for name := range found {
		return ledger.Failed(ledger.ErrAltered, "the file %s is not listed in %s: it was added", name, sumsFile)
	}
	s := &out.Statements
	s.say(proven, "files", "Files that are as %s lists them, with none missing and none added: %d.", sumsFile, listed)
	signed, err := os.ReadFile(filepath.Join(string(dir), signedFile))
	if errors.Is(err, fs.ErrNotExist) {
		s.say(notProven, "exporter", "Who exported it, and that nobody wrote the files and their list anew: it is not signed (lethe evidence --sign).")
		return nil
	}
	if err != nil {
		return File(err)
	}
	by, err := ledger.VerifyNote(signed, string(list), keys)
	switch {
	case errors.Is(err, ledger.ErrUnknownKey):
		s.say(notChecked, "exporter", "Who exported it: give the exporter's public key with a further --key. (%s)", Message(err))
	case err != nil:
		return fmt.Errorf("%s: %w", signedFile, err)
	default:
		s.say(proven, "exporter", "%s signed the list of files.", viewKey(by))
	}
	return nil
}
