package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/ocr/language"
	"github.com/lethe-ocr/lethe/shared/render"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/webhook"
)

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
permanently: a request may ask for less, never for more. With --abbyy-id a client of the ABBYY Cloud OCR SDK keeps its application id.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if app.Scopes, err = access.ParseScopes(scopes); err != nil {
				return verbs.Usage(err)
			}
			for _, f := range formats {
				app.Ceilings.Formats = append(app.Ceilings.Formats, render.Format(f))
			}
			app.Ceilings.Languages = language.Codes(app.Ceilings.Languages)
			if err := app.Ceilings.Check(); err != nil {
				return verbs.Usage(err)
			}
			if hint := verbs.LanguageHint(app.Ceilings.Languages); hint != "" {
				return verbs.Usage(errors.New("--languages: " + hint))
			}
			if err := readable(app.Ceilings.Languages); err != nil {
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
				return errors.Join(o.showSecret(cmd.OutOrStdout(), made, secret), warnOfRoles(cmd.ErrOrStderr(), made, secret))
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&app.Name, "name", "application", "name for people")
	f.StringSliceVar(&scopes, "scopes", []string{"submit", "read", "delete"}, "rights: submit, read, delete, admin; or operator, auditor, reviewer, which give no right to any document and which a secret gives only where LETHE_OIDC_REQUIRED=false")
	f.StringVar(&app.Client, "oidc-client", "", "client id whose tokens act as this application, in place of a secret")
	f.StringVar(&app.Alias, "abbyy-id", "", "application id or name that a client of the ABBYY Cloud OCR SDK goes on using as its user name; its uploads are kept as with --abbyy-reprocess")
	f.BoolVar(&app.Reprocess, "abbyy-reprocess", false, "keep uploads after processing until their deadline, so that processDocument can process them again")
	f.BoolVar(&app.Info, "abbyy-info", false, "let getApplicationInfo tell name, page cap and expiry of the application")
	f.DurationVar(&life, "expires-in", 0, "lifetime of the secret, such as 2160h; unlimited if not given")
	f.IntVar(&app.Caps.OpenTasks, "max-open", 0, "most unfinished tasks; 0 for no cap")
	f.Int64Var(&app.Caps.BytesPerDay, "max-bytes-per-day", 0, "bytes a day; 0 for no cap")
	f.Int64Var(&app.Caps.BytesStored, "max-bytes-stored", 0, "bytes of documents and results at once; 0 for the cap of the stamp, LETHE_MAX_STORED_MIB")
	f.IntVar(&app.Caps.PagesPerDay, "max-pages-per-day", 0, "pages a day; 0 for no cap")
	f.DurationVar(&app.Ceilings.Retain, "retain", 0, "longest retention of its tasks after processing, such as 2h; the server's if not given")
	f.BoolVar(&app.Ceilings.DeleteOnFetch, "delete-on-fetch", false, "erase each task once its results were downloaded")
	f.StringSliceVar(&formats, "formats", nil, "formats that its results may have, of "+render.Names()+"; all if not given")
	f.StringSliceVar(&app.Ceilings.Languages, "languages", nil, "languages that it may request, the default first, such as eng,deu; all if not given")
	o.mayInit(cmd)
	verbs.Bounds(cmd, "retain", &app.Ceilings.Retain, time.Second, 0)
	verbs.Bounds(cmd, "expires-in", &life, time.Second, 0)
	verbs.Once(cmd, "retain", "delete-on-fetch")
	verbs.Complete(cmd, "scopes", verbs.Names(access.Scopes()))
	verbs.Complete(cmd, "formats", verbs.Names(render.Formats()))
	verbs.Complete(cmd, "languages", verbs.LanguageCodes())
	return cmd
}

// readable refuses a language that there is no data of, neither anywhere nor of somebody's own on this machine.
func readable(languages []string) error {
	unknown := slices.DeleteFunc(slices.Clone(languages), language.Known)
	if len(unknown) == 0 {
		return nil
	}
	set, err := config.Load()
	if err != nil {
		return err
	}
	folder, err := languageData(set)
	for _, code := range unknown {
		if err != nil || !slices.Contains(folder.Usable(), code) {
			return fmt.Errorf("--languages: there is no language %q; \"lethe help languages\" lists them", code)
		}
	}
	return nil
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
		return json.NewEncoder(w).Encode(created(app, secret))
	}
	if secret == "" {
		_, err := fmt.Fprintf(w, "id      %s\nclient  %s   (signs in with its tokens)\n", app.ID, app.Client)
		return err
	}
	if app.Alias != "" {
		if _, err := fmt.Fprintf(w, "abbyy   %s   (user name of clients of ABBYY; the secret is their password)\n", app.Alias); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "id      %s\nsecret  %s   (shown once)\n", app.ID, secret)
	return err
}

// warnOfRoles says of a secret which of its scopes it does not give, unless this shell has the setting that lets it. The server's own
// counts, which is not known here.
func warnOfRoles(w io.Writer, app *access.Application, secret string) error {
	withheld := access.Roles(app.Scopes)
	if secret == "" || len(withheld) == 0 {
		return nil
	}
	set, err := config.Load()
	if err != nil || !set.OIDCRequired {
		return err
	}
	names := make([]string, len(withheld))
	for i, s := range withheld {
		names[i] = string(s)
	}
	_, err = fmt.Fprintf(w, "While the server requires tokens, as it does by default, this secret does not give %s: start it with LETHE_OIDC_REQUIRED=false, "+
		"or give people the role by token (LETHE_OIDC_ISSUER).\n", strings.Join(names, ", "))
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
				return o.showApplications(cmd.OutOrStdout(), apps, time.Now())
			})
		},
	}
}

func (o *operator) newRotate() *cobra.Command {
	var grace, life time.Duration
	cmd := &cobra.Command{
		Use:   "rotate ID",
		Short: "Add a secret and let older ones expire",
		Long: `Add a secret, show it once, and say which earlier ones end and when. They end at once, or after --grace. An application has
at most two secrets: of more, the oldest ends at once. A running server notices within five seconds.`,
		Example: `  lethe app rotate ID --grace 24h`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return o.registry(cmd.Context(), func(r *access.Registry, record recorder) error {
				if err := record(cmd.Context(), access.Admin, accesslog.AppRotated, ids[0]); err != nil {
					return err
				}
				before, err := named(cmd.Context(), r, ids[0])
				if err != nil {
					return err
				}
				app, secret, err := r.Rotate(cmd.Context(), ids[0], grace, ends(life))
				if err != nil {
					return err
				}
				now := time.Now()
				return errors.Join(o.showRotation(cmd, app, secret, ended(before, app, now), now), warnOfRoles(cmd.ErrOrStderr(), app, secret))
			})
		},
	}
	cmd.Flags().DurationVar(&grace, "grace", 0, "how long older secrets stay valid")
	cmd.Flags().DurationVar(&life, "expires-in", 0, "lifetime of the new secret; unlimited if not given")
	verbs.Bounds(cmd, "grace", &grace, 0, 0)
	verbs.Bounds(cmd, "expires-in", &life, time.Second, 0)
	return cmd
}

func (o *operator) newRevoke() *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", SuggestFor: []string{"delete", "remove"},
		Short: "Revoke all secrets of an application",
		Long:  "Revoke all secrets of an application permanently, and forget its webhooks. Its tasks keep their deadlines.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return o.registered(cmd.Context(), func(r *access.Registry, record recorder, records storage.Records) error {
				if err := record(cmd.Context(), access.Admin, accesslog.AppRevoked, ids[0]); err != nil {
					return err
				}
				before, err := named(cmd.Context(), r, ids[0])
				if err != nil {
					return err
				}
				app, err := access.Revocation{Applications: r, Webhooks: webhook.New(webhook.Config{Records: records})}.Revoke(cmd.Context(), ids[0])
				if err != nil {
					return err
				}
				return showEnds(cmd.ErrOrStderr(), ended(before, app, time.Now()), time.Now())
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
	cmd := &cobra.Command{
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
	o.mayInit(cmd)
	return cmd
}
