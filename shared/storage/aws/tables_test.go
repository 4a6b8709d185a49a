package aws_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/lethe-ocr/lethe/shared/storage/aws"
)

// What a table keeps beside its items is read late, deletes late, or is a copy.
func TestNoTableHasAnIndexATimeToLiveOrAStream(t *testing.T) {
	store, _, cfg := wired(t)
	for _, name := range aws.Tables(cfg.Tables) {
		found, err := store.DynamoDB().DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &name})
		if err != nil {
			t.Fatal(err)
		}
		d := found.Table
		if len(d.GlobalSecondaryIndexes)+len(d.LocalSecondaryIndexes) > 0 || d.StreamSpecification != nil || d.LatestStreamArn != nil || len(d.KeySchema) != 2 {
			t.Errorf("%s: %+v", name, d)
		}
		life, err := store.DynamoDB().DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: &name})
		if err != nil || life.TimeToLiveDescription.TimeToLiveStatus != dynamodbtypes.TimeToLiveStatusDisabled {
			t.Errorf("%s: %+v, %v", name, life, err)
		}
	}
	if all, err := store.DynamoDB().ListTables(t.Context(), &dynamodb.ListTablesInput{ExclusiveStartTableName: &cfg.Tables}); err != nil || len(all.TableNames) < len(aws.Tables("")) {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestRegionIsReadFromTheBucketsTag(t *testing.T) {
	store, _, cfg := wired(t)
	if region, err := store.Region(t.Context()); err != nil || region != "eu-central-1" {
		t.Errorf("%q, %v", region, err)
	}
	if err := store.Prepare(t.Context(), "eu-west-1"); err != nil { // again: what is there stays
		t.Fatal(err)
	}
	if region, err := store.Region(t.Context()); err != nil || region != "eu-west-1" {
		t.Errorf("%q, %v", region, err)
	}
	untag(t, store, cfg.Bucket)
	if region, err := store.Region(t.Context()); err != nil || region != "" {
		t.Errorf("without a tag: %q, %v", region, err)
	}
}
