package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/azure"
	"github.com/lethe-ocr/lethe/shared/storage/local"
)

// operatorCommands are the verbs that work on storage itself, beside a running server or without one.
func operatorCommands(env environment) []*cobra.Command {
	return []*cobra.Command{newApp(env), newSweep(env), newClock(env), newDoctor(env), newHealth(env)}
}

// operator is what operator verbs share: the data folder, beside a running server or without one.
type operator struct {
	data    string
	jsonOut bool
	azure   bool             // the stamp that the Documents settings name, in place of a data folder
	init    bool             // make the data folder if there is none
	stderr  func() io.Writer // where people are told which folder is worked on
}

func (o *operator) flags(cmd *cobra.Command) {
	o.stderr = cmd.ErrOrStderr
	cmd.PersistentFlags().StringVar(&o.data, "data", "", "data folder (LETHE_DATA)")
	cmd.PersistentFlags().BoolVar(&o.jsonOut, "json", false, "print JSON")
}

// mayInit lets a verb make the data folder when it is asked to.
func (o *operator) mayInit(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.init, "init", false, "make the data folder if there is none, before the server's first start")
}

// with opens the data folder for one verb.
func (o *operator) with(ctx context.Context, do func(config.Settings, *local.Store, *clock.Clock) error) (err error) {
	set, err := findFolder(o.stderr(), o.data, o.init)
	if err != nil {
		return err
	}
	now := folderClock(ctx, set.Data)
	store, err := openFolder(ctx, local.Config{Dir: set.Data, Now: now.Now})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(set, store, now)
}

func (o *operator) registry(ctx context.Context, do func(*access.Registry, recorder) error) error {
	return o.registered(ctx, func(r *access.Registry, record recorder, _ storage.Records) error { return do(r, record) })
}

// registered is registry for what is stored beside applications too.
func (o *operator) registered(ctx context.Context, do func(*access.Registry, recorder, storage.Records) error) error {
	over := func(set config.Settings, blobs storage.Blobs, records storage.Records, time clocks) error {
		acts, err := newActs(set, blobs, records, time)
		if err != nil {
			return err
		}
		return do(access.NewRegistry(records, time.wall, slog.New(slog.DiscardHandler)), acts, records)
	}
	if !o.azure {
		return o.with(ctx, func(set config.Settings, store *local.Store, now *clock.Clock) error {
			return over(set, store.Blobs, store.Records, clocksOf(now))
		})
	}
	if o.init {
		return verbs.Usage(errors.New("--init makes a data folder, and --azure works on a stamp on Azure: give one or the other"))
	}
	set, store, now, err := openStamp(ctx)
	if err != nil {
		return err
	}
	return over(set, store.Blobs, store.Records, now)
}

// openStamp opens the stamp on Azure that the Documents settings name, with the time that its store tells.
func openStamp(ctx context.Context) (config.Settings, *azure.Store, clocks, error) {
	set, err := config.Load()
	if err != nil {
		return set, nil, clocks{}, err
	}
	remote := clock.NewRemote(time.Now)
	store, err := openAccount(remote)
	if err != nil {
		return set, nil, clocks{}, err
	}
	if err := store.Tell(ctx); err != nil && !remote.Seen() {
		return set, nil, clocks{}, err
	}
	return set, store, remoteClocks(remote), nil
}

// openAccount opens the account that the Documents settings name. It sends no request.
func openAccount(remote *clock.Remote) (*azure.Store, error) {
	store, err := azure.Open(connection(remote))
	if err != nil {
		return nil, verbs.Setting(fmt.Errorf("the settings Documents__blobServiceUri, __queueServiceUri and __tableServiceUri name the account: %w", err))
	}
	return store, nil
}

// recorder writes what is done on the machine itself into the access log, before it is done.
type recorder func(ctx context.Context, scope access.Scope, act accesslog.Act, application string) error

func newActs(set config.Settings, blobs storage.Blobs, records storage.Records, time clocks) (recorder, error) {
	quiet := slog.New(slog.DiscardHandler)
	log, err := newLedger(set, blobs, records, time, quiet)
	if err != nil {
		return nil, err
	}
	acts := accesslog.New(records, log, set.RetainAccessLog, time.now, quiet)
	return func(ctx context.Context, scope access.Scope, act accesslog.Act, application string) error {
		return acts.Record(ctx, accesslog.Entry{Application: application, Who: accesslog.Console, Scope: string(scope), Act: act})
	}, nil
}

// folderClock is the clock of a data folder, for verbs that work beside its server or without one.
func folderClock(ctx context.Context, dir string) *clock.Clock {
	return clock.Open(ctx, clock.InFolder(dir), clock.System(), slog.New(slog.DiscardHandler))
}
