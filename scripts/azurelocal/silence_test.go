package main

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"github.com/lethe-ocr/lethe/scripts/azurelocal/stack"
)

// What a client says and sends stands nowhere once it is erased: not in the output of host and program (which the stamp
// checks when it stops), not in any blob, table or queue of the account, the host's own included.
func TestNothingOfADocumentIsLeftInTheAccount(t *testing.T) {
	const tag, password = canary + "-subject", canary + "-password"
	var connection string
	s := startStamp(t, nil, func(c *stack.Config) { connection = c.Storage })
	var c created
	status, err := s.request(t.Context(), http.MethodPost, "/v1/tasks", `{"formats":["txt","pdf","json"],"password":"`+password+`","subject":"`+tag+`"}`, &c)
	if err != nil || status != http.StatusCreated {
		t.Fatalf("create: %d, %v", status, err)
	}
	s.send(t, c, picture(t, 1))
	s.awaitState(t, time.Minute, c.ID, "Completed")
	words := []string{canary, secret, base64.StdEncoding.EncodeToString([]byte(canary))}
	if len(held(t, connection, words...)) == 0 {
		t.Fatal("nothing of the living task is found: the search proves nothing")
	}
	// A refused upload, a problem document and a task that fails carry the word too.
	bad := s.submit(t, []byte(canary))
	s.awaitState(t, time.Minute, bad, "ProcessingFailed")
	if status := s.try(t, http.MethodGet, "/v1/tasks/"+canary, nil); status != http.StatusNotFound {
		t.Errorf("an id that is none: %d", status)
	}
	if status, err := s.request(t.Context(), http.MethodPost, "/v1/erasures", `{"subject":"`+tag+`"}`, nil); err != nil || status >= 300 {
		t.Errorf("erase the subject: %d, %v", status, err)
	}
	for _, id := range []string{c.ID, bad} {
		await(t, time.Minute, "the task is erased", func() bool {
			return s.try(t, http.MethodDelete, "/v1/tasks/"+id, nil) == http.StatusOK
		})
	}
	if found := held(t, connection, words...); len(found) > 0 {
		t.Errorf("left in the account: %q", found)
	}
}

// send puts a document through the link of a task that was just made.
func (s *stamp) send(t *testing.T, c created, document []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), c.Upload.Method, c.Upload.URL, bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range c.Upload.Headers {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("upload: %d", res.StatusCode)
	}
}

// held lists everything in the account that holds one of the words: names, metadata and content of blobs, entities of
// tables, messages of queues.
func held(t *testing.T, connection string, words ...string) []string {
	t.Helper()
	var found []string
	look := func(place string, content []byte) {
		for _, w := range words {
			if bytes.Contains(content, []byte(w)) {
				found = append(found, place+" holds "+w)
			}
		}
	}
	heldInBlobs(t, connection, look)
	heldInTables(t, connection, look)
	heldInQueues(t, connection, look)
	return found
}

func heldInBlobs(t *testing.T, connection string, look func(string, []byte)) {
	t.Helper()
	blobs, err := azblob.NewClientFromConnectionString(connection, nil)
	if err != nil {
		t.Fatal(err)
	}
	for containers := blobs.NewListContainersPager(nil); containers.More(); {
		page, err := containers.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.ContainerItems {
			for list := blobs.NewListBlobsFlatPager(*c.Name, nil); list.More(); {
				names, err := list.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, b := range names.Segment.BlobItems {
					place := *c.Name + "/" + *b.Name
					look("a name", []byte(place))
					res, err := blobs.DownloadStream(t.Context(), *c.Name, *b.Name, nil)
					if err != nil {
						continue // it went meanwhile
					}
					content, _ := io.ReadAll(res.Body) // likewise
					_ = res.Body.Close()
					look(place, content)
					for key, value := range res.Metadata {
						look("metadata of "+place, []byte(key+"="+*value))
					}
				}
			}
		}
	}
}

func heldInTables(t *testing.T, connection string, look func(string, []byte)) {
	t.Helper()
	tables, err := aztables.NewServiceClientFromConnectionString(connection, nil)
	if err != nil {
		t.Fatal(err)
	}
	for list := tables.NewListTablesPager(nil); list.More(); {
		page, err := list.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range page.Tables {
			for entities := tables.NewClient(*table.Name).NewListEntitiesPager(nil); entities.More(); {
				rows, err := entities.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, row := range rows.Entities {
					look("table "+*table.Name, row)
					// Values are bytes, which the service shows in base64.
					for part := range strings.SplitSeq(string(row), `"`) {
						if value, err := base64.StdEncoding.DecodeString(part); err == nil {
							look("table "+*table.Name, value)
						}
					}
				}
			}
		}
	}
}

func heldInQueues(t *testing.T, connection string, look func(string, []byte)) {
	t.Helper()
	queues, err := azqueue.NewServiceClientFromConnectionString(connection, nil)
	if err != nil {
		t.Fatal(err)
	}
	for list := queues.NewListQueuesPager(nil); list.More(); {
		page, err := list.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range page.Queues {
			messages, err := queues.NewQueueClient(*q.Name).PeekMessages(t.Context(), &azqueue.PeekMessagesOptions{NumberOfMessages: new(int32(32))})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range messages.Messages {
				text, err := base64.StdEncoding.DecodeString(*m.MessageText)
				if err != nil {
					text = []byte(*m.MessageText)
				}
				look("queue "+*q.Name, text)
			}
		}
	}
}
