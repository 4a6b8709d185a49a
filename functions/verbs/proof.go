package verbs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/torchwood"
	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/erasure"
	"github.com/lethe-ocr/lethe/shared/ledger"
)

// Proof returns the verbs that prove erasure. All but receipt and erase work without a server.
func Proof(version string) []*cobra.Command {
	return []*cobra.Command{newReceipt(version), newErase(version), newVerify(version), newAudit(version), newLedger(version), newEvidence(version), newKeygen(), newInventory()}
}

func newReceipt(version string) *cobra.Command {
	c := &connection{version: version}
	cmd := &cobra.Command{
		Use:   "receipt ID",
		Short: "Fetch the receipt of an erased task",
		Long: `Download the signed text that proves the erasure of a task. Keep it: "lethe verify" verifies it with nothing but the stamp's
public key. Receipts can be downloaded for 30 days.` + connectionHelp(),
		Example: "  lethe receipt 0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d55 > scan.receipt",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			cl, err := c.dial()
			if err != nil {
				return err
			}
			receipt, err := cl.Receipt(cmd.Context(), ids[0])
			if err != nil {
				return err
			}
			return emit(cmd.OutOrStdout(), receipt)
		},
	}
	c.flags(cmd)
	return cmd
}

func newErase(version string) *cobra.Command {
	c := &connection{version: version}
	var subject string
	cmd := &cobra.Command{
		Use:   "erase --subject TAG",
		Short: "Erase every task about a subject",
		Long: `Erase every task that was submitted with the same opaque tag, such as the pseudonym of a patient or case, and say how many
there were. If there was none, the exit code is not 0: the tag may be misspelt.` + connectionHelp(),
		Example: "  lethe erase --subject 7f3c9a",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if subject == "" {
				return Usage(errors.New("give the tag of the tasks with --subject"))
			}
			cl, err := c.dial()
			if err != nil {
				return err
			}
			gone, err := cl.EraseSubject(cmd.Context(), subject)
			if err := errors.Join(c.show(cmd.OutOrStdout(), gone), err); err != nil {
				return err
			}
			if len(gone) == 0 {
				return &coded{ExitGone, errors.New("no task has this tag: check --subject, and that the tasks are this application's")}
			}
			return summed(cmd.ErrOrStderr(), gone)
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&subject, "subject", "", "tag that the tasks were submitted with")
	return cmd
}

// summed says how many tasks are erased, and how many still wait for a worker.
func summed(w io.Writer, tasks []client.Task) error {
	erased := 0
	for _, t := range tasks {
		if !t.Erased.IsZero() {
			erased++
		}
	}
	line := fmt.Sprintf("tasks: %d erased", erased)
	if waiting := len(tasks) - erased; waiting > 0 {
		line += fmt.Sprintf(", %d accepted: nothing of them can be downloaded, and they are erased once a worker has let go", waiting)
	}
	_, err := fmt.Fprintln(w, line)
	return err
}

func newLedger(version string) *cobra.Command {
	c := &connection{version: version}
	save := &cobra.Command{
		Use:   "save DIR",
		Short: "Copy the server's ledger to a folder",
		Long: `Copy the server's whole ledger to a folder, where "lethe audit" reads it without the server. Files that exist are kept, so
that a later copy downloads only what is new.` + connectionHelp(),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := noFile("DIR", args[0]); err != nil {
				return err
			}
			cl, err := c.dial()
			if err != nil {
				return err
			}
			n, err := ledger.Copy(cmd.Context(), cl.Ledger(), folder(args[0]))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%d files copied\n", n)
			return err
		},
	}
	c.flags(save)
	cmd := &cobra.Command{Use: "ledger", Short: "Copy or replace a ledger", Args: cobra.NoArgs}
	cmd.AddCommand(save, newKey())
	return cmd
}

func newKey() *cobra.Command {
	var jsonOut bool
	cmd := &cobra.Command{
		Use:   "key FILE",
		Short: "Print a public key and its fingerprint",
		Long: `Print the public key in a file and its fingerprint, which an auditor compares with the one that "lethe verify" and "lethe audit"
print. FILE has a public key, or a private one such as signing.key in the data folder, of which the public half is printed.

The fingerprint is the SHA-256 of the public key as it is written, without the line end.` + SeeExits,
		Example: `  lethe ledger key /var/lib/lethe/signing.key
  lethe ledger key stamp.pub`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := os.ReadFile(args[0])
			if err != nil {
				return File(err)
			}
			var keys []string
			if signer, err := ledger.ParseSigner(string(text)); err == nil {
				keys = []string{signer.Public()}
			} else if keys, err = readKeys(args); err != nil {
				return Usage(fmt.Errorf("%s has no key: name a file with a public key, or the private one", args[0]))
			}
			for _, public := range keys {
				key := viewKey(public)
				if jsonOut {
					err = printJSON(cmd.OutOrStdout(), key)
				} else {
					_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n%s\n", Printable(key.Public), key.Fingerprint)
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&jsonOut, "json", false, "print JSON")
	return cmd
}

// source opens a ledger: a folder, an address, or the server's own.
func (c *connection) source(args []string) (ledger.Source, error) {
	if len(args) == 0 {
		cl, err := c.dial()
		if err != nil {
			return nil, err
		}
		return cl.Ledger(), nil
	}
	if !strings.Contains(args[0], "://") {
		if info, err := os.Stat(args[0]); err != nil {
			return nil, File(fmt.Errorf("the copy of the ledger: %w", err))
		} else if !info.IsDir() {
			return nil, File(fmt.Errorf("%s is no folder with a copy of the ledger", args[0]))
		}
		return folder(args[0]), nil
	}
	authorities, err := c.authorities()
	if err != nil {
		return nil, err
	}
	transport, err := client.Transport(authorities)
	if err != nil {
		return nil, Setting(err)
	}
	fetcher, err := torchwood.NewTileFetcher(args[0],
		torchwood.WithUserAgent("lethe/"+c.version), torchwood.WithHTTPClient(&http.Client{Transport: transport, Timeout: time.Minute}))
	if err != nil {
		return nil, Usage(fmt.Errorf("address of the ledger: %w", err))
	}
	return published{fetcher}, nil
}

// folder is a copy of a ledger on disk.
type folder string

// ReadFile implements ledger.Source.
func (f folder) ReadFile(_ context.Context, path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(f), filepath.FromSlash(path)))
}

// WriteFile implements ledger.Target.
func (f folder) WriteFile(_ context.Context, path string, text []byte) error {
	name := filepath.Join(string(f), filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o600) //nolint:gosec // paths are tiles of the log, made here
}

// published is a copy of a ledger on a web server.
type published struct{ fetcher *torchwood.TileFetcher }

// ReadFile implements ledger.Source.
func (p published) ReadFile(ctx context.Context, path string) ([]byte, error) {
	text, err := p.fetcher.ReadEndpoint(ctx, path)
	if err == nil {
		return text, nil
	}
	// The library tries several times, and joins what it met.
	if unanswered, ok := errors.AsType[*url.Error](err); ok && ctx.Err() == nil {
		return nil, fmt.Errorf("%w: %w", client.ErrUnreachable, unanswered)
	}
	if strings.Contains(err.Error(), "unexpected status code 404") {
		return nil, errors.Join(fs.ErrNotExist, err)
	}
	return nil, err
}

func newKeygen() *cobra.Command {
	return &cobra.Command{
		Use:   "keygen NAME FILE",
		Short: "Create a key that signs receipts and the ledger",
		Long: `Create an Ed25519 signing key. NAME is the name of the stamp, such as its host name; later keys of the stamp have the same name.
The private key is written to FILE, for LETHE_SIGNING_KEY; the public key to FILE.pub and to standard output. With - as FILE both
go to standard output, the private key first, and no file is written.

To replace a key: create a new one, set LETHE_SIGNING_KEY to it and LETHE_PREVIOUS_KEY to the old one, and remove the old one
once GET /v1/ledger/keys lists the new one. Both sign the change.`,
		Example: "  lethe keygen lethe.example.org stamp.key",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			private, public, err := ledger.GenerateKey(args[0])
			if err != nil {
				return Usage(err)
			}
			if args[1] == "-" {
				return emit(cmd.OutOrStdout(), []byte(private+"\n"+public+"\n"))
			}
			f, err := os.OpenFile(args[1], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if errors.Is(err, fs.ErrExist) {
				return Usage(fmt.Errorf("%s is there already: name a new file", args[1]))
			}
			if err != nil {
				return Usage(err)
			}
			if err := errors.Join(emit(f, []byte(private+"\n")), f.Close()); err != nil {
				return err
			}
			if err := os.WriteFile(args[1]+".pub", []byte(public+"\n"), 0o600); err != nil {
				return err
			}
			if err := emit(cmd.ErrOrStderr(), []byte("fingerprint, for whoever verifies: "+ledger.Fingerprint(public)+"\n")); err != nil {
				return err
			}
			return emit(cmd.OutOrStdout(), []byte(public+"\n"))
		},
	}
}

func newInventory() *cobra.Command {
	var jsonOut bool
	cmd := &cobra.Command{
		Use:   "inventory",
		Short: "List every kind of copy that a document can have, and when each is deleted",
		Long: `Print the record of processing: what the program may store of a document, where, who deletes it, by when, and which test
proves that. The eraser, the independent check and the receipts use this same list.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if jsonOut {
				return printJSON(cmd.OutOrStdout(), erasure.Inventory())
			}
			for _, i := range erasure.Inventory() {
				roles := make([]string, len(i.Roles))
				for n, r := range i.Roles {
					roles[n] = string(r)
				}
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n  contains  %s\n  where     %s\n  deleted   by %s\n  when      %s\n  proof     %s\n",
					i.Class, i.Holds, strings.Join(roles, ", "), i.Means, i.Gone, i.Proof); err != nil {
					return fmt.Errorf("write output: %w", err)
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&jsonOut, "json", false, "print JSON")
	return cmd
}

func emit(w io.Writer, text []byte) error {
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}
