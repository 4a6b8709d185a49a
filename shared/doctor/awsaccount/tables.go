package awsaccount

import (
	"context"
	"errors"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/storage/dueindex"
)

// described examines every table. Once the service does not answer the rest is left out.
func (p *Probe) described(ctx context.Context, v *view) {
	for _, name := range dueindex.Tables() {
		t := doctor.AWSTable{Name: name}
		full := p.cfg.Stamp.Tables + name
		out, err := p.dynamodb().DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &full})
		var absent *types.ResourceNotFoundException
		switch {
		case errors.As(err, &absent):
			t.Absent = true
		case err != nil:
			v.missed("dynamodb:DescribeTable", err, doctor.Tables, doctor.TableStreams, doctor.TableReplicas, doctor.TableIndexes, doctor.StampEncryption, doctor.TableProtection)
		default:
			describe(out.Table, &t)
		}
		switch {
		case t.Absent:
		case p.cfg.Stamp.Emulated: // it sends changes nowhere else, and neither encrypts nor protects
			t.Kinesis, t.Insights, t.Encryption, t.Protected = new(false), new(false), nil, nil
		default:
			p.recovery(ctx, v, &t, full)
			p.listeners(ctx, v, &t, full)
			p.admitted(ctx, v, &t)
		}
		if !t.Absent {
			if out, err := p.dynamodb().DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &full}); err != nil {
				v.missed("dynamodb:DescribeTimeToLive", err, doctor.TableExpiry)
			} else if d := out.TimeToLiveDescription; d != nil {
				t.Expiry = sdk.Bool(d.TimeToLiveStatus != types.TimeToLiveStatusDisabled)
			}
		}
		v.Tables = append(v.Tables, t)
		if err != nil && !t.Absent && code(err) == "" {
			return
		}
	}
}

// describe reads what one answer says of a table.
func describe(d *types.TableDescription, t *doctor.AWSTable) {
	if d == nil {
		return
	}
	t.Keys = []string{}
	for _, kind := range []types.KeyType{types.KeyTypeHash, types.KeyTypeRange} {
		for _, k := range d.KeySchema {
			if k.KeyType == kind {
				t.Keys = append(t.Keys, sdk.ToString(k.AttributeName))
			}
		}
	}
	t.Stream = sdk.Bool(d.StreamSpecification != nil && sdk.ToBool(d.StreamSpecification.StreamEnabled))
	t.Protected = sdk.Bool(sdk.ToBool(d.DeletionProtectionEnabled))
	t.Encryption = &doctor.AWSEncryption{} // every table is encrypted; without a description with the service's key
	if e := d.SSEDescription; e != nil && (e.Status == types.SSEStatusEnabled || e.Status == types.SSEStatusUpdating) && e.SSEType == types.SSETypeKms {
		t.Encryption = &doctor.AWSEncryption{Own: true, Key: sdk.ToString(e.KMSMasterKeyArn)}
	}
	replicas, indexes := []string{}, []string{}
	for _, r := range d.Replicas {
		replicas = append(replicas, sdk.ToString(r.RegionName))
	}
	for _, i := range d.GlobalSecondaryIndexes {
		indexes = append(indexes, sdk.ToString(i.IndexName))
	}
	for _, i := range d.LocalSecondaryIndexes {
		indexes = append(indexes, sdk.ToString(i.IndexName))
	}
	t.Replicas, t.Indexes = &replicas, &indexes
}

// recovery reads what brings records back.
func (p *Probe) recovery(ctx context.Context, v *view, t *doctor.AWSTable, table string) {
	if out, err := p.dynamodb().DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: &table}); err != nil {
		v.missed("dynamodb:DescribeContinuousBackups", err, doctor.TableRecovery)
	} else if d := out.ContinuousBackupsDescription; d != nil {
		r := d.PointInTimeRecoveryDescription
		t.Recovery = sdk.Bool(r != nil && r.PointInTimeRecoveryStatus != types.PointInTimeRecoveryStatusDisabled)
	}
	if out, err := p.dynamodb().ListBackups(ctx, &dynamodb.ListBackupsInput{TableName: &table, BackupType: types.BackupTypeFilterAll}); err != nil {
		v.missed("dynamodb:ListBackups", err, doctor.TableBackups)
	} else {
		t.Backups = sdk.Int(len(out.BackupSummaries))
	}
}

// listeners reads who gets records or their keys when they change.
func (p *Probe) listeners(ctx context.Context, v *view, t *doctor.AWSTable, table string) {
	if out, err := p.dynamodb().DescribeKinesisStreamingDestination(ctx, &dynamodb.DescribeKinesisStreamingDestinationInput{TableName: &table}); err != nil {
		v.missed("dynamodb:DescribeKinesisStreamingDestination", err, doctor.TableStreams)
	} else {
		t.Kinesis = new(false)
		for _, d := range out.KinesisDataStreamDestinations {
			if d.DestinationStatus != types.DestinationStatusDisabled {
				t.Kinesis = new(true)
			}
		}
	}
	out, err := p.dynamodb().DescribeContributorInsights(ctx, &dynamodb.DescribeContributorInsightsInput{TableName: &table})
	switch {
	case err == nil:
		t.Insights = sdk.Bool(out.ContributorInsightsStatus != types.ContributorInsightsStatusDisabled && out.ContributorInsightsStatus != "")
	case code(err) == "ResourceNotFoundException": // it was never on
		t.Insights = new(false)
	default:
		v.missed("dynamodb:DescribeContributorInsights", err, doctor.TableStreams)
	}
}

// admitted reads whom the table lets in by itself.
func (p *Probe) admitted(ctx context.Context, v *view, t *doctor.AWSTable) {
	arn := p.cfg.Stamp.ARN(doctor.AWSResource("table/" + t.Name))
	out, err := p.dynamodb().GetResourcePolicy(ctx, &dynamodb.GetResourcePolicyInput{ResourceArn: &arn})
	switch {
	case err == nil:
		t.Policy = sdk.String(sdk.ToString(out.Policy))
	case code(err) == "PolicyNotFoundException":
		t.Policy = new("")
	default:
		v.missed("dynamodb:GetResourcePolicy", err, doctor.TablePolicy)
	}
}
