package main

import (
	"bytes"
	"encoding/base64"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/lethe-ocr/lethe/shared/storage/aws/emulator"
)

// held lists everything that holds one of the words: the files of versitygw, which are objects, their metadata and parts of
// uploads that were not completed; names of objects and uploads; items of tables; messages of queues, those that are hidden too;
// and what emulators and functions printed.
func (s *stamp) held(t *testing.T, words ...string) []string {
	t.Helper()
	var found []string
	look := func(place string, content []byte) {
		for _, w := range words {
			if bytes.Contains(content, []byte(w)) {
				found = append(found, place+" holds "+w)
			}
		}
	}
	s.heldInFiles(t, look)
	s.heldInBucket(t, look)
	s.heldInTables(t, look)
	s.heldInQueues(t, look)
	look("the log", s.Log())
	return found
}

// heldInFiles reads what versitygw has of the bucket, wherever it has it, and what the emulators printed. Other stamps have
// buckets of their own.
func (s *stamp) heldInFiles(t *testing.T, look func(string, []byte)) {
	t.Helper()
	err := filepath.WalkDir(emulatorFolder, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // it went meanwhile
		}
		if !strings.Contains(path, "/"+s.Bucket+"/") && e.Name() != "output" {
			return nil
		}
		look("a file's name", []byte(path))
		if !e.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err == nil { // else it went meanwhile
			look("file "+path, text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// heldInBucket lists objects and unfinished uploads. Their content lies in files.
func (s *stamp) heldInBucket(t *testing.T, look func(string, []byte)) {
	t.Helper()
	for _, key := range s.keys(t, "") {
		look("a key", []byte(key))
		head, err := s.S3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &s.Bucket, Key: &key})
		if err != nil {
			continue // it went meanwhile
		}
		for name, value := range head.Metadata {
			look("metadata of "+key, []byte(name+"="+value))
		}
	}
	open, err := s.S3.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &s.Bucket})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range open.Uploads {
		look("an unfinished upload", []byte(aws.ToString(u.Key)))
	}
}

func (s *stamp) heldInTables(t *testing.T, look func(string, []byte)) {
	t.Helper()
	for list := dynamodb.NewListTablesPaginator(s.DynamoDB, nil); list.HasMorePages(); {
		names, err := list.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range names.TableNames {
			if !strings.HasPrefix(table, s.Tables) {
				continue
			}
			for scan := dynamodb.NewScanPaginator(s.DynamoDB, &dynamodb.ScanInput{TableName: &table}); scan.HasMorePages(); {
				page, err := scan.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, item := range page.Items {
					for name, value := range item {
						look("table "+table, []byte(name))
						switch v := value.(type) {
						case *types.AttributeValueMemberB:
							look("table "+table, v.Value)
							lookDecoded("table "+table, string(v.Value), look)
						case *types.AttributeValueMemberS:
							look("table "+table, []byte(v.Value))
						case *types.AttributeValueMemberN:
						default:
							t.Errorf("table %s has an attribute %s of type %T", table, name, v)
						}
					}
				}
			}
		}
	}
}

// lookDecoded looks at what is Base64 between quotation marks.
func lookDecoded(place, text string, look func(string, []byte)) {
	for part := range strings.SplitSeq(text, `"`) {
		if value, err := base64.StdEncoding.DecodeString(part); err == nil {
			look(place, value)
		}
	}
}

// heldInQueues reads the messages of every queue by the emulator's own view, which takes none of them.
func (s *stamp) heldInQueues(t *testing.T, look func(string, []byte)) {
	t.Helper()
	for _, url := range s.Queues {
		text := messages(t, url)
		look("queue "+url, text)
		lookDecoded("queue "+url, strings.ReplaceAll(string(text), `\"`, `"`), look)
	}
}

// messages returns everything that a queue holds.
func messages(t *testing.T, queue string) []byte {
	t.Helper()
	_, name, _ := strings.Cut(queue, "/"+emulator.Account+"/")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, emulator.Endpoint(t, emulators.SQS)+"/_fauxqs/queues/"+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("look into a queue: %d, %v", res.StatusCode, err)
	}
	return text
}

// The search of queues must find what it is there for, whether it is to be seen or hidden.
func TestSearchFindsMessages(t *testing.T) {
	s := start(t, nil, nil)
	const name, word = "searched", "a planted word"
	made, err := s.SQS.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.SQS.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: made.QueueUrl, MessageBody: aws.String(word)}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if !bytes.Contains(messages(t, *made.QueueUrl), []byte(word)) {
			t.Error("the word in the message is not found")
		}
		if _, err := s.SQS.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: made.QueueUrl}); err != nil { // hides it
			t.Fatal(err)
		}
	}
	if _, err := s.SQS.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: made.QueueUrl}); err != nil {
		t.Fatal(err)
	}
}
