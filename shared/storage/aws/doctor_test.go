package aws_test

import (
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/doctor/awsaccount"
	"github.com/lethe-ocr/lethe/shared/retention"
)

// The stand-in of the doctor's own tests answers as AWS is documented to. Here real parts answer.
func TestDoctorSeesWhatEmulatorsKeep(t *testing.T) {
	cfg := settings(t)
	store := opened(t, cfg)
	look := func() map[doctor.Check]doctor.Finding {
		t.Helper()
		probe, err := awsaccount.New(awsaccount.Config{
			Stamp:       doctor.StampAWS{AWSNames: doctor.AWSNames{Stack: cfg.Bucket, Region: cfg.Region, Bucket: cfg.Bucket, Tables: cfg.Tables}, Policy: retention.Default()},
			Credentials: cfg.Credentials, Now: time.Now, S3Endpoint: cfg.S3Endpoint, DynamoDBEndpoint: cfg.DynamoDBEndpoint,
		})
		if err != nil {
			t.Fatal(err)
		}
		found := map[doctor.Check]doctor.Finding{}
		for _, f := range doctor.Run(t.Context(), probe) {
			found[f.Check] = f
		}
		return found
	}
	seen := []doctor.Check{
		doctor.StampRegion, doctor.StampClock, doctor.BucketVersioning, doctor.BucketLock, doctor.Tables, doctor.TableStreams, doctor.TableExpiry,
		doctor.TableReplicas, doctor.TableIndexes,
	}
	found := look()
	for _, check := range seen {
		if f := found[check]; f.Outcome != doctor.OK {
			t.Errorf("%s: %s (%s)", check, f.Outcome, f.Found)
		}
	}
	for check, f := range found {
		if f.Outcome == doctor.Breach {
			t.Errorf("%s: %s", check, f.Found)
		}
	}

	spoil := map[doctor.Check]func() error{
		doctor.StampRegion: func() error {
			_, err := store.S3().PutBucketTagging(t.Context(), &s3.PutBucketTaggingInput{Bucket: &cfg.Bucket, Tagging: &s3types.Tagging{
				TagSet: []s3types.Tag{{Key: sdk.String("region"), Value: sdk.String("us-east-1")}},
			}})
			return err
		},
		doctor.BucketVersioning: func() error {
			_, err := store.S3().PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: &cfg.Bucket, VersioningConfiguration: &s3types.VersioningConfiguration{
				Status: s3types.BucketVersioningStatusEnabled,
			}})
			return err
		},
		doctor.TableExpiry: func() error {
			_, err := store.DynamoDB().UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{TableName: sdk.String(cfg.Tables + "tasks"), TimeToLiveSpecification: &dynamodbtypes.TimeToLiveSpecification{
				AttributeName: sdk.String("due"), Enabled: sdk.Bool(true),
			}})
			return err
		},
		doctor.TableStreams: func() error {
			_, err := store.DynamoDB().UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: sdk.String(cfg.Tables + "usage"), StreamSpecification: &dynamodbtypes.StreamSpecification{
				StreamEnabled: sdk.Bool(true), StreamViewType: dynamodbtypes.StreamViewTypeKeysOnly,
			}})
			return err
		},
		doctor.TableIndexes: func() error {
			_, err := store.DynamoDB().UpdateTable(t.Context(), &dynamodb.UpdateTableInput{
				TableName:            sdk.String(cfg.Tables + "cases"),
				AttributeDefinitions: []dynamodbtypes.AttributeDefinition{{AttributeName: sdk.String("due"), AttributeType: dynamodbtypes.ScalarAttributeTypeN}},
				GlobalSecondaryIndexUpdates: []dynamodbtypes.GlobalSecondaryIndexUpdate{{Create: &dynamodbtypes.CreateGlobalSecondaryIndexAction{
					IndexName: sdk.String("due"), KeySchema: []dynamodbtypes.KeySchemaElement{{AttributeName: sdk.String("due"), KeyType: dynamodbtypes.KeyTypeHash}},
					Projection: &dynamodbtypes.Projection{ProjectionType: dynamodbtypes.ProjectionTypeKeysOnly},
				}}},
			})
			return err
		},
		doctor.Tables: func() error {
			_, err := store.DynamoDB().DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: sdk.String(cfg.Tables + "receipts")})
			return err
		},
	}
	for check, change := range spoil {
		if err := change(); err != nil {
			t.Errorf("%s: %v", check, err)
			continue
		}
		if f := look()[check]; f.Outcome != doctor.Breach {
			t.Errorf("%s: %s (%s)", check, f.Outcome, f.Found)
		}
	}
}
