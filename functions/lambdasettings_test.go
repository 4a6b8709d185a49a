package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/ledger"
)

func TestProgramIsAFunctionWhereThePlatformStartsItAndNowhereElse(t *testing.T) {
	for _, c := range []struct {
		api  string // AWS_LAMBDA_RUNTIME_API
		args string
		want string
	}{
		{"127.0.0.1:9001", "/var/task/bootstrap", "/var/task/bootstrap lambda"},
		{"127.0.0.1:9001", "bootstrap ocr", "bootstrap lambda"}, // as the emulator starts it
		{"127.0.0.1:9001", "bootstrap warm", "bootstrap warm"},
		{"127.0.0.1:9001", "bootstrap lambda", "bootstrap lambda"},
		{"127.0.0.1:9001", "bootstrap ocr now", "bootstrap ocr now"},
		{"", "lethe", "lethe"},
		{"", "lethe ocr", "lethe ocr"},
	} {
		t.Setenv("AWS_LAMBDA_RUNTIME_API", c.api)
		t.Setenv("_HANDLER", "ocr")
		if got := strings.Join(asFunction(strings.Fields(c.args)), " "); got != c.want {
			t.Errorf("%q with %q: %q", c.args, c.api, got)
		}
	}
}

// The doctor and the table of rights list the functions; the platform names them.
func TestEveryFunctionOfAStampOnAWSHasAHandler(t *testing.T) {
	for _, name := range append(doctor.AWSFunctions(), "another") {
		a := lambdaFunction{role: name, server: &server{place: place{set: config.Default()}}}
		if _, err := a.function(); (err != nil) != (name == "another") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWorkersFitTheMemoryOfTheirFunction(t *testing.T) {
	for _, c := range []struct {
		role, memory, given string // LETHE_WORKER_MEMORY_MIB
		workers             int    // LETHE_WORKERS
		want                [2]int64
	}{
		{"ocr", "1769", "", 0, [2]int64{1, 1385}},
		{"ocr", "3538", "", 0, [2]int64{2, 1536}},
		{"requeue", "10240", "", 0, [2]int64{5, 1536}},
		{"ocr", "512", "", 0, [2]int64{1, 256}},
		{"ocr", "3538", "", 4, [2]int64{4, 788}},
		{"ocr", "3538", "700", 0, [2]int64{2, 700}},
		{"api", "3538", "", 0, [2]int64{1, 1536}},
		{"ocr", "", "", 3, [2]int64{3, 1536}},
	} {
		t.Setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", c.memory)
		t.Setenv("LETHE_WORKER_MEMORY_MIB", c.given)
		s := config.Settings{Workers: c.workers, WorkerMemory: 1536}
		if c.given == "700" {
			s.WorkerMemory = 700
		}
		fitFunction(c.role)(&s)
		if diff := cmp.Diff(c.want, [2]int64{int64(s.Workers), s.WorkerMemory}); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c, diff)
		}
	}
}

func TestEmulatorsAreNamedEachOnce(t *testing.T) {
	for list, want := range map[string][2]string{
		"":                                      {},
		"s3=http://127.0.0.1:1":                 {"http://127.0.0.1:1"},
		"s3=http://h:1, sqs=http://127.0.0.1:2": {"http://h:1", "http://127.0.0.1:2"},
	} {
		var s3, sqs string
		if err := emulators(list, map[string]*string{"s3": &s3, "sqs": &sqs}); err != nil || [2]string{s3, sqs} != want {
			t.Errorf("%q: %q, %q, %v", list, s3, sqs, err)
		}
	}
	for _, list := range []string{"s3", "s3=", "kms=http://127.0.0.1:1", "s3=http://a,s3=http://b", "s3=http://a,"} {
		var s3 string
		if emulators(list, map[string]*string{"s3": &s3}) == nil {
			t.Errorf("%q was taken", list)
		}
	}
}

func TestSigningKeysAreWhatIsOneInTheSecret(t *testing.T) {
	key, _, err := ledger.GenerateKey("test")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][4]string{ // current, previous; what is used of them
		{key, key, key, key},
		{key, "", key, ""},
		{key, "put by mistake", key, ""},
		{"put by mistake", key, "", ""},
		{"", key, "", ""},
	} {
		current, previous, err := signingKeys(c[0], c[1], nil)
		if got := [4]string{c[0], c[1], current, previous}; got != c || (err == nil) != (c[2] != "") {
			t.Errorf("got %q, want %q: %v", got, c, err)
		}
	}
	if current, previous, err := signingKeys(key, key, context.Canceled); current+previous != "" || err == nil {
		t.Error("a secret that was not read was used")
	}
}

func TestCompatibilityPageSaysWhatAFunctionURLTakes(t *testing.T) {
	for _, page := range []string{"../shared/abbyy/compatibility.md", "../README.md"} {
		text, err := os.ReadFile(page)
		if want := fmt.Sprintf("%.1f MB", float64(lambdaInline)/1e6); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s does not say that it takes %s, %v", page, want, err)
		}
	}
}
