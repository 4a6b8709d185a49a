package aws_test

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lethe-ocr/lethe/shared/storage/aws"
	"github.com/lethe-ocr/lethe/shared/storage/aws/emulator"
	"github.com/lethe-ocr/lethe/shared/storage/storagetest"
)

// emulators run for the tests of this package together: DynamoDB Local takes long to start.
var emulators emulator.Set

func TestMain(m *testing.M) {
	code := m.Run()
	emulators.Close()
	os.Exit(code)
}

var stores atomic.Int64

// settings are those of an empty store on the emulators.
func settings(t *testing.T) aws.Config {
	t.Helper()
	name := "store-" + strconv.FormatInt(stores.Add(1), 10)
	sqs := emulator.Endpoint(t, emulators.SQS)
	return aws.Config{
		Region: emulator.Region, Bucket: name, Tables: name + "-", Queue: emulator.QueueURL(sqs, name),
		Credentials: credentials.NewStaticCredentialsProvider(emulator.AccessKey, emulator.SecretKey, ""),
		S3Endpoint:  emulator.Endpoint(t, emulators.S3), DynamoDBEndpoint: emulator.Endpoint(t, emulators.DynamoDB), SQSEndpoint: sqs,
		SettleAfter: -time.Second, Now: time.Now,
	}
}

// opened is a store with everything that a stamp has.
func opened(t *testing.T, cfg aws.Config) *aws.Store {
	t.Helper()
	store, err := aws.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Prepare(t.Context(), "eu-central-1"); err != nil {
		t.Fatal(err)
	}
	return store
}

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Stores {
		cfg := settings(t)
		store := opened(t, cfg)
		return storagetest.Stores{
			Blobs: store.Blobs, Records: store.Records, Agenda: store.Records, Links: store.Links, BindsSize: true,
			Stage: func(t *testing.T, name string) { stage(t, store, cfg.Bucket, name) },
		}
	})
}

// stage leaves an upload in parts that is never finished.
func stage(t *testing.T, store *aws.Store, bucket, name string) {
	t.Helper()
	begun, err := store.S3().CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: &name})
	if err != nil {
		t.Fatal(err)
	}
	n := int32(1)
	if _, err := store.S3().UploadPart(t.Context(), &s3.UploadPartInput{
		Bucket: &bucket, Key: &name, UploadId: begun.UploadId, PartNumber: &n, Body: strings.NewReader("staged"),
	}); err != nil {
		t.Fatal(err)
	}
}
