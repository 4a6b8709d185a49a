package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/local"
)

// ledgerCommands are the verbs of the ledger that work on its storage.
func ledgerCommands(env environment) []*cobra.Command { return []*cobra.Command{newBegin(env)} }

// newBegin ends a ledger that cannot go on.
func newBegin(environment) *cobra.Command {
	o := &operator{}
	cmd := &cobra.Command{
		Use:   "begin [NAME]",
		Short: "Start a new ledger in place of one whose key or files are lost",
		Long: `Start a new ledger in place of one that cannot continue because its signing key or some of its files are lost. Restore them
from a copy if you have one: a new ledger is the last resort. Stop the server first.

In a data folder the command creates a new signing key named NAME, which must differ from the old ledger's name; an old key file
stays beside it. For a stamp on Azure (--azure) create the key with "lethe keygen" and set LETHE_SIGNING_KEY.

The new ledger's first entry names the last checkpoint of the old one, and the old files move to a folder beside the new ones
(ledger/retired/1). "lethe audit" reads both, and follows documents from the old ledger to the new one; --since accepts a
checkpoint of the old ledger. Publish the new public key as you published the first, and keep the old one published: receipts
and promises from the old ledger are verified with both.`,
		Example: `  lethe ledger begin archive-2.example.org --data /var/lib/lethe`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.azure {
				return o.beginAzure(cmd)
			}
			if len(args) == 0 {
				return verbs.NoArguments(errors.New("give the name of the new ledger, such as archive-2.example.org"))
			}
			return o.beginHere(cmd, args[0])
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.azure, "azure", false, "work on the stamp on Azure that the Documents__ settings name")
	return cmd
}

// beginHere begins a new ledger in a data folder that no server uses.
func (o *operator) beginHere(cmd *cobra.Command, name string) (err error) {
	set, err := findFolder(o.stderr(), o.data, false)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	machine := folderClock(ctx, set.Data)
	store, err := openFolder(ctx, local.Config{Dir: set.Data, Server: true, Now: machine.Now})
	if errors.Is(err, local.ErrInUse) {
		return fmt.Errorf("%w: stop it first", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if set.SigningKey == "" {
		if set.SigningKey, err = freshKey(set.Data, name); err != nil {
			return err
		}
	}
	return begin(cmd, set, store.Blobs, store.Records, clocksOf(machine))
}

// freshKey makes the new ledger's key in the data folder and keeps the old one beside it. A call that is repeated after it
// failed in the middle finds the key that it made.
func freshKey(folder, name string) (string, error) {
	file := filepath.Join(folder, keyFile)
	old, err := os.ReadFile(file) //nolint:gosec // in the folder of the settings
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return "", fmt.Errorf("read signing key: %w", err)
	default:
		if signer, err := ledger.ParseSigner(string(old)); err == nil && signer.Name() == name {
			return string(old), nil
		}
		if err := retireKey(file, string(old)); err != nil {
			return "", fmt.Errorf("keep the old signing key: %w", err)
		}
	}
	private, _, err := ledger.GenerateKey(name)
	if err != nil {
		return "", verbs.Usage(err)
	}
	if err := keep(file, private+"\n"); err != nil {
		return "", fmt.Errorf("write signing key: %w", err)
	}
	return private, nil
}

// retireKey keeps an old key beside the file that is to hold the new one. It writes over no key that was retired before: where a
// beginning failed and another name is given, that is the one that the published ledger is signed with.
func retireKey(file, old string) error {
	for n := 1; ; n++ {
		place := fmt.Sprintf("%s.retired-%d", file, n)
		kept, err := os.ReadFile(place) //nolint:gosec // in the folder of the settings
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return keep(place, old)
		case err != nil || string(kept) == old:
			return err
		}
	}
}

// beginAzure begins a new ledger of a stamp, with the key of the settings.
func (o *operator) beginAzure(cmd *cobra.Command) error {
	set, store, now, err := openStamp(cmd.Context())
	if err != nil {
		return err
	}
	return begin(cmd, set, store.Blobs, store.Records, now)
}

// begin begins a new ledger and writes down who did it.
func begin(cmd *cobra.Command, set config.Settings, blobs storage.Blobs, records storage.Records, now clocks) error {
	log, err := newLedger(set, blobs, records, now, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	record, err := newActs(set, blobs, records, now)
	if err != nil {
		return err
	}
	ctx := context.WithoutCancel(cmd.Context()) // half a beginning has to be ended by another call
	folder, err := log.Begin(ctx)
	if err != nil {
		return err
	}
	if err := record(ctx, access.Operator, accesslog.LedgerBegun, accesslog.Stamp); err != nil {
		return err
	}
	if _, err := log.Sequence(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "A new ledger has begun. Its public key and fingerprint, to be published:\n\n%s\n%s\n\nThe old ledger's files are in ledger/%s of the storage.\n",
		log.Signer.Public(), ledger.Fingerprint(log.Signer.Public()), folder)
	return err
}
