package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lethe-ocr/lethe/functions/api/apitest"
	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/ledger"
)

// A document is sent, read and erased.
func Example() {
	ctx := context.Background()
	c, err := client.New(client.Config{
		URL: os.Getenv("LETHE_URL"), Application: os.Getenv("LETHE_APP"), Secret: os.Getenv("LETHE_SECRET"),
	})
	if err != nil {
		log.Fatal(err)
	}
	// The key makes a program that was interrupted find the task again in place of making another one.
	task, err := c.Create(ctx, client.Settings{Languages: []string{"eng"}, Formats: []string{"txt"}}, "invoice-4711")
	if err != nil {
		log.Fatal(err)
	}
	if err := c.Upload(ctx, task, client.File("testdata/scan.pdf")); err != nil {
		log.Fatal(err)
	}
	if task, err = c.Follow(ctx, task.ID, func(*client.Task) { /* its state, and the pages that are done */ }); err != nil {
		log.Fatal(err)
	}
	fmt.Println(task.State)
	if _, err := c.Fetch(ctx, task.ID, "txt", os.Stdout); err != nil {
		log.Fatal(err)
	}
	if task, err = c.Erase(ctx, task.ID); err != nil {
		log.Fatal(err)
	}
	fmt.Println(task.State)
	// Output:
	// Completed
	// A page in words.
	// Deleted
}

// An erasure has a receipt, which proves itself without the server.
func ExampleClient_Receipt() {
	ctx := context.Background()
	c := signedIn()
	task := read(ctx, c, "a contract")
	if _, err := c.Erase(ctx, task.ID); err != nil {
		log.Fatal(err)
	}
	receipt, err := c.Receipt(ctx, task.ID)
	if err != nil {
		log.Fatal(err)
	}
	keys, err := c.Keys(ctx) // better those that did not come from the server
	if err != nil {
		log.Fatal(err)
	}
	verdict, err := ledger.Verify(receipt, keys)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(verdict.Opening.Task == task.ID)
	// Output: true
}

// Whatever a server refuses has a code on which programs can rely.
func ExampleProblem() {
	_, err := signedIn().Get(context.Background(), "0198c5a2-6d1e-7c3b-9a51-2f0f6b1f7d55", time.Minute)
	if refused, ok := errors.AsType[*client.Problem](err); ok {
		fmt.Println(refused.Status, refused.Code)
	}
	// Output: 404 task_not_found
}

// Tasks are listed page by page.
func ExampleClient_List() {
	ctx := context.Background()
	c := signedIn()
	want := []string{read(ctx, c, "one").ID, read(ctx, c, "two").ID, read(ctx, c, "three").ID}
	found := 0
	for after := ""; ; {
		tasks, next, err := c.List(ctx, "Completed", after, 2)
		if err != nil {
			log.Fatal(err)
		}
		for _, t := range tasks {
			if slices.Contains(want, t.ID) {
				found++
			}
		}
		if after = next; after == "" {
			break
		}
	}
	fmt.Println(found)
	// Output: 3
}

// signedIn is a client of the server that the environment names.
func signedIn() *client.Client {
	c, err := client.New(client.Config{
		URL: os.Getenv("LETHE_URL"), Application: os.Getenv("LETHE_APP"), Secret: os.Getenv("LETHE_SECRET"),
	})
	if err != nil {
		log.Fatal(err)
	}
	return c
}

// read sends a document that is no file, and waits until it is read.
func read(ctx context.Context, c *client.Client, document string) *client.Task {
	task, err := c.Create(ctx, client.Settings{Formats: []string{"txt"}}, "")
	if err == nil {
		err = c.Upload(ctx, task, func() (io.ReadCloser, int64, error) {
			return io.NopCloser(strings.NewReader(document)), int64(len(document)), nil
		})
	}
	if err == nil {
		task, err = c.Follow(ctx, task.ID, func(*client.Task) {})
	}
	if err != nil {
		log.Fatal(err)
	}
	return task
}

// TestMain runs a server for the examples, which find it as everybody's programs do.
func TestMain(m *testing.M) {
	all := &lifetime{}
	for name, value := range apitest.Start(all).Environment() {
		if err := os.Setenv(name, value); err != nil {
			log.Fatal(err)
		}
	}
	code := m.Run()
	for _, end := range slices.Backward(all.ends) {
		end()
	}
	os.Exit(code)
}

// lifetime is that of all tests, for what asks for the lifetime of one.
type lifetime struct {
	testing.TB
	ends []func()
}

func (*lifetime) Helper() {}

func (l *lifetime) Cleanup(end func()) { l.ends = append(l.ends, end) }

func (*lifetime) Fatal(args ...any) { log.Fatal(args...) }

func (*lifetime) Error(args ...any) { log.Fatal(args...) }

func (*lifetime) Errorf(format string, args ...any) { log.Fatalf(format, args...) }
