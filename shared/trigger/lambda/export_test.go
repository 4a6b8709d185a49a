package lambda

import (
	"context"
	"io"
	"log/slog"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
)

// Answer calls a function as the library does, and returns its answer if that is one to a batch.
func Answer(ctx context.Context, f Function, event []byte, log *slog.Logger) events.SQSEventResponse {
	out, err := guarded("test", f, log)(ctx, event)
	answer, _ := out.(events.SQSEventResponse)
	if _, ok := err.(failure); err != nil && !ok { //nolint:errorlint // exactly this type reaches the library
		panic("an error that says more than its kind")
	}
	return answer
}

// Request calls a handler with the request of an event, and returns the status of the answer.
func Request(ctx context.Context, h http.Handler, event []byte, log *slog.Logger) int {
	out, err := guarded("test", OnRequest(h, log), log)(ctx, event)
	answer, ok := out.(*streamed)
	if err != nil || !ok {
		return 0
	}
	_, _ = io.Copy(io.Discard, answer)
	_ = answer.Close()
	return answer.StatusCode
}
