package aws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/lethe-ocr/lethe/shared/loopback"
)

// Config says where the store is and how to reach it. All but what says otherwise is required.
type Config struct {
	Region string // eu-central-1
	Bucket string // without full stops: its name becomes part of a host name
	Tables string // what the names of the tables begin with
	Queue  string // URL of the queue for work that is handed on; empty for a process that sends nothing
	Notify string // URL of the queue of webhooks; empty where they are off

	// Credentials are those of the execution role. Without a session token they are refused unless the store is an emulator's.
	Credentials sdk.CredentialsProvider

	// Endpoints of emulators on loopback: all of them or none.
	S3Endpoint       string
	DynamoDBEndpoint string
	SQSEndpoint      string

	HTTP        sdk.HTTPClient       // overrides the HTTP client; for tests
	SettleAfter time.Duration        // age at which a stale due entry may be removed; zero for DefaultSettleAfter
	Now         func() time.Time     // required
	Observe     func(date time.Time) // gets the Date header of every answer; nil for nobody
	Wall        func() time.Time     // this machine's own clock, which the doctor holds against the store's; nil for Now
}

// DefaultSettleAfter is longer than any Put takes, so that an entry is never removed between a Put's two writes.
const DefaultSettleAfter = 5 * time.Minute

// Callers retry with their own back-off and deadline, so the SDK does so briefly.
const (
	maxAttempts = 3
	maxBackoff  = 2 * time.Second
)

// check refuses what would send documents in the clear, or lasting keys anywhere but to an emulator.
func (c Config) check() error {
	switch {
	case c.Region == "" || c.Bucket == "" || c.Tables == "":
		return errors.New("the region, the bucket and the prefix of the tables must be given")
	case strings.Contains(c.Bucket, "."):
		return errors.New("the name of the bucket must have no full stop, or TLS could not be checked")
	case c.Credentials == nil:
		return errors.New("the credentials of the execution role must be given")
	}
	if c.emulated() {
		for _, endpoint := range []struct{ name, url string }{{"S3", c.S3Endpoint}, {"DynamoDB", c.DynamoDBEndpoint}, {"SQS", c.SQSEndpoint}} {
			if !local(endpoint.url) {
				return fmt.Errorf("endpoint of %s: endpoints are for emulators on loopback, and all three must be given", endpoint.name)
			}
		}
		for _, queue := range []string{c.Queue, c.Notify} {
			if queue != "" && !local(queue) {
				return errors.New("the queues of an emulator must be on loopback")
			}
		}
		return nil
	}
	for _, queue := range []string{c.Queue, c.Notify} {
		if queue != "" && !strings.HasPrefix(queue, "https://") {
			return errors.New("the URLs of the queues must begin with https://")
		}
	}
	if fixed, ok := c.Credentials.(credentials.StaticCredentialsProvider); ok && fixed.Value.SessionToken == "" {
		return errLasting
	}
	return nil
}

func (c Config) emulated() bool { return c.S3Endpoint+c.DynamoDBEndpoint+c.SQSEndpoint != "" }

func local(endpoint string) bool {
	u, err := url.Parse(endpoint)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && loopback.Host(u.Hostname())
}

var errLasting = errors.New("access keys without a session token are for emulators on loopback; run as an execution role instead")

// role passes on credentials of a session alone.
type role struct{ sdk.CredentialsProvider }

// Retrieve implements sdk.CredentialsProvider.
func (r role) Retrieve(ctx context.Context) (sdk.Credentials, error) {
	found, err := r.CredentialsProvider.Retrieve(ctx)
	if err == nil && found.SessionToken == "" {
		return sdk.Credentials{}, errLasting
	}
	return found, err
}

// RoleCredentials returns the credentials that Lambda puts into the environment of a function, as getenv reads it.
func RoleCredentials(getenv func(string) string) (sdk.CredentialsProvider, error) {
	id, secret := getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY")
	if id == "" || secret == "" {
		return nil, errors.New("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are missing: on Lambda the execution role sets them, elsewhere run: export $(aws configure export-credentials --format env-no-export)")
	}
	return credentials.NewStaticCredentialsProvider(id, secret, getenv("AWS_SESSION_TOKEN")), nil
}

// dated passes on what a service says of the time.
type dated struct {
	sdk.HTTPClient
	observe func(time.Time)
}

// Do implements sdk.HTTPClient.
func (d dated) Do(req *http.Request) (*http.Response, error) {
	resp, err := d.HTTPClient.Do(req)
	if err == nil && d.observe != nil {
		if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			d.observe(date)
		}
	}
	return resp, err
}

// clients reach the three services.
type clients struct {
	s3       *s3.Client
	dynamodb *dynamodb.Client
	sqs      *sqs.Client
	retryer  *retry.Standard
	identity sdk.CredentialsProvider
	emulated bool
}

func connect(c Config) (clients, error) {
	if err := c.check(); err != nil {
		return clients{}, err
	}
	client := c.HTTP
	if client == nil {
		client = awshttp.NewBuildableClient()
	}
	client = dated{client, c.Observe}
	identity := c.Credentials
	if !c.emulated() {
		identity = role{identity}
	}
	retryer := retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = maxAttempts, maxBackoff })
	return clients{
		retryer:  retryer,
		identity: identity,
		emulated: c.emulated(),
		s3: s3.New(s3.Options{
			Region: c.Region, Credentials: identity, HTTPClient: client, Retryer: retryer,
			BaseEndpoint: endpoint(c.S3Endpoint), UsePathStyle: c.emulated(),
			RequestChecksumCalculation: sdk.RequestChecksumCalculationWhenSupported,
			ResponseChecksumValidation: sdk.ResponseChecksumValidationWhenSupported,
		}),
		dynamodb: dynamodb.New(dynamodb.Options{
			Region: c.Region, Credentials: identity, HTTPClient: client, Retryer: retryer,
			BaseEndpoint: endpoint(c.DynamoDBEndpoint), AccountIDEndpointMode: sdk.AccountIDEndpointModeDisabled,
		}),
		sqs: sqs.New(sqs.Options{
			Region: c.Region, Credentials: identity, HTTPClient: client, Retryer: retryer, BaseEndpoint: endpoint(c.SQSEndpoint),
		}),
	}, nil
}

// endpoint is nil for the region's own, which is always HTTPS.
func endpoint(url string) *string {
	if url == "" {
		return nil
	}
	return &url
}
