package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/access/accesslog"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ocr/fairqueue"
	"github.com/lethe-ocr/lethe/shared/storage/local"
	"github.com/lethe-ocr/lethe/shared/task"
	trigger "github.com/lethe-ocr/lethe/shared/trigger/local"
)

func newSweep(env environment) *cobra.Command {
	o := &operator{}
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "Erase what is due now, or show what would be erased",
		Long: `Erase what is due in the data folder and find lost tasks and orphans, whether a server is running or not. It waits for a
sweep of the server. With --dry-run print what would be done and why, and do nothing.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.with(cmd.Context(), func(set config.Settings, store *local.Store, now *clock.Clock) error {
				streams := task.StreamsHere
				if served, err := store.Served(); err != nil || served {
					streams = task.StreamsUnseen // the running server may be sending anything
				}
				here := &server{place: place{
					set: set, log: newLog(env), time: clocksOf(now),
					blobs: store.Blobs, records: store.Records, // entries of the ledger wait for the running server, which has the key
					turn: store, streams: streams,
					queue: func(*fairqueue.Queue) task.Queue {
						return trigger.NewScheduler(fairqueue.New(1, time.Now), newLog(env))
					}, // the running server's own sweep queues what waits
					deliveries: trigger.NewNotifier(newLog(env)), // likewise
					deadline:   set.Deadline,
				}}
				service, err := here.domain()
				if err != nil {
					return err
				}
				if dryRun {
					return o.plan(cmd, service)
				}
				record, err := newActs(set, store.Blobs, store.Records, here.time)
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
	now := time.Now()
	table := verbs.NewTable(cmd.OutOrStdout(), "action", "subject", "reason", "due")
	for _, d := range plan {
		table.Row(d.Action, d.Subject.Key, d.Reason, verbs.Instant(d.Due, now))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%d actions; nothing was done\n", len(plan))
	return err
}
