// Command bootstrap is a function that does what its event says, for tests of what runs functions.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do      string
	File    string // marks that the function has begun, or is written to in the background
	Seconds int
}

type answer struct {
	PID                     int
	Handler, Region, Memory string
	Name                    string
	Left                    float64 // seconds until the deadline
}

func main() { lambda.Start(handle) }

func handle(ctx context.Context, e event) (any, error) {
	switch e.Do {
	case "fail":
		return nil, errors.New("told to fail")
	case "exit":
		os.Exit(3)
	case "panic":
		panic("told to panic")
	case "wait":
		if err := os.WriteFile(e.File, nil, 0o600); err != nil {
			return nil, err
		}
		time.Sleep(time.Duration(e.Seconds) * time.Second)
	case "linger": // what a function must not do: go on after its answer
		go func() {
			for i := 0; ; i++ {
				_ = os.WriteFile(e.File, fmt.Append(nil, i), 0o600)
				time.Sleep(time.Millisecond)
			}
		}()
	case "stream":
		return &events.LambdaFunctionURLStreamingResponse{StatusCode: 203, Headers: map[string]string{"X-Own": "1"}, Body: strings.NewReader("streamed")}, nil
	}
	deadline, _ := ctx.Deadline()
	return answer{
		PID: os.Getpid(), Handler: os.Getenv("_HANDLER"), Region: os.Getenv("AWS_REGION"), Memory: os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
		Name: lambdacontext.FunctionName, Left: time.Until(deadline).Seconds(),
	}, nil
}
