// Command standin takes the program's place under a real Functions host: the functions' own code with tasks that only write
// down that they were called. What they do otherwise is decided by words in the name of a blob.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/lethe-ocr/lethe/functions/ocr"
	"github.com/lethe-ocr/lethe/functions/poison"
	"github.com/lethe-ocr/lethe/functions/requeue"
	"github.com/lethe-ocr/lethe/functions/retention"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger/azure"
)

// tasks writes one JSON line for each call.
type tasks struct {
	mu    sync.Mutex
	lines *os.File
}

// Line is what was called. The tests read it.
type Line struct {
	Call, Name, Body string
	Header           http.Header
}

func (t *tasks) note(l Line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text, err := json.Marshal(l)
	if err == nil {
		_, err = t.lines.Write(append(text, '\n'))
	}
	if err != nil {
		panic(err)
	}
}

func (t *tasks) Landed(_ context.Context, name string) (*task.Task, error) {
	lines, err := os.ReadFile(t.lines.Name())
	if err != nil {
		return nil, err
	}
	before := bytes.Count(lines, []byte(`"Landed","Name":"`+name+`"`)) // by earlier processes too
	t.note(Line{Call: "Landed", Name: name})
	switch {
	case strings.Contains(name, "crash-once") && before == 0, strings.Contains(name, "crash-always"):
		os.Exit(3)
	case strings.Contains(name, "transient") && before < 5:
		return nil, fault.New(fault.StorageUnavailable, "storage is away")
	case strings.Contains(name, "permanent"):
		return nil, fault.New(fault.DocumentDamaged, "damaged")
	case strings.Contains(name, "panic") && before < 5:
		panic(name)
	}
	return &task.Task{Ref: task.Ref{Application: "standin", ID: name}}, nil
}

func (t *tasks) Process(_ context.Context, job task.Job) (task.Outcome, error) {
	t.note(Line{Call: "Process", Name: job.Task.ID})
	return task.Done, nil
}

// ProcessRead is Process.
func (t *tasks) ProcessRead(ctx context.Context, read *task.Task) (task.Outcome, error) {
	return t.Process(ctx, read.Ref.Job())
}

func (t *tasks) GiveUp(_ context.Context, job task.Job) error {
	t.note(Line{Call: "GiveUp", Name: job.Task.ID})
	return nil
}

func (t *tasks) Sweep(context.Context) (task.Swept, error) {
	t.note(Line{Call: "Sweep"})
	return task.Swept{}, nil
}

func (t *tasks) PassWhenDue(context.Context, time.Duration) (task.Swept, error) {
	t.note(Line{Call: "PassWhenDue"})
	return task.Swept{}, nil
}

// api answers what the tests ask to see what the host lets through. It is no ServeMux, which would clean the path.
func api() http.Handler {
	release := make(chan struct{}, 1)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/content":
			http.ServeContent(w, r, "content.txt", time.Time{}, strings.NewReader("0123456789"))
		case "/release":
			release <- struct{}{}
		case "/stream":
			_, _ = io.WriteString(w, "first\n")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-release:
			case <-r.Context().Done():
			}
			_, _ = io.WriteString(w, "last\n")
		default:
			echo(w, r)
		}
	})
}

func echo(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		http.Error(w, "body", http.StatusBadRequest)
		return
	}
	w.Header().Set("X-Path", r.URL.EscapedPath())
	w.Header().Set("X-Method", r.Method)
	w.WriteHeader(http.StatusTeapot)
	fmt.Fprintf(w, "%d", n)
}

// Sequence implements retention.Ledger: this stand-in has no ledger.
func (t *tasks) Sequence(context.Context) (int, error) { return 0, nil }

func run() error {
	lines, err := os.OpenFile(os.Getenv("STANDIN_LINES"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	t := &tasks{lines: lines}
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	handler := azure.New(api(), map[string]azure.Function{
		ocr.Name:     azure.OnBlob(ocr.New(t)),
		requeue.Name: azure.OnMessage(requeue.New(t)),
		poison.Name:  azure.OnPoison(poison.New(t)),
		retention.Name: azure.OnTimer(retention.New(retention.Config{
			Tasks: t, Ledger: t, Rounds: func(context.Context) error { return nil }, Interval: time.Hour,
		})),
	}, log)
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: t.record(handler)}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"))
	if err != nil {
		return err
	}
	return server.Serve(listener)
}

// record writes down every request before it is served, with its body if it is an invocation.
func (t *tasks) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		line := Line{Call: "Request", Name: r.Method + " " + r.URL.EscapedPath(), Header: r.Header}
		if r.Method == http.MethodPost && r.Header.Get("X-Forwarded-For") == "" {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			line.Body = string(body[:min(len(body), 8192)])
		}
		t.note(line)
		next.ServeHTTP(w, r)
	})
}

func main() {
	fmt.Fprintln(os.Stderr, run())
	os.Exit(1)
}
