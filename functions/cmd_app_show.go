package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/api"
	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
)

// showApplications prints applications as the API shows them, or as a table.
func (o *operator) showApplications(w io.Writer, apps []*access.Application, now time.Time) error {
	if o.jsonOut {
		shown := make([]any, 0, len(apps))
		for _, a := range apps {
			shown = append(shown, api.Application(a))
		}
		return json.NewEncoder(w).Encode(shown)
	}
	table := verbs.NewTable(w, "id", "name", "scopes", "secrets", "limits")
	for _, a := range apps {
		table.Row(a.ID, a.Name, strings.Join(verbs.Names(a.Scopes), ","), credentials(a, now), a.Ceilings)
	}
	return table.Flush()
}

// credentials says how an application signs in, and until when.
func credentials(a *access.Application, now time.Time) string {
	switch {
	case !a.Revoked.IsZero():
		return "revoked " + verbs.Instant(a.Revoked, now)
	case a.Client != "":
		return "tokens of " + a.Client
	}
	secrets := make([]string, len(a.Secrets))
	for i, s := range a.Secrets {
		secrets[i] = s.ID + " " + ending(s, now)
	}
	if a.Alias != "" {
		secrets = append(secrets, "also as "+a.Alias)
	}
	return strings.Join(secrets, ", ")
}

// ending says until when a secret is valid.
func ending(s access.Secret, now time.Time) string {
	switch {
	case s.Expires.IsZero():
		return "never ends"
	case s.Expires.After(now):
		return "ends " + verbs.Instant(s.Expires, now)
	default:
		return "ended " + verbs.Instant(s.Expires, now)
	}
}

// named returns an application as it stands; nil if there is none.
func named(ctx context.Context, r *access.Registry, id string) (*access.Application, error) {
	apps, err := r.List(ctx)
	for _, a := range apps {
		if a.ID == id {
			return a, err
		}
	}
	return nil, err
}

// ended returns the secrets of an application that a change ended or will end, with their ends.
func ended(before, after *access.Application, now time.Time) []access.Secret {
	if before == nil {
		return nil
	}
	still := map[string]access.Secret{}
	for _, s := range after.Secrets {
		still[s.ID] = s
	}
	var ends []access.Secret
	for _, s := range before.Secrets {
		kept, there := still[s.ID]
		switch {
		case !s.Expires.IsZero() && !s.Expires.After(now): // it had ended before
		case there && kept.Expires.IsZero():
		case there:
			ends = append(ends, kept)
		default:
			s.Expires = now
			ends = append(ends, s)
		}
	}
	return ends
}

// showEnds says which secrets end, and when.
func showEnds(w io.Writer, ends []access.Secret, now time.Time) error {
	for _, s := range ends {
		if _, err := fmt.Fprintf(w, "The earlier secret %s %s.\n", s.ID, ending(s, now)); err != nil {
			return err
		}
	}
	return nil
}

// created is an application with its new secret, as JSON.
func created(app *access.Application, secret string) map[string]any {
	shown := map[string]any{"id": app.ID, "name": app.Name, "scopes": app.Scopes}
	if secret != "" {
		shown["secret"] = secret
	}
	if app.Alias != "" {
		shown["abbyy_id"] = app.Alias
	}
	return shown
}

// secretEnd is a secret that ends, as JSON.
type secretEnd struct {
	ID      string    `json:"id"`
	Expires time.Time `json:"expires"`
}

// showRotation shows the new secret and what becomes of the earlier ones.
func (o *operator) showRotation(cmd *cobra.Command, app *access.Application, secret string, ends []access.Secret, now time.Time) error {
	if o.jsonOut {
		shown, listed := created(app, secret), make([]secretEnd, 0, len(ends))
		for _, s := range ends {
			listed = append(listed, secretEnd{s.ID, s.Expires})
		}
		shown["ends"] = listed
		return json.NewEncoder(cmd.OutOrStdout()).Encode(shown)
	}
	if err := o.showSecret(cmd.OutOrStdout(), app, secret); err != nil {
		return err
	}
	return showEnds(cmd.ErrOrStderr(), ends, now)
}
