package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/functions/notify"
	"github.com/lethe-ocr/lethe/functions/ocr"
	"github.com/lethe-ocr/lethe/functions/poison"
	"github.com/lethe-ocr/lethe/functions/requeue"
	"github.com/lethe-ocr/lethe/functions/retention"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/task"
	"github.com/lethe-ocr/lethe/shared/trigger/azure"
)

// documents is the connection of the account that holds documents, apart from the host's own.
const documents = "Documents"

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// The folders tell the host what to call; the packages beside them say what they answer to.
func TestFunctionFoldersMatchTheirPackages(t *testing.T) {
	queue := func(binding, name string) map[string]any {
		return map[string]any{"type": "queueTrigger", "direction": "in", "name": binding, "queueName": name, "connection": documents}
	}
	want := map[string]map[string]any{
		ocr.Name: {
			"type": "blobTrigger", "direction": "in", "name": azure.BlobBinding, "path": storage.Uploads + "/{name}", "connection": documents,
			"source":     "EventGrid",                                       // the polling source is refused by the plan and keeps names for ever
			"properties": map[string]any{"supportsDeferredBinding": "true"}, // a reference in place of the content
		},
		requeue.Name:   queue(azure.MessageBinding, requeue.Queue),
		poison.Name:    queue(azure.MessageBinding, azure.PoisonQueue),
		notify.Name:    queue(azure.MessageBinding, notify.Queue),
		retention.Name: {"type": "timerTrigger", "direction": "in", "name": "timer", "schedule": "0 */5 * * * *"},
	}
	for name, trigger := range want {
		var got map[string]any
		readJSON(t, filepath.Join("functions", name, "function.json"), &got)
		if diff := cmp.Diff(map[string]any{"bindings": []any{trigger}}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	folders, err := filepath.Glob(filepath.Join(root, "functions/*/function.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(folders) != len(want)+1 {
		t.Errorf("%d functions, want these five and api: %q", len(folders), folders)
	}
}

func TestHTTPFunctionTakesEveryRouteButTheOthers(t *testing.T) {
	var got struct {
		Bindings []struct {
			Type, Direction, Name, AuthLevel, Route string
			Methods                                 []string
		}
	}
	readJSON(t, "functions/api/function.json", &got)
	if len(got.Bindings) != 2 || got.Bindings[0].Type != "httpTrigger" || got.Bindings[1].Type != "http" || got.Bindings[1].Direction != "out" {
		t.Fatalf("bindings %+v; requests are proxied only with one httpTrigger and one http output", got.Bindings)
	}
	in := got.Bindings[0]
	if in.AuthLevel != "anonymous" {
		t.Errorf("level %q: access is the program's own", in.AuthLevel)
	}
	if diff := cmp.Diff([]string{"get", "head", "post", "put", "delete", "options"}, in.Methods); diff != "" {
		t.Errorf("methods (-want +got):\n%s", diff)
	}
	excluded := regexp.MustCompile(`^\{\*path:regex\(\^\(\?!\(([a-z|]+)\)\$\)\.\*\$\)=\}$`).FindStringSubmatch(in.Route)
	if excluded == nil {
		t.Fatalf("route %q is not of the form that excludes names", in.Route)
	}
	names := regexp.MustCompile(`[a-z]+`).FindAllString(excluded[1], -1)
	slices.Sort(names)
	if diff := cmp.Diff([]string{notify.Name, ocr.Name, poison.Name, requeue.Name, retention.Name}, names); diff != "" {
		t.Errorf("excluded names (-want +got):\n%s", diff)
	}
}

func TestHostSettings(t *testing.T) {
	var host struct {
		Version         string
		FunctionTimeout string
		CustomHandler   struct {
			Description struct {
				DefaultExecutablePath string
				Arguments             []string
			}
			EnableForwardingHTTPRequest, EnableProxyingHTTPRequest bool
		}
		ExtensionBundle struct{ ID string }
		Logging         struct{ LogLevel map[string]string }
		Extensions      struct {
			HTTP   struct{ RoutePrefix *string }
			Blobs  struct{ MaxDegreeOfParallelism, PoisonBlobThreshold int }
			Queues struct {
				BatchSize, MaxDequeueCount            int
				NewBatchThreshold                     *int
				VisibilityTimeout, MaxPollingInterval string
				MessageEncoding                       string
			}
		}
	}
	readJSON(t, "host.json", &host)
	for _, c := range []struct {
		why string
		ok  bool
	}{
		{"version 2.0", host.Version == "2.0"},
		{"the program is started as a custom handler", host.CustomHandler.Description.DefaultExecutablePath == "lethe" &&
			slices.Equal(host.CustomHandler.Description.Arguments, []string{"functions"})},
		{"requests are proxied; forwarded by a host that cannot proxy", host.CustomHandler.EnableForwardingHTTPRequest && host.CustomHandler.EnableProxyingHTTPRequest},
		{"the Storage extension comes with the bundle", host.ExtensionBundle.ID == "Microsoft.Azure.Functions.ExtensionBundle"},
		{"paths begin at the root", host.Extensions.HTTP.RoutePrefix != nil && *host.Extensions.HTTP.RoutePrefix == ""},
		{"one blob at a time: recognition takes every core", host.Extensions.Blobs.MaxDegreeOfParallelism == 1},
		{"five tries of a blob", host.Extensions.Blobs.PoisonBlobThreshold == 5},
		{"one message at a time", host.Extensions.Queues.BatchSize == 1 && host.Extensions.Queues.NewBatchThreshold != nil && *host.Extensions.Queues.NewBatchThreshold == 0},
		{"five tries of a message", host.Extensions.Queues.MaxDequeueCount == 5},
		{"tries of a message have time between them", span(t, host.Extensions.Queues.VisibilityTimeout) >= 30*time.Second},
		{"an idle instance finds a part of a document within two seconds", span(t, host.Extensions.Queues.MaxPollingInterval) == 2*time.Second},
		{"messages are base64, as the storage driver and Event Grid write them", host.Extensions.Queues.MessageEncoding == "base64"},
		// The host kills a program that is over its time without asking it to end first.
		{"the program's deadline comes minutes before the host's", span(t, host.FunctionTimeout) >= task.DefaultLimits().Deadline+5*time.Minute},
	} {
		if !c.ok {
			t.Errorf("not so: %s", c.why)
		}
	}
}

// span parses hh:mm:ss.
func span(t *testing.T, s string) time.Duration {
	t.Helper()
	at, err := time.Parse(time.TimeOnly, s)
	if err != nil {
		t.Fatalf("time span %q: %v", s, err)
	}
	return at.Sub(at.Truncate(24 * time.Hour))
}
