package main

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"github.com/lethe-ocr/lethe/scripts/azurelocal/stack"
	"github.com/lethe-ocr/lethe/scripts/stamptest"
)

func TestNothingOfADocumentIsLeftInTheAccount(t *testing.T) {
	var connection string
	s := startStamp(t, nil, func(c *stack.Config) { connection = c.Storage })
	stamptest.LeavesNothing(t, s.Client, func(words ...string) []string { return held(t, connection, words...) })
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
