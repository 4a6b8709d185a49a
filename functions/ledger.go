package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/local"
)

// newLedger joins the append-only log with its storage and keys.
func newLedger(set config.Settings, blobs storage.Blobs, records storage.Records, time clocks, log *slog.Logger) (*ledger.Log, error) {
	cfg := ledger.Config{
		Blobs: blobs, Records: records, Region: set.Region, Program: "lethe " + version, Keep: retention.TombstoneLife, Now: time.now, Offset: time.offset, Log: log,
	}
	for _, key := range []struct {
		private string
		into    **ledger.Signer
	}{{set.SigningKey, &cfg.Signer}, {set.PreviousKey, &cfg.Previous}} {
		if key.private == "" {
			continue
		}
		signer, err := ledger.ParseSigner(key.private)
		if err != nil {
			return nil, err
		}
		*key.into = signer
	}
	return ledger.New(cfg), nil
}

// keyFile is the signing key in a data folder.
const keyFile = local.SigningKeyFile

// machineKey returns the signing key of a server on one machine: the one of the settings, else that of the data folder,
// which is made at the first start. No key is made where a ledger is: the ledger's own was lost, and one that is not cross-signed
// for would sign another history. It is empty then.
func machineKey(set config.Settings, exists func() bool) (string, error) {
	if set.SigningKey != "" {
		return set.SigningKey, nil
	}
	file := filepath.Join(set.Data, keyFile)
	key, err := os.ReadFile(file) //nolint:gosec // in the folder of the settings
	if err == nil {
		return string(key), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read signing key: %w", err)
	}
	if exists() {
		return "", nil
	}
	name, err := os.Hostname()
	if err != nil || name == "" {
		name = "lethe"
	}
	private, _, err := ledger.GenerateKey(name)
	if err != nil {
		return "", err
	}
	if err := keep(file, private+"\n"); err != nil {
		return "", fmt.Errorf("write signing key: %w", err)
	}
	return private, nil
}

// keep writes a file of the data folder: half a signing key would stop the ledger for good.
func keep(file, text string) error {
	return writeWhole(file, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

// sequenced is how often a server on one machine sequences the entries of its ledger.
const sequenced = 5 * time.Second

// sequenceLedger gives waiting entries their position and logs a failure.
func sequenceLedger(ctx context.Context, l *ledger.Log, log *slog.Logger) {
	if _, err := l.Sequence(ctx); err != nil && ctx.Err() == nil {
		log.ErrorContext(ctx, logevent.LedgerStuck, "kind", fault.KindOf(err))
	}
}
