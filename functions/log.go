package main

import (
	"context"
	"log/slog"
)

// newLog writes events as JSON lines.
func newLog(env environment) *slog.Logger {
	return slog.New(slog.NewJSONHandler(env.stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.MessageKey {
			a.Key = "event"
		}
		return a
	}}))
}

// discardBelow keeps the HTTP library's own messages out of the log: they hold addresses of clients and bytes they sent.
type discardBelow struct{ slog.Handler }

// Enabled implements slog.Handler.
func (discardBelow) Enabled(context.Context, slog.Level) bool { return false }
