package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
)

func TestStepOfARoundThatFailsIsNamedAndKeepsNoneFromTheNext(t *testing.T) {
	var log bytes.Buffer
	var taken []string
	step := func(name string, err error) func(context.Context) error {
		return func(context.Context) error {
			taken = append(taken, name)
			return err
		}
	}
	away := fault.New(fault.StorageUnavailable, "of https://account.example/secret")
	err := round{{"doctor", step("doctor", nil)}, {"ledger", step("ledger", away)}, {"canary", step("canary", nil)}}.
		make(t.Context(), slog.New(slog.NewJSONHandler(&log, nil)))
	if !errors.Is(err, away) || strings.Join(taken, " ") != "doctor ledger canary" {
		t.Errorf("%v; taken: %v", err, taken)
	}
	said := log.String()
	if strings.Count(said, logevent.RoundFailed) != 1 || !strings.Contains(said, `"step":"ledger","kind":"`+string(fault.KindOf(away))) || strings.Contains(said, "secret") {
		t.Errorf("the log says %s", said)
	}
}
