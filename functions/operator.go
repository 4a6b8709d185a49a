//go:build linux && cgo

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/azure"
	"github.com/lethe-ocr/lethe/shared/storage/local"
	"github.com/lethe-ocr/lethe/shared/task"
	trigger "github.com/lethe-ocr/lethe/shared/trigger/local"
)

// operator is what operator verbs share: the data folder, beside a running server or without one.
type operator struct {
	data    string
	jsonOut bool
	azure   bool // the stamp that the Documents settings name, in place of a data folder
}

func (o *operator) flags(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&o.data, "data", "", "data folder (LETHE_DATA)")
	cmd.PersistentFlags().BoolVar(&o.jsonOut, "json", false, "print JSON")
}

// with opens the data folder for one verb.
func (o *operator) with(ctx context.Context, do func(config.Settings, *local.Store, *clock.Clock) error) (err error) {
	set, err := config.Load(func(s *config.Settings) {
		if o.data != "" {
			s.Data = o.data
		}
	})
	if err != nil {
		return err
	}
	now := folderClock(ctx, set.Data)
	store, err := local.Open(ctx, local.Config{Dir: set.Data, Now: now.Now})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(set, store, now)
}

func (o *operator) registry(ctx context.Context, do func(*access.Registry, recorder) error) error {
	over := func(set config.Settings, blobs storage.Blobs, records storage.Records, now scale, wall func() time.Time) error {
		acts, err := newActs(set, blobs, records, now)
		if err != nil {
			return err
		}
		return do(access.NewRegistry(records, wall, slog.New(slog.DiscardHandler)), acts)
	}
	if !o.azure {
		return o.with(ctx, func(set config.Settings, store *local.Store, now *clock.Clock) error {
			return over(set, store.Blobs, store.Records, scale{now.Now, now.Offset}, now.Wall)
		})
	}
	set, err := config.Load()
	if err != nil {
		return err
	}
	remote := clock.NewRemote(time.Now)
	store, err := azure.Open(connection(remote))
	if err != nil {
		return verbs.Usage(fmt.Errorf("the settings Documents__blobServiceUri, __queueServiceUri and __tableServiceUri name the account: %w", err))
	}
	if err := store.Tell(ctx); err != nil && !remote.Seen() {
		return err
	}
	return over(set, store.Blobs, store.Records, scale{now: remote.Now}, remote.Wall)
}

// recorder writes what is done on the machine itself into the access log, before it is done.
type recorder func(ctx context.Context, scope access.Scope, act accesslog.Act, application string) error

func newActs(set config.Settings, blobs storage.Blobs, records storage.Records, now scale) (recorder, error) {
	quiet := slog.New(slog.DiscardHandler)
	log, err := newLedger(set, blobs, records, now, quiet)
	if err != nil {
		return nil, err
	}
	acts := accesslog.New(records, log, set.RetainAccessLog, now.now, quiet)
	return func(ctx context.Context, scope access.Scope, act accesslog.Act, application string) error {
		return acts.Record(ctx, accesslog.Entry{Application: application, Who: accesslog.Console, Scope: string(scope), Act: act})
	}, nil
}

func newApp(environment) *cobra.Command {
	o := &operator{}
	cmd := &cobra.Command{
		Use:   "app",
		Short: "Manage applications and their secrets",
		Long: `Manage applications in the data folder, whether a server is running or not. A running server notices a change within five
seconds. Over the network, use /v1/applications with the scope admin.`,
		Example: `  lethe app create --name scanner --scopes submit,read,delete
  lethe app create --name clinic --retain 2h --delete-on-fetch --formats txt,json --languages eng,deu
  lethe app rotate ID --grace 24h
  lethe app revoke ID`,
	}
	o.flags(cmd)
	cmd.PersistentFlags().BoolVar(&o.azure, "azure", false, "work on the stamp on Azure that the Documents__ settings name")
	cmd.AddCommand(o.newCreate(), o.newList(), o.newRotate(), o.newRevoke(), o.newExport(), o.newImport())
	return cmd
}

func (o *operator) newCreate() *cobra.Command {
	var app access.Application
	var scopes, formats []string
	var life time.Duration
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create an application and show its secret once",
		Long: `Create an application and show its secret once. --retain, --delete-on-fetch, --formats and --languages limit all its tasks
permanently: a request may ask for less, never for more.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if app.Scopes, err = access.ParseScopes(scopes); err != nil {
				return verbs.Usage(err)
			}
			for _, f := range formats {
				app.Ceilings.Formats = append(app.Ceilings.Formats, render.Format(f))
			}
			for _, ceiling := range []string{"retain", "formats", "languages"} {
				if f := cmd.Flags().Lookup(ceiling); f.Changed && slices.Contains([]string{"0s", "[]"}, f.Value.String()) {
					return verbs.Usage(fmt.Errorf("--%s without a value would limit nothing: give one or leave it out", ceiling))
				}
			}
			if err := app.Ceilings.Check(); err != nil {
				return verbs.Usage(err)
			}
			return o.registry(cmd.Context(), func(r *access.Registry, record recorder) error {
				made, secret, err := r.Create(cmd.Context(), app, ends(life))
				if err == nil {
					err = record(cmd.Context(), access.Admin, accesslog.AppCreated, made.ID)
				}
				if err != nil {
					return err
				}
				return o.showSecret(cmd.OutOrStdout(), made, secret)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&app.Name, "name", "application", "name for people")
	f.StringSliceVar(&scopes, "scopes", []string{"submit", "read", "delete"}, "rights: submit, read, delete, admin; or operator, auditor, reviewer, which give no right to any document")
	f.StringVar(&app.Client, "oidc-client", "", "client id whose tokens act as this application, in place of a secret")
	f.DurationVar(&life, "expires-in", 0, "lifetime of the secret, such as 2160h; unlimited if not given")
	f.IntVar(&app.Caps.OpenTasks, "max-open", 0, "most unfinished tasks; 0 for no cap")
	f.Int64Var(&app.Caps.BytesPerDay, "max-bytes-per-day", 0, "bytes a day; 0 for no cap")
	f.Int64Var(&app.Caps.BytesStored, "max-bytes-stored", 0, "bytes of documents and results at once; 0 for the cap of the stamp (LETHE_MAX_STORED_MIB)")
	f.IntVar(&app.Caps.PagesPerDay, "max-pages-per-day", 0, "pages a day; 0 for no cap")
	f.DurationVar(&app.Ceilings.Retain, "retain", 0, "longest retention of its tasks after processing, such as 2h; the server's if not given")
	f.BoolVar(&app.Ceilings.DeleteOnFetch, "delete-on-fetch", false, "erase each task once its results were downloaded")
	f.StringSliceVar(&formats, "formats", nil, "formats that its results may have, of "+render.Names()+"; all if not given")
	f.StringSliceVar(&app.Ceilings.Languages, "languages", nil, "languages that it may request, the default first, such as eng,deu; all if not given")
	verbs.Once(cmd, "retain", "delete-on-fetch")
	return cmd
}

// ends returns when a secret of that lifetime expires; never for 0.
func ends(life time.Duration) time.Time {
	if life == 0 {
		return time.Time{}
	}
	return time.Now().Add(life).UTC()
}

func (o *operator) showSecret(w io.Writer, app *access.Application, secret string) error {
	if o.jsonOut {
		shown := map[string]any{"id": app.ID, "name": app.Name, "scopes": app.Scopes}
		if secret != "" {
			shown["secret"] = secret
		}
		return json.NewEncoder(w).Encode(shown)
	}
	if secret == "" {
		_, err := fmt.Fprintf(w, "id      %s\nclient  %s   (signs in with its tokens)\n", app.ID, app.Client)
		return err
	}
	_, err := fmt.Fprintf(w, "id      %s\nsecret  %s   (shown once)\n", app.ID, secret)
	return err
}

func (o *operator) newList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List applications",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.registry(cmd.Context(), func(r *access.Registry, _ recorder) error {
				apps, err := r.List(cmd.Context())
				if err != nil {
					return err
				}
				table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
				for _, a := range apps {
					state := fmt.Sprintf("%d secrets", len(a.Secrets))
					if !a.Revoked.IsZero() {
						state = "revoked " + a.Revoked.Format(time.RFC3339)
					}
					names := make([]string, len(a.Scopes))
					for i, s := range a.Scopes {
						names[i] = string(s)
					}
					fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", a.ID, a.Name, strings.Join(names, ","), state, a.Ceilings)
				}
				return table.Flush()
			})
		},
	}
}

func (o *operator) newRotate() *cobra.Command {
	var grace, life time.Duration
	cmd := &cobra.Command{
		Use:   "rotate ID",
		Short: "Add a secret and let older ones expire",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return o.registry(cmd.Context(), func(r *access.Registry, record recorder) error {
				if err := record(cmd.Context(), access.Admin, accesslog.AppRotated, ids[0]); err != nil {
					return err
				}
				app, secret, err := r.Rotate(cmd.Context(), ids[0], grace, ends(life))
				if err != nil {
					return err
				}
				return o.showSecret(cmd.OutOrStdout(), app, secret)
			})
		},
	}
	cmd.Flags().DurationVar(&grace, "grace", 0, "how long older secrets stay valid")
	cmd.Flags().DurationVar(&life, "expires-in", 0, "lifetime of the new secret; unlimited if not given")
	return cmd
}

func (o *operator) newRevoke() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "Revoke all secrets of an application",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return o.registry(cmd.Context(), func(r *access.Registry, record recorder) error {
				if err := record(cmd.Context(), access.Admin, accesslog.AppRevoked, ids[0]); err != nil {
					return err
				}
				_, err := r.Revoke(cmd.Context(), ids[0])
				return err
			})
		},
	}
}

func (o *operator) newExport() *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Write every application with the hashes of its secrets",
		Long:  "Write every application as a line of JSON, so that another stamp accepts the same credentials. Protect it like a secret.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.registry(cmd.Context(), func(r *access.Registry, record recorder) error {
				if err := record(cmd.Context(), access.Admin, accesslog.AppsExported, accesslog.Stamp); err != nil {
					return err
				}
				_, err := r.Export(cmd.Context(), cmd.OutOrStdout())
				return err
			})
		},
	}
}

func (o *operator) newImport() *cobra.Command {
	return &cobra.Command{
		Use:   "import",
		Short: "Import applications from standard input, as written by export",
		Long:  "Import what `lethe app export` wrote. An application that exists already is not changed.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.registry(cmd.Context(), func(r *access.Registry, record recorder) error {
				if err := record(cmd.Context(), access.Admin, accesslog.AppsImported, accesslog.Stamp); err != nil {
					return err
				}
				n, err := r.Import(cmd.Context(), cmd.InOrStdin())
				fmt.Fprintf(cmd.ErrOrStderr(), "%d applications are new\n", n)
				return err
			})
		},
	}
}

func newSweep(env environment) *cobra.Command {
	o := &operator{}
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "Erase what is due now, or show what would be erased erased erased",
		Long: `Erase what is due in the data folder and find lost tasks and orphans, whether a server is running or not. With --dry-run
print what would be done and why, and do nothing.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.with(cmd.Context(), func(set config.Settings, store *local.Store, now *clock.Clock) error {
				elapsed := scale{now.Now, now.Offset}
				log, err := newLedger(set, store.Blobs, store.Records, elapsed, newLog(env))
				if err != nil {
					return err
				}
				streams := task.StreamsHere
				if served, err := store.Served(); err != nil || served {
					streams = task.StreamsUnseen // the running server may be sending anything
				}
				service, err := newService(set, serviceParts{
					ledger:  log, // entries wait for the running server, which has the key
					store:   task.Store{Blobs: store.Blobs, Records: store.Records, Agenda: store.Records},
					apps:    access.NewRegistry(store.Records, time.Now, newLog(env)),
					streams: streams,
					queue:   trigger.NewScheduler(fairqueue.New(1, time.Now), newLog(env)), // the running server's own sweep queues what waits
					now:     now.Now, horizon: now.Horizon, log: newLog(env),
				})
				if err != nil {
					return err
				}
				if dryRun {
					return o.plan(cmd, service)
				}
				record, err := newActs(set, store.Blobs, store.Records, elapsed)
				if err == nil {
					err = record(cmd.Context(), access.Operator, accesslog.SweepRun, accesslog.Stamp)
				}
				if err != nil && !errors.Is(err, fault.Unavailable) { // erasing waits for no record
					return err
				}
				_, sweepErr := service.Sweep(cmd.Context())
				_, passErr := service.FullPass(cmd.Context())
				return errors.Join(err, sweepErr, passErr)
			})
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print the plan and do nothing")
	return cmd
}

// plan prints what a sweep would do.
func (o *operator) plan(cmd *cobra.Command, service *task.Service) error {
	plan, err := service.Plan(cmd.Context())
	if err != nil {
		return err
	}
	if o.jsonOut {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(plan)
	}
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	for _, d := range plan {
		fmt.Fprintf(table, "%s\t%s\t%s\tdue %s\n", d.Action, d.Subject.Key, d.Reason, d.Due.Format(time.RFC3339))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%d actions; nothing was done\n", len(plan))
	return err
}
