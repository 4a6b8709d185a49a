package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/storage/local"
)

// newClock shows the clock of a data folder, and corrects what it says of UTC.
func newClock(env environment) *cobra.Command {
	o := &operator{}
	cmd := &cobra.Command{
		Use:   "clock",
		Short: "Compare the wall clock with elapsed time, and accept a correction",
		Long: `Compare the wall clock with elapsed time. Documents age by elapsed time, whatever the wall clock says. If the two differ by
more than five minutes, the wall clock was changed or was wrong before, and the server accepts no documents. Correct the wall
clock or, if it is right now, run "lethe clock accept". Neither changes the age of any document.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.with(cmd.Context(), func(_ config.Settings, _ *local.Store, now *clock.Clock) error {
				return o.showClock(cmd.OutOrStdout(), now)
			})
		},
	}
	o.flags(cmd)
	cmd.AddCommand(o.newAcceptClock(env))
	return cmd
}

func (o *operator) newAcceptClock(env environment) *cobra.Command {
	return &cobra.Command{
		Use:   "accept",
		Short: "Accept the wall clock as correct",
		Long: `Accept the wall clock as correct, beside a running server or without one. The ledger records the correction; a running
server accepts documents again within ten seconds. Ages and deadlines do not change.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.with(cmd.Context(), func(set config.Settings, store *local.Store, now *clock.Clock) error {
				if err := o.acceptClock(cmd.Context(), env, set, store, now); err != nil {
					return err
				}
				return o.showClock(cmd.OutOrStdout(), now)
			})
		},
	}
}

// errNothingToAccept is no failure of the clock, but a misunderstanding that should be noticed.
var errNothingToAccept = errors.New("the wall clock and elapsed time agree: there is nothing to accept")

func (o *operator) acceptClock(ctx context.Context, env environment, set config.Settings, store *local.Store, now *clock.Clock) error {
	if now.Agrees() == nil {
		return errNothingToAccept
	}
	elapsed := clocksOf(now)
	log, err := newLedger(set, store.Blobs, store.Records, elapsed, newLog(env))
	if err != nil {
		return err
	}
	record, err := newActs(set, store.Blobs, store.Records, elapsed)
	if err == nil {
		err = record(ctx, access.Operator, accesslog.ClockAccepted, accesslog.Stamp)
	}
	if err != nil {
		return err
	}
	_, err = now.Accept(func(c clock.Correction) error { return log.Correct(ctx, c.Service, c.From, c.To) })
	return err
}

// clockView is the clock as the verb shows it.
type clockView struct {
	Wall    time.Time `json:"wall"`
	UTC     time.Time `json:"utc"`
	Elapsed time.Time `json:"elapsed"`
	Drift   float64   `json:"drift_seconds"`
	Offset  float64   `json:"offset_seconds"`
	Agree   bool      `json:"agree"`
}

// signed says a difference in words, ahead or behind.
func signed(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d > 0:
		return verbs.Duration(d) + " ahead"
	case d < 0:
		return verbs.Duration(d) + " behind"
	default:
		return "none"
	}
}

func (o *operator) showClock(w io.Writer, now *clock.Clock) error {
	at := now.Now()
	v := clockView{
		Wall: now.Wall(), UTC: now.UTC(at), Elapsed: at, Drift: now.Drift().Seconds(), Offset: now.Offset().Seconds(), Agree: now.Agrees() == nil,
	}
	if o.jsonOut {
		return json.NewEncoder(w).Encode(v)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"wall clock", v.Wall.Format(time.RFC3339)},
		{"by elapsed time it is", v.UTC.Format(time.RFC3339)},
		{"difference", signed(now.Drift())},
		{"correction in force", signed(now.Offset())},
	} {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if err := now.Agrees(); err != nil {
		_, err = fmt.Fprintf(w, "\n%s.\n", err)
		return err
	}
	return nil
}
