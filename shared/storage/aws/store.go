package aws

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/lethe-ocr/lethe/shared/storage/dueindex"
)

// regionKey is the tag of the bucket that a deployment writes.
const regionKey = "region"

// Store is one bucket, the tables of one prefix and their queues.
type Store struct {
	Blobs   *Blobs
	Records *Records
	Links   *Links
	clients clients
	config  Config
}

// Open returns the store. It sends no request.
func Open(cfg Config) (*Store, error) {
	if cfg.SettleAfter == 0 {
		cfg.SettleAfter = DefaultSettleAfter
	}
	if cfg.Wall == nil {
		cfg.Wall = cfg.Now
	}
	c, err := connect(cfg)
	if err != nil {
		return nil, err
	}
	return &Store{
		Blobs:   &Blobs{client: c.s3, bucket: cfg.Bucket, now: cfg.Now},
		Records: &Records{client: c.dynamodb, retryer: c.retryer, prefix: cfg.Tables, settleAfter: cfg.SettleAfter, now: cfg.Now},
		Links:   &Links{config: cfg, identity: c.identity},
		clients: c,
		config:  cfg,
	}, nil
}

// Queue returns the queue for work that is handed on.
func (s *Store) Queue() *Queue { return &Queue{client: s.clients.sqs, url: s.config.Queue} }

// Notify returns the queue of webhooks.
func (s *Store) Notify() *Queue { return &Queue{client: s.clients.sqs, url: s.config.Notify} }

// Emulated reports whether the store is an emulator's.
func (s *Store) Emulated() bool { return s.clients.emulated }

// S3 returns the client of the bucket, for those who read its settings.
func (s *Store) S3() *s3.Client { return s.clients.s3 }

// DynamoDB returns the client of the tables, for those who read their settings.
func (s *Store) DynamoDB() *dynamodb.Client { return s.clients.dynamodb }

// SQS returns the client of the queue, for those who read its settings.
func (s *Store) SQS() *sqs.Client { return s.clients.sqs }

// Wall returns the time by this machine's own clock.
func (s *Store) Wall() time.Time { return s.config.Wall() }

// Tables lists the tables by their names, which begin with the prefix.
func Tables(prefix string) []string {
	names := dueindex.Tables()
	for n := range names {
		names[n] = prefix + names[n]
	}
	return names
}

// Prepare creates the bucket, the tables and the queues on an emulator. A stamp has them from its infrastructure code, and
// the program has no right to create any.
func (s *Store) Prepare(ctx context.Context, region string) error {
	if !s.clients.emulated {
		return errors.New("what a stamp has is created by its infrastructure code")
	}
	bucket := &s3.CreateBucketInput{Bucket: &s.config.Bucket}
	if s.config.Region != "us-east-1" { // which is what no constraint means
		bucket.CreateBucketConfiguration = &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(s.config.Region)}
	}
	if _, err := s.clients.s3.CreateBucket(ctx, bucket); err != nil && code(err) != "BucketAlreadyOwnedByYou" {
		return fmt.Errorf("create bucket: %w", classify(err))
	}
	tags := &s3types.Tagging{TagSet: []s3types.Tag{{Key: sdk.String(regionKey), Value: &region}}}
	if _, err := s.clients.s3.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: &s.config.Bucket, Tagging: tags}); err != nil {
		return fmt.Errorf("tag bucket: %w", classify(err))
	}
	for _, name := range Tables(s.config.Tables) {
		if err := s.createTable(ctx, name); err != nil {
			return fmt.Errorf("create table: %w", err)
		}
	}
	for _, queue := range []string{s.config.Queue, s.config.Notify} {
		if queue == "" {
			continue
		}
		if _, err := s.clients.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: sdk.String(path.Base(queue))}); err != nil {
			return fmt.Errorf("create queue: %w", classify(err))
		}
	}
	return nil
}

func (s *Store) createTable(ctx context.Context, name string) error {
	text := dynamodbtypes.ScalarAttributeTypeS
	_, err := s.clients.dynamodb.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            &name,
		BillingMode:          dynamodbtypes.BillingModePayPerRequest,
		AttributeDefinitions: []dynamodbtypes.AttributeDefinition{{AttributeName: sdk.String(partitionKey), AttributeType: text}, {AttributeName: sdk.String(rowKey), AttributeType: text}},
		KeySchema: []dynamodbtypes.KeySchemaElement{
			{AttributeName: sdk.String(partitionKey), KeyType: dynamodbtypes.KeyTypeHash},
			{AttributeName: sdk.String(rowKey), KeyType: dynamodbtypes.KeyTypeRange},
		},
	})
	if code(err) == "ResourceInUseException" { // it exists
		return nil
	}
	return classify(err)
}

// Tell makes the store answer, which contains its time.
func (s *Store) Tell(ctx context.Context) error {
	_, err := s.Region(ctx)
	return err
}

// Region reads the region that the deployment wrote on the bucket; empty if it wrote none.
func (s *Store) Region(ctx context.Context) (string, error) {
	resp, err := s.clients.s3.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &s.config.Bucket})
	if code(err) == noSuchTagSet {
		return "", nil
	}
	if err != nil {
		return "", classify(err)
	}
	for _, tag := range resp.TagSet {
		if sdk.ToString(tag.Key) == regionKey {
			return sdk.ToString(tag.Value), nil
		}
	}
	return "", nil
}
