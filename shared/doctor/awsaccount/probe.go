// Package awsaccount examines a stamp on AWS: bucket, tables, queues, functions, logs and roles, through the interfaces of their
// services. It reads settings, no document and no record, and changes nothing. The rights that it needs are those of the table of
// rights (doctor.AWSRights); a check that lacks one is unknown and names it.
package awsaccount

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/lethe-ocr/lethe/shared/doctor"
)

// Config says which stamp is examined, and as whom.
type Config struct {
	Stamp       doctor.StampAWS // with its region, stack, bucket, prefix of tables and account
	Credentials sdk.CredentialsProvider
	Now         func() time.Time // the program's wall clock

	// Endpoints of emulators on loopback, which stand for bucket and tables alone: both or none.
	S3Endpoint       string
	DynamoDBEndpoint string

	HTTP sdk.HTTPClient // overrides the HTTP client; nil for the SDK's own
}

// Probe is the probe of one stamp.
type Probe struct {
	cfg     Config
	http    sdk.HTTPClient
	retryer sdk.Retryer
}

var _ doctor.Probe = (*Probe)(nil)

// New returns the probe of a stamp. It sends no request.
func New(cfg Config) (*Probe, error) {
	for _, s := range []struct{ name, value string }{
		{"region", cfg.Stamp.Region}, {"stack", cfg.Stamp.Stack}, {"bucket", cfg.Stamp.Bucket}, {"prefix of tables", cfg.Stamp.Tables},
	} {
		if s.value == "" || strings.ContainsAny(s.value, "/?#%:") {
			return nil, fmt.Errorf("the %s of the stamp to examine must be named", s.name)
		}
	}
	if cfg.Credentials == nil {
		return nil, errors.New("credentials to examine the stamp with are missing")
	}
	cfg.Stamp.Emulated = cfg.S3Endpoint != "" || cfg.DynamoDBEndpoint != ""
	client := cfg.HTTP
	if client == nil {
		client = awshttp.NewBuildableClient()
	}
	tries := retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = attempts, time.Second })
	return &Probe{cfg: cfg, http: client, retryer: tries}, nil
}

// Clients of services are made where they are used. One in a field, or in an interface as paginators have it, would keep every
// operation of its service in the program: megabytes each, since templates may call any method of what they can reach.

func (p *Probe) s3() *s3.Client {
	return s3.New(s3.Options{
		Region: p.cfg.Stamp.Region, Credentials: p.cfg.Credentials, HTTPClient: p.http, Retryer: p.retryer,
		BaseEndpoint: given(p.cfg.S3Endpoint), UsePathStyle: p.cfg.S3Endpoint != "",
	})
}

func (p *Probe) dynamodb() *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region: p.cfg.Stamp.Region, Credentials: p.cfg.Credentials, HTTPClient: p.http, Retryer: p.retryer,
		BaseEndpoint: given(p.cfg.DynamoDBEndpoint), AccountIDEndpointMode: sdk.AccountIDEndpointModeDisabled,
	})
}

func (p *Probe) sqs() *sqs.Client {
	return sqs.New(sqs.Options{Region: p.cfg.Stamp.Region, Credentials: p.cfg.Credentials, HTTPClient: p.http, Retryer: p.retryer})
}

func (p *Probe) lambda() *lambda.Client {
	return lambda.New(lambda.Options{Region: p.cfg.Stamp.Region, Credentials: p.cfg.Credentials, HTTPClient: p.http, Retryer: p.retryer})
}

func (p *Probe) iam() *iam.Client {
	return iam.New(iam.Options{Region: p.cfg.Stamp.Region, Credentials: p.cfg.Credentials, HTTPClient: p.http, Retryer: p.retryer})
}

func (p *Probe) logs() *cloudwatchlogs.Client {
	return cloudwatchlogs.New(cloudwatchlogs.Options{Region: p.cfg.Stamp.Region, Credentials: p.cfg.Credentials, HTTPClient: p.http, Retryer: p.retryer})
}

func (p *Probe) sts() *sts.Client {
	return sts.New(sts.Options{Region: p.cfg.Stamp.Region, Credentials: p.cfg.Credentials, HTTPClient: p.http, Retryer: p.retryer})
}

// attempts and patience bound what a service that does not answer may cost: from a private network some cannot be reached.
const (
	attempts = 2
	patience = 8 * time.Second
)

func given(endpoint string) *string {
	if endpoint == "" {
		return nil
	}
	return &endpoint
}

// Subject implements doctor.Probe.
func (p *Probe) Subject() doctor.Subject { return doctor.OfAWS }

// Inspect implements doctor.Probe.
func (p *Probe) Inspect(ctx context.Context) []doctor.Finding {
	v := &view{AWS: doctor.AWS{Unseen: map[doctor.Check]string{}}}
	looks := []func(context.Context, *view){p.bucket, p.described}
	if p.cfg.Stamp.Emulated {
		v.emulated()
	} else {
		looks = append(looks, p.caller, p.messages, p.functions, p.logging, p.roles)
	}
	for _, look := range looks {
		within, done := context.WithTimeout(ctx, patience)
		look(within, v)
		done()
	}
	return v.Judge(p.cfg.Stamp)
}

// view is what was seen so far.
type view struct{ doctor.AWS }

// emulated says of every check that is not about bucket and tables that there is nothing to see, and of what no emulator has.
func (v *view) emulated() {
	emulators := map[doctor.Check]bool{
		doctor.StampRegion: true, doctor.StampClock: true, doctor.BucketVersioning: true, doctor.BucketLock: true,
		doctor.Tables: true, doctor.TableStreams: true, doctor.TableExpiry: true, doctor.TableReplicas: true, doctor.TableIndexes: true,
	}
	for _, e := range doctor.Expectations() {
		if e.Subject == doctor.OfAWS && !emulators[e.Check] {
			v.Unseen[e.Check] = "an emulator has no such thing"
		}
	}
}

// missed notes why checks could not be made. The first reason stays.
func (v *view) missed(action string, err error, checks ...doctor.Check) {
	for _, c := range checks {
		if v.Unseen[c] == "" {
			v.Unseen[c] = refusal(action, err)
		}
	}
}

// refusal says why something could not be seen, without the SDK's text, which holds addresses and names.
func refusal(action string, err error) string {
	switch c := code(err); {
	case strings.Contains(c, "AccessDenied") || strings.Contains(c, "Unauthorized") || strings.Contains(c, "AuthorizationError"):
		return "the right " + action + " is missing"
	case c != "":
		return action + " was answered with " + c
	default:
		return action + " was not answered"
	}
}

// code returns what a service calls its error; empty if it did not answer.
func code(err error) string {
	var answered smithy.APIError
	if errors.As(err, &answered) {
		return answered.ErrorCode()
	}
	return ""
}

// caller asks who the examination runs as, and whether the credentials end by themselves.
func (p *Probe) caller(ctx context.Context, v *view) {
	resp, err := p.sts().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		v.missed("sts:GetCallerIdentity", err, doctor.Identity)
		return
	}
	held, err := p.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		v.missed("the environment of the program", err, doctor.Identity)
		return
	}
	v.Caller = &doctor.AWSCaller{ARN: sdk.ToString(resp.Arn), Session: held.SessionToken != ""}
}
