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
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/erasure"
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
	span    interval
	now     time.Time
	public  []string
	keys    []string
	claimed bool     // no key was given: the server says which are its own
	since   string   // file with a checkpoint kept from an earlier export
	scans   []string // reports of scans to go with it
	signer  string   // file with the key that signs the export
	acts    *actLog
}

func newEvidence(version string) *cobra.Command {
	e := &evidence{connection: connection{version: version}}
	var from, to string
	cmd := &cobra.Command{
		Use:   "evidence DIR",
		Short: "Export the evidence that an auditor needs for a period",
		Long: `Export a period to a new folder: the whole ledger with its signed checkpoint, the public keys, what the ledger proves of the period,
the access log checked against it, the canary's times, the results of doctor's examinations, the server's own checks, the retention in
force, the inventory of copies, the versions of the program, and a page that maps all of it to SOC 2 criteria and articles of the GDPR.
Without --from and --to the period is the whole life of the ledger. Without --key the server's word says which keys are its own.

SHA256SUMS lists every file; --sign signs it with your key (see "lethe keygen"), --scan adds reports of scans. "lethe verify DIR" checks
an export without the server. Needs credentials with the scope auditor.` + connectionHelp(),
		Example: `  lethe evidence everything
  lethe evidence q4 --from 2026-10-01 --to 2026-12-31 --key stamp.pub --since q3/ledger/checkpoint --sign auditor.key
  lethe verify q4 --key stamp.pub --key auditor.key.pub`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			e.folder = folder(args[0])
			if e.span, err = parseInterval(from, to); err != nil {
				return Usage(err)
			}
			if len(e.public) > 0 {
				if e.keys, err = readKeys(e.public); err != nil {
					return err
				}
			}
			return e.export(cmd)
		},
	}
	e.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&from, "from", "", "first day, or start time, of the period; by default the beginning of the ledger")
	f.StringVar(&to, "to", "", "last day, or end time, of the period; by default now")
	f.StringArrayVar(&e.public, "key", nil, "public key that you trust, or a file with public keys")
	f.StringVar(&e.since, "since", "", "checkpoint of an earlier export, to prove that the ledger has only grown")
	f.StringArrayVar(&e.scans, "scan", nil, "report of a scan to include")
	f.StringVar(&e.signer, "sign", "", "file with the private key that signs the export")
	return cmd
}

// Names of files in an export.
const (
	ledgerFolder  = "ledger"
	keysFile      = "keys.pub"
	periodFile    = "period.json"
	accessFile    = "access-log.jsonl"
	canaryFile    = "canary.csv"
	doctorFile    = "doctor.csv"
	sumsFile      = "SHA256SUMS"
	signedFile    = "SHA256SUMS.note"
	retentionFile = "retention.json"
	serverFile    = "server.json"
	inventoryFile = "inventory.json"
)

func (e *evidence) export(cmd *cobra.Command) (err error) {
	cl, err := e.dial()
	if err != nil {
		return err
	}
	// A folder with files of something else would be listed and signed as evidence.
	if err := os.Mkdir(string(e.folder), 0o700); errors.Is(err, fs.ErrExist) {
		return Usage(fmt.Errorf("%s is there already: name a new folder", e.folder))
	} else if err != nil {
		return Usage(fmt.Errorf("the folder must be a new one: %w", err))
	}
	defer func() {
		if err != nil { // half an export is none, and the next try needs a new folder too
			err = errors.Join(err, os.RemoveAll(string(e.folder)))
		}
	}()
	if e.now = time.Now().UTC(); e.span.to.IsZero() {
		e.span.to = e.now
	}
	ctx := cmd.Context()
	if err := e.stamp(ctx, cl); err != nil {
		return err
	}
	if _, err := ledger.Copy(ctx, cl.Ledger(), e.ledger()); err != nil {
		return err
	}
	if err := e.accessLog(ctx, cl); err != nil {
		return err
	}
	p, err := e.period(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(e.attach(ctx), e.seal(ctx)); err != nil {
		return err
	}
	return p.summary(cmd.OutOrStdout(), e)
}

// ledger is the copy of the ledger in the export.
func (e *evidence) ledger() folder { return folder(filepath.Join(string(e.folder), ledgerFolder)) }

// stamp writes what the server says of itself: keys, retention and its own checks.
func (e *evidence) stamp(ctx context.Context, cl *client.Client) error {
	published, err := cl.Keys(ctx)
	if err != nil {
		return err
	}
	if len(e.keys) == 0 {
		e.keys, e.claimed = published, true
	}
	retention, err := cl.Retention(ctx)
	if err != nil {
		return err
	}
	ready, err := cl.Readiness(ctx)
	if err != nil {
		return err
	}
	return errors.Join(
		e.WriteFile(ctx, keysFile, []byte(strings.Join(published, "\n")+"\n")),
		e.writeJSON(ctx, retentionFile, retention),
		e.writeJSON(ctx, serverFile, ready),
		e.writeJSON(ctx, inventoryFile, erasure.Inventory()),
	)
}

func (e *evidence) writeJSON(ctx context.Context, name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	return e.WriteFile(ctx, name, append(text, '\n'))
}

// accessLog writes the entries of the period, each checked against its commitment.
func (e *evidence) accessLog(ctx context.Context, cl *client.Client) error {
	e.acts = &actLog{committed: map[string]bool{}}
	var text bytes.Buffer
	if err := eachPage(func(after string) (string, error) {
		page, next, err := cl.AccessLog(ctx, e.span.from, after)
		if err != nil {
			return "", err
		}
		for _, logged := range page {
			at, err := e.acts.add(logged)
			if err != nil {
				return "", err
			}
			if e.span.holds(at) {
				if err := printJSON(&text, logged); err != nil {
					return "", err
				}
			}
		}
		return next, nil
	}); err != nil {
		return err
	}
	return e.WriteFile(ctx, accessFile, text.Bytes())
}

// period checks the copy of the ledger and writes what it says of the period.
func (e *evidence) period(ctx context.Context) (*period, error) {
	x := ledger.Examination{Keys: e.keys, Now: e.now}
	var err error
	if e.since != "" {
		if x.Since, err = os.ReadFile(e.since); err != nil {
			return nil, File(fmt.Errorf("--since: %w", err))
		}
	}
	r, err := readPeriod(ctx, e.ledger(), x, e.span, e.acts)
	if err != nil {
		return nil, err
	}
	if p := r.period; p.To.Before(p.From) { // without --from that is known only now
		return nil, Usage(fmt.Errorf("--to: the period would end before the ledger begins, at %s: give a later end", utc(p.From)))
	}
	r.period.Exporter, r.period.KeySource = "lethe "+e.version, "given"
	if e.claimed {
		r.period.KeySource = "server"
	}
	return r.period, errors.Join(e.writeJSON(ctx, periodFile, r.period), e.WriteFile(ctx, canaryFile, r.canaries.Bytes()), e.WriteFile(ctx, doctorFile, r.visits.Bytes()))
}

// attach writes what needs no server.
func (e *evidence) attach(ctx context.Context) error {
	errs := []error{e.WriteFile(ctx, "README.md", evidencePage)}
	for _, name := range e.scans {
		report, err := os.ReadFile(name) //nolint:gosec // the user names the file
		if err != nil {
			return File(fmt.Errorf("--scan: %w", err))
		}
		errs = append(errs, e.WriteFile(ctx, "scans/"+filepath.Base(name), report))
	}
	return errors.Join(errs...)
}

// sums lists every file of the export, but the list itself, with its digest: by name.
func (e *evidence) sums() (map[string]string, error) {
	sums := map[string]string{}
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
		if name != sumsFile && name != signedFile {
			sums[filepath.ToSlash(name)] = fmt.Sprintf("%x", sha256.Sum256(text))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the export: %w", err)
	}
	return sums, nil
}

// seal writes the list of files and signs it.
func (e *evidence) seal(ctx context.Context) error {
	sums, err := e.sums()
	if err != nil {
		return err
	}
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&lines, "%s  %s\n", sums[name], name)
	}
	list := lines.String()
	if err := e.WriteFile(ctx, sumsFile, []byte(list)); err != nil || e.signer == "" {
		return err
	}
	private, err := firstLine(e.signer)
	if err != nil {
		return File(fmt.Errorf("--sign: %w", err))
	}
	signer, err := ledger.ParseSigner(private)
	if err != nil {
		return Usage(fmt.Errorf("--sign: %w", err))
	}
	signed, err := note.Sign(&note.Note{Text: list}, signer)
	if err != nil {
		return fmt.Errorf("sign the export: %w", err)
	}
	return e.WriteFile(ctx, signedFile, signed)
}
