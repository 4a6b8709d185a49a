package events

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Schedule calls a function again and again, as EventBridge Scheduler does: whether the last call has ended or not.
type Schedule struct {
	Every    time.Duration
	Copies   int // how often it calls each time; zero means once
	Region   string
	Name     string // of the schedule
	Function Caller
	Log      *slog.Logger
}

// Run calls the function until ctx ends. It returns when the last call has.
func (s *Schedule) Run(ctx context.Context) {
	tick := time.NewTicker(s.Every)
	defer tick.Stop()
	var calls sync.WaitGroup
	defer calls.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case at := <-tick.C:
			for range max(1, s.Copies) {
				calls.Go(func() {
					if err := s.Tick(ctx, at); err != nil && ctx.Err() == nil {
						s.Log.WarnContext(ctx, "a tick is lost", "error", err)
					}
				})
			}
		}
	}
}

// Tick calls the function once.
func (s *Schedule) Tick(ctx context.Context, at time.Time) error {
	event, err := json.Marshal(events.EventBridgeEvent{
		Version: "0", ID: "local", DetailType: "Scheduled Event", Source: "aws.scheduler", AccountID: "000000000000", Time: at.UTC(), Region: s.Region,
		Resources: []string{"arn:aws:scheduler:" + s.Region + ":000000000000:schedule/default/" + s.Name},
		Detail:    json.RawMessage(`"{}"`), // the scheduler sends it as text
	})
	if err != nil {
		return err
	}
	_, err = s.Function.Call(ctx, event)
	return err
}
