package verbs

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	accesslog "github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/ledger"
)

// evidencePage maps the files of an export to the criteria that auditors ask about.
//
//go:embed evidence.md
var evidencePage []byte

// evidence is one export.
type evidence struct {
	folder
	connection
	from, to time.Time
	keys     []string
	since    string   // file with a checkpoint kept from an earlier export
	scans    []string // reports of scans to go with it
	signer   string   // file with the key that signs the export
}

func newEvidence(version string) *cobra.Command {
	e := &evidence{connection: connection{version: version}}
	var from, to string
	var public []string
	cmd := &cobra.Command{
		Use:   "evidence DIR --from DAY --to DAY --key PUBLIC",
		Short: "Export the evidence that an auditor needs for a period",
		Long: `Export a period to a folder: the whole ledger with its signed checkpoint and what it proves, the access log checked against
it, the canary's times, the results of doctor's examinations, scan reports, and a page that maps all of it to SOC 2 criteria
and articles of the GDPR. SHA256SUMS lists every file; --sign signs it with your key (see "lethe keygen"). Needs credentials with
the scope auditor.` + connectionHelp(),
		Example: "  lethe evidence q4 --from 2026-10-01 --to 2026-12-31 --key stamp.pub --since q3/ledger/checkpoint --sign auditor.key",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			e.folder = folder(args[0])
			if e.from, err = parseSince(from); err == nil {
				e.to, err = parseSince(to)
			}
			if err != nil || e.from.IsZero() || e.to.IsZero() || e.to.Before(e.from) {
				return Usage(errors.New("--from and --to are days or times, such as 2026-10-01, the earlier one first"))
			}
			if len(to) == len(time.DateOnly) {
				e.to = e.to.Add(24 * time.Hour) // the day named is part of the period
			}
			if e.keys, err = readKeys(public); err != nil {
				return Usage(err)
			}
			return e.export(cmd)
		},
	}
	e.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&from, "from", "", "first day, or start time, of the period")
	f.StringVar(&to, "to", "", "last day, or end time, of the period")
	f.StringArrayVar(&public, "key", nil, "public key that you trust, or a file with public keys")
	f.StringVar(&e.since, "since", "", "checkpoint of an earlier export, to prove that the ledger has only grown")
	f.StringArrayVar(&e.scans, "scan", nil, "report of a scan to include")
	f.StringVar(&e.signer, "sign", "", "file with the private key that signs the export")
	return cmd
}

// period is what the entries of the period say.
type period struct {
	From      time.Time      `json:"from"`
	To        time.Time      `json:"to"`
	Accepted  int            `json:"accepted"`
	Erased    int            `json:"erased"`
	Reasons   map[string]int `json:"reasons"`
	Longest   string         `json:"longest_after_upload"`
	Processed string         `json:"longest_after_processing"`
	Access    int            `json:"access_entries"` // in the log, each found in the ledger
	Waiting   int            `json:"access_entries_not_yet_in_the_ledger"`
	Whole     *auditView     `json:"whole_ledger"`
}

func (e *evidence) export(cmd *cobra.Command) error {
	cl, err := e.dial()
	if err != nil {
		return err
	}
	// A folder with files of something else would be listed and signed as evidence.
	if err := os.Mkdir(string(e.folder), 0o700); err != nil {
		return Usage(fmt.Errorf("the folder must be a new one: %w", err))
	}
	ctx := cmd.Context()
	if _, err := ledger.Copy(ctx, cl.Ledger(), folder(filepath.Join(string(e.folder), "ledger"))); err != nil {
		return err
	}
	p, committed, err := e.examine(ctx)
	if err != nil {
		return err
	}
	if err := e.accessLog(ctx, cl, p, committed); err != nil {
		return err
	}
	if err := e.attach(ctx, p); err != nil {
		return err
	}
	if err := e.seal(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d documents accepted, %d erased, longest kept %s after upload; %d entries of the access log; breaches: %d\n",
		p.Accepted, p.Erased, p.Longest, p.Access, len(p.Whole.Breaches))
	return err
}

// examine checks the copy of the ledger and writes what is in the period. It returns the commitments of the access log.
func (e *evidence) examine(ctx context.Context) (*period, map[string]bool, error) {
	p := &period{From: e.from, To: e.to, Reasons: map[string]int{}}
	committed := map[string]bool{}
	var upload, processed time.Duration
	canaries, visits := bytes.NewBufferString("at,outcome,read_seconds,erase_seconds\n"), bytes.NewBufferString("at,ok,breach,unknown\n")
	x := ledger.Examination{Keys: e.keys, Now: time.Now(), Visit: func(entry ledger.Entry) {
		if entry.Kind == ledger.Access {
			committed[entry.Subject] = true
		}
		if entry.At.Before(e.from) || !entry.At.Before(e.to) {
			return
		}
		at := entry.At.Format(time.RFC3339)
		switch entry.Kind {
		case ledger.Accepted:
			p.Accepted++
		case ledger.Erased:
			p.Erased++
			p.Reasons[entry.Value(ledger.FieldReason)]++
			upload = max(upload, lived(entry, ledger.FieldUploaded))
			processed = max(processed, lived(entry, ledger.FieldEnded))
		case ledger.Canary:
			fmt.Fprintf(canaries, "%s,%s,%s,%s\n", at, entry.Value(ledger.FieldOutcome), entry.Value(ledger.FieldRead), entry.Value(ledger.FieldGone))
		case ledger.Doctor:
			fmt.Fprintf(visits, "%s,%s,%s,%s\n", at, entry.Value(ledger.FieldOK), entry.Value(ledger.FieldBreach), entry.Value(ledger.FieldUnknown))
		case ledger.Processed, ledger.Stray, ledger.Access, ledger.Key:
		}
	}}
	var err error
	if e.since != "" {
		if x.Since, err = os.ReadFile(e.since); err != nil {
			return nil, nil, Usage(err)
		}
	}
	whole, err := ledger.Check(ctx, folder(filepath.Join(string(e.folder), "ledger")), x)
	if err != nil {
		return nil, nil, err
	}
	p.Whole = viewAudit(whole)
	p.Longest, p.Processed = upload.String(), processed.String()
	return p, committed, errors.Join(e.WriteFile(ctx, "canary.csv", canaries.Bytes()), e.WriteFile(ctx, "doctor.csv", visits.Bytes()))
}

// lived is how long after the time in a field the receipt's check found no copy.
func lived(entry ledger.Entry, field string) time.Duration {
	began := entry.Time(field)
	if began.IsZero() {
		return 0
	}
	return entry.At.Sub(began)
}

// accessLog writes the entries of the period, each checked against its commitment. One that the ledger should know and does
// not is an error; the youngest may still be waiting to be sequenced.
func (e *evidence) accessLog(ctx context.Context, cl *client.Client, p *period, committed map[string]bool) error {
	var text bytes.Buffer
	for after := ""; ; {
		page, next, err := cl.AccessLog(ctx, e.from, after)
		if err != nil {
			return err
		}
		for _, logged := range page {
			entry, err := accesslog.ParseEntry(logged.Text)
			if err != nil || (accesslog.Opened{Entry: entry, Nonce: logged.Nonce}).Commitment() != logged.Commitment {
				return errors.New("an entry of the access log is not what its commitment says")
			}
			if !entry.At.Before(e.to) {
				continue
			}
			switch {
			case committed[logged.Commitment]:
				p.Access++
			case entry.At.Before(p.Whole.Complete):
				return fmt.Errorf("the ledger does not know the entry of the access log of %s", entry.At.Format(time.RFC3339))
			default:
				p.Waiting++
			}
			if err := printJSON(&text, logged); err != nil {
				return err
			}
		}
		if next == "" || next == after {
			return e.WriteFile(ctx, "access-log.jsonl", text.Bytes())
		}
		after = next
	}
}

// attach adds the numbers, the reports of scans and the page that explains the rest.
func (e *evidence) attach(ctx context.Context, p *period) error {
	numbers, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the period: %w", err)
	}
	errs := []error{e.WriteFile(ctx, "period.json", append(numbers, '\n')), e.WriteFile(ctx, "README.md", evidencePage)}
	for _, name := range e.scans {
		report, err := os.ReadFile(name) //nolint:gosec // the user names the file
		if err != nil {
			return Usage(err)
		}
		errs = append(errs, e.WriteFile(ctx, "scans/"+filepath.Base(name), report))
	}
	return errors.Join(errs...)
}

// seal lists every file with its digest and signs the list.
func (e *evidence) seal(ctx context.Context) error {
	var sums []string
	root := string(e.folder)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path) //nolint:gosec // in the folder just made
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		sums = append(sums, fmt.Sprintf("%x  %s\n", sha256.Sum256(text), filepath.ToSlash(name)))
		return err
	})
	if err != nil {
		return fmt.Errorf("list the export: %w", err)
	}
	slices.Sort(sums)
	list := strings.Join(sums, "")
	if err := e.WriteFile(ctx, "SHA256SUMS", []byte(list)); err != nil || e.signer == "" {
		return err
	}
	private, err := firstLine(e.signer)
	if err != nil {
		return Usage(err)
	}
	signer, err := ledger.ParseSigner(private)
	if err != nil {
		return Usage(err)
	}
	signed, err := note.Sign(&note.Note{Text: list}, signer)
	if err != nil {
		return fmt.Errorf("sign the export: %w", err)
	}
	return e.WriteFile(ctx, "SHA256SUMS.note", signed)
}
