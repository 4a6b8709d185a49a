package awsaccount

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/lethe-ocr/lethe/shared/doctor"
)

// messages examines the queues.
func (p *Probe) messages(ctx context.Context, v *view) {
	s := p.cfg.Stamp
	for _, name := range slices.Sorted(maps.Keys(s.Queues())) {
		q := doctor.AWSQueue{Name: name}
		url := "https://sqs." + s.Region + "." + domain(s.Region) + "/" + s.Account + "/" + s.Stack + "-" + name
		out, err := p.sqs().GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
			QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll},
		})
		switch c := code(err); {
		case err == nil:
			p.attributes(out.Attributes, &q)
		case strings.Contains(c, "NonExistentQueue") || strings.Contains(c, "QueueDoesNotExist"):
			q.Absent = true
		default:
			v.missed("sqs:GetQueueAttributes", err, doctor.QueueDeadLetters, doctor.QueueRetention, doctor.QueuePolicy, doctor.StampEncryption)
		}
		v.Queues = append(v.Queues, q)
		if err != nil && code(err) == "" {
			return
		}
	}
}

func (p *Probe) attributes(a map[string]string, q *doctor.AWSQueue) {
	q.Seen = true
	q.Retention, q.Visibility = seconds(a["MessageRetentionPeriod"]), seconds(a["VisibilityTimeout"])
	q.Policy = a["Policy"]
	var redrive struct {
		Target  string      `json:"deadLetterTargetArn"`
		Receive json.Number `json:"maxReceiveCount"`
	}
	if json.Unmarshal([]byte(a["RedrivePolicy"]), &redrive) == nil && redrive.Target != "" {
		q.DeadLetters = p.cfg.Stamp.Resource(redrive.Target)
		q.Receives, _ = strconv.Atoi(redrive.Receive.String())
	}
	switch key := a["KmsMasterKeyId"]; {
	case key != "":
		q.Encryption = &doctor.AWSEncryption{Own: true, Key: key}
	case a["SqsManagedSseEnabled"] == "true":
		q.Encryption = &doctor.AWSEncryption{}
	default:
		q.Encryption = &doctor.AWSEncryption{Plain: true}
	}
}

// seconds reads a number of seconds; what is none is 0.
func seconds(text string) time.Duration {
	n, _ := strconv.Atoi(text)
	return time.Duration(n) * time.Second
}

// logging examines the log groups of functions and of the trail, and who else gets what they hold.
func (p *Probe) logging(ctx context.Context, v *view) {
	s := p.cfg.Stamp
	groups := []doctor.AWSLogGroup{}
	for _, begins := range []string{s.LogGroup(), "/aws/cloudtrail/" + s.Stack} {
		for in := (&cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: sdk.String(begins)}); ; {
			page, err := p.logs().DescribeLogGroups(ctx, in)
			if err != nil {
				v.missed("logs:DescribeLogGroups", err, doctor.LogRetention)
				break
			}
			for _, g := range page.LogGroups {
				name := sdk.ToString(g.LogGroupName)
				if name == begins || strings.HasPrefix(name, begins+"-") { // no stack whose name goes on
					groups = append(groups, doctor.AWSLogGroup{Name: name, Days: int(sdk.ToInt32(g.RetentionInDays))})
				}
			}
			if in.NextToken = page.NextToken; sdk.ToString(in.NextToken) == "" {
				break
			}
		}
	}
	if v.Unseen[doctor.LogRetention] == "" {
		v.Logs = &groups
	}
	forwards := []string{}
	filters, err := p.logs().DescribeSubscriptionFilters(ctx, &cloudwatchlogs.DescribeSubscriptionFiltersInput{LogGroupName: sdk.String(s.LogGroup())})
	switch {
	case err == nil:
		for _, f := range filters.SubscriptionFilters {
			forwards = append(forwards, s.LogGroup()+" goes to "+sdk.ToString(f.DestinationArn))
		}
	case code(err) != "ResourceNotFoundException": // its absence is a finding of its own
		v.missed("logs:DescribeSubscriptionFilters", err, doctor.LogForwards)
	}
	out, err := p.logs().DescribeAccountPolicies(ctx, &cloudwatchlogs.DescribeAccountPoliciesInput{PolicyType: types.PolicyTypeSubscriptionFilterPolicy})
	if err != nil {
		v.missed("logs:DescribeAccountPolicies", err, doctor.LogForwards)
	} else if len(out.AccountPolicies) > 0 {
		forwards = append(forwards, "a subscription of the whole account")
	}
	v.Forwards = &forwards
}
