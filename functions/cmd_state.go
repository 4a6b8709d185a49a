package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/savedstate"
	"github.com/lethe-ocr/lethe/shared/storage/local"
)

// newState saves the state of a data folder, and makes a folder from it.
func newState() *cobra.Command {
	o := &operator{}
	cmd := &cobra.Command{
		Use:   "state",
		Short: "Save applications, key and ledger of a data folder for the loss of its disk, and load them",
		Args:  cobra.NoArgs,
	}
	o.flags(cmd)
	cmd.AddCommand(newStateKey(), o.newSaveState(), o.newLoadState())
	return cmd
}

func (o *operator) newSaveState() *cobra.Command {
	var recipients []string
	var passphrase string
	cmd := &cobra.Command{
		Use:   "save FILE",
		Short: "Write applications, key and ledger to an encrypted file",
		Long: `Write what a lost disk must not take along to one file, beside a running server or without one: applications with their
ABBYY names and the digests of their secrets, the key of the data folder, its clock, and the ledger with what waits for it, all as of
one moment. No document, task, result or password is in it, and no signing key.

The file is encrypted as age has it (age-encryption.org): for each --recipient, or with the passphrase in a file. FILE must not exist; -
is standard output. The command prints the SHA-256 of the file: keep it apart, and compare before you load, since whoever knows a
recipient can write a file for it.`,
		Example: `  lethe state save monday.state --recipient "$(lethe state key monday.key)"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			to, err := recipientsOf(recipients, passphrase)
			if err != nil {
				return err
			}
			return o.with(cmd.Context(), func(set config.Settings, store *local.Store, now *clock.Clock) error {
				return saveState(cmd, set, store, now, to, args[0])
			})
		},
	}
	cmd.Flags().StringArrayVar(&recipients, "recipient", nil, "public key of age, age1…, that the file is encrypted for; may be repeated")
	cmd.Flags().StringVar(&passphrase, "passphrase-file", "", "file whose first line is the passphrase that the file is encrypted with")
	return cmd
}

func (o *operator) newLoadState() *cobra.Command {
	l := &loading{}
	cmd := &cobra.Command{
		Use:   "load FILE",
		Short: "Make a data folder from a file that save wrote",
		Long: `Make a data folder from a file that "lethe state save" wrote, because the disk of the place was lost. The folder must not exist:
it is made under another name and gets its own once it is whole. Applications keep their credentials. Documents that were alive are
lost, and their clients send them again.

The old ledger ends where it was saved, since nobody here knows what it said later. A new one begins after it, with a key of its own
and the name of --name, by default the old name and the day: its first entries name the last checkpoint of the old one and each
document that was alive. "lethe audit" reads both, and receipts of the old one are still verified with its public key. Publish the
new public key as you published the first. Two folders made from one file have two ledgers, as every auditor sees.`,
		Example: `  lethe state load monday.state --identity key.txt --data /var/lib/lethe`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l.data = o.data
			return l.run(cmd, args[0])
		},
	}
	f := cmd.Flags()
	f.StringVar(&l.identity, "identity", "", "file with the private key of age, as age-keygen writes it")
	f.StringVar(&l.passphrase, "passphrase-file", "", "file whose first line is the passphrase")
	f.StringVar(&l.name, "name", "", "name of the new ledger, such as archive-2.example.org")
	return cmd
}

// saveState writes the state to a file, or to standard output, and tells its digest.
func saveState(cmd *cobra.Command, set config.Settings, store *local.Store, now *clock.Clock, to []age.Recipient, file string) error {
	sum := sha256.New()
	if file == "-" {
		if err := writeState(cmd.Context(), io.MultiWriter(cmd.OutOrStdout(), sum), set, store, now, to); err != nil {
			return err
		}
		_, err := fmt.Fprintf(cmd.ErrOrStderr(), "sha256:%s\n", hex.EncodeToString(sum.Sum(nil)))
		return err
	}
	if _, err := os.Lstat(file); err == nil {
		return verbs.Usage(fmt.Errorf("%s is there already: name a new file", file))
	}
	if err := writeWhole(file, func(w io.Writer) error {
		return writeState(cmd.Context(), io.MultiWriter(w, sum), set, store, now, to)
	}); err != nil {
		return err
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "sha256:%s  %s\n", hex.EncodeToString(sum.Sum(nil)), file)
	return err
}

// writeState writes the state of a folder, and first into the access log that it is written.
func writeState(ctx context.Context, w io.Writer, set config.Settings, store *local.Store, now *clock.Clock, to []age.Recipient) error {
	act, err := newActs(set, store.Blobs, store.Records, clocksOf(now))
	if err != nil {
		return err
	}
	if err := act(ctx, access.Operator, accesslog.StateSaved, accesslog.Stamp); err != nil {
		return err
	}
	// The time first: nothing that it is said to hold is younger.
	h := savedstate.Header{Region: set.Region, Saved: now.Now()}
	records, err := store.Records.Saved(ctx)
	if err != nil {
		return err
	}
	anchor, err := clock.InFolder(set.Data).Load()
	if err != nil {
		return fmt.Errorf("read the clock: %w", err)
	}
	out := bufio.NewWriter(w)
	err = savedstate.Save(ctx, out, to, h, savedstate.Place{Key: store.Key(), Clock: anchor, Records: records, Blobs: store.Blobs})
	return errors.Join(err, out.Flush())
}

// loading is one call of state load.
type loading struct {
	data, identity, passphrase, name string
}

func (l *loading) run(cmd *cobra.Command, file string) error {
	by, err := identitiesOf(l.identity, l.passphrase)
	if err != nil {
		return err
	}
	set, err := config.Load(func(s *config.Settings) { s.Data = cmp.Or(l.data, s.Data) })
	if err != nil {
		return err
	}
	if set.Data, err = filepath.Abs(set.Data); err != nil {
		return fmt.Errorf("find the data folder: %w", err)
	}
	if set.SigningKey != "" && l.name != "" {
		return verbs.Usage(errors.New("the key in LETHE_SIGNING_KEY has a name: leave --name out"))
	}
	f, err := os.Open(file) //nolint:gosec // the operator names it
	if err != nil {
		return verbs.File(err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	found, err := savedstate.Check(f, by)
	if err != nil {
		return verbs.File(fmt.Errorf("%s: %w", file, err))
	}
	if found.Region != set.Region {
		return verbs.Setting(fmt.Errorf("the state is of a place in the region %q and this one is in %q: LETHE_REGION says which", found.Region, set.Region))
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read the file again: %w", err)
	}
	// A folder that is half made is no data folder, so whoever stops this call loses nothing.
	into := newFolder{loading: l, set: set, found: found}
	now := clock.Open(cmd.Context(), &remembered{found.Clock}, clock.System(), slog.New(slog.DiscardHandler))
	err = local.Make(cmd.Context(), local.Config{Dir: set.Data, Now: now.Now}, found.Key, func(store *local.Store) error {
		return into.fill(cmd.Context(), store, now, func() error {
			return savedstate.Load(cmd.Context(), f, by, store.Records, store.Blobs)
		})
	})
	if errors.Is(err, fs.ErrExist) {
		return verbs.Usage(fmt.Errorf("%w: a state is loaded where no folder is, and never over one", err))
	}
	if err != nil {
		return err
	}
	return into.tell(cmd.OutOrStdout())
}

// remembered keeps the time of a saved state until there is a folder for it.
type remembered struct{ clock.Anchor }

// Load implements clock.Keeper.
func (r *remembered) Load() (clock.Anchor, error) { return r.Anchor, nil }

// Update implements clock.Keeper.
func (r *remembered) Update(change func(clock.Anchor) (clock.Anchor, error)) (err error) {
	r.Anchor, err = change(r.Anchor)
	return err
}

// newFolder is a data folder that is being made.
type newFolder struct {
	*loading
	set    config.Settings
	found  savedstate.Found
	public string // key of the new ledger
	ledger ledger.Restored
}

// fill puts everything into an empty folder.
func (n *newFolder) fill(ctx context.Context, store *local.Store, now *clock.Clock, load func() error) error {
	if err := load(); err != nil {
		return err
	}
	times, quiet := clocksOf(now), slog.New(slog.DiscardHandler)
	log, err := newLedger(n.set, store.Blobs, store.Records, times, quiet)
	if err != nil {
		return err
	}
	if n.set.SigningKey == "" {
		if err := n.makeKey(ctx, store.Dir(), log, now.Wall()); err != nil {
			return err
		}
		if log, err = newLedger(n.set, store.Blobs, store.Records, times, quiet); err != nil {
			return err
		}
	}
	n.public = log.Signer.Public()
	if n.ledger, err = log.Restore(ctx, n.found.Saved); err != nil {
		return err
	}
	act, err := newActs(n.set, store.Blobs, store.Records, times)
	if err != nil {
		return err
	}
	if err := act(ctx, access.Operator, accesslog.StateLoaded, accesslog.Stamp); err != nil {
		return err
	}
	if _, err := log.Sequence(ctx); err != nil {
		return err
	}
	return clock.InFolder(store.Dir()).Update(func(clock.Anchor) (clock.Anchor, error) { return n.found.Clock, nil })
}

// makeKey makes the key of the new ledger, under a name that the old one did not have.
func (n *newFolder) makeKey(ctx context.Context, folder string, log *ledger.Log, today time.Time) error {
	if n.name == "" {
		old, err := log.Origin(ctx)
		if err != nil {
			return err
		}
		n.name = cmp.Or(old, "lethe") + "-" + today.Format("20060102")
	}
	private, _, err := ledger.GenerateKey(n.name)
	if err != nil {
		return verbs.Usage(err)
	}
	n.set.SigningKey = private
	if err := keep(filepath.Join(folder, keyFile), private+"\n"); err != nil {
		return fmt.Errorf("write signing key: %w", err)
	}
	return nil
}

// tell says what was loaded, and what is to be published.
func (n *newFolder) tell(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s has the state of %s: %d records of applications\n", n.set.Data, n.found.Saved.UTC().Format(time.RFC3339), n.found.Applications)
	if n.ledger.Origin == "" {
		b.WriteString("It had no ledger yet.\n")
	} else {
		fmt.Fprintf(&b, "The ledger %s ended with %d entries; documents that were alive then and are lost: %d.\n", n.ledger.Origin, n.ledger.Size, n.ledger.Lost)
	}
	fmt.Fprintf(&b, "The new ledger's public key and fingerprint, to be published:\n\n%s\n%s\n", n.public, ledger.Fingerprint(n.public))
	_, err := io.WriteString(w, b.String())
	return err
}
