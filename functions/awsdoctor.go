package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/doctor/awsaccount"
	"github.com/lethe-ocr/lethe/shared/storage/aws"
)

// awsStampOf is what the settings say that a stamp on AWS is. Names of a stack's parts begin with its own, those of tables too.
func awsStampOf(set config.Settings) doctor.StampAWS {
	account := ""
	if parts := strings.Split(set.AWSSigningKey, ":"); len(parts) > 4 { // arn:aws:secretsmanager:region:account:…
		account = parts[4]
	}
	return doctor.StampAWS{
		AWSNames: doctor.AWSNames{
			Stack: strings.TrimSuffix(set.AWSTables, "-"), Region: set.Region, Account: account, Bucket: set.AWSBucket, Tables: set.AWSTables,
			SecretARN: set.AWSSigningKey, KeyARN: set.AWSKey,
		},
		Policy: set.Policy(), Webhooks: set.Webhooks,
	}
}

// stampProbe examines the stamp that a function belongs to, as that function.
func stampProbe(set config.Settings, cfg aws.Config) (doctor.Probe, error) {
	stamp := awsStampOf(set)
	stamp.Platform, stamp.Role = os.Getenv("AWS_REGION"), os.Getenv("AWS_LAMBDA_FUNCTION_NAME") // a role has the name of its function
	return awsaccount.New(awsaccount.Config{
		Stamp: stamp, Credentials: cfg.Credentials, Now: time.Now, S3Endpoint: cfg.S3Endpoint, DynamoDBEndpoint: cfg.DynamoDBEndpoint, HTTP: cfg.HTTP,
	})
}

// examineAWS examines a stamp from outside, with the rights of whoever asks: the one that the settings name, or that of a stack, whose
// functions have the settings.
func (e *examination) examineAWS(ctx context.Context, set config.Settings) (doctor.Findings, error) {
	cfg, err := stampOnAWS(set, clock.NewRemote(time.Now))
	if err != nil {
		return nil, verbs.Setting(err)
	}
	if e.stack != "" {
		if set, err = settingsOfStack(ctx, set, cfg, e.stack); err != nil {
			return nil, err
		}
	}
	if set.AWSBucket == "" || set.AWSTables == "" {
		return nil, verbs.Setting(errors.New("LETHE_AWS_BUCKET and LETHE_AWS_TABLES name the stamp; or name its stack with --stack"))
	}
	probe, err := awsaccount.New(awsaccount.Config{
		Stamp: awsStampOf(set), Credentials: cfg.Credentials, Now: time.Now, S3Endpoint: cfg.S3Endpoint, DynamoDBEndpoint: cfg.DynamoDBEndpoint,
	})
	if err != nil {
		return nil, verbs.Setting(err)
	}
	return doctor.Run(ctx, probe), nil
}

// settingsOfStack takes the settings that describe a stamp from the function that answers its clients. The region is that of the
// settings, or of a stack that is named after it.
func settingsOfStack(ctx context.Context, set config.Settings, cfg aws.Config, stack string) (config.Settings, error) {
	if set.Region == config.Default().Region {
		set.Region = strings.TrimPrefix(stack, "lethe-")
	}
	if err := doctor.ValidAWSRegion(set.Region); err != nil {
		return set, verbs.Setting(err)
	}
	found, err := awsaccount.Settings(ctx, awsaccount.Config{
		Stamp: doctor.StampAWS{AWSNames: doctor.AWSNames{Region: set.Region, Stack: stack}}, Credentials: cfg.Credentials,
	})
	if err != nil {
		return set, fmt.Errorf("the settings of stack %s: %w", stack, err)
	}
	set.AWSBucket, set.AWSTables, set.AWSSigningKey, set.AWSKey = found["LETHE_AWS_BUCKET"], found["LETHE_AWS_TABLES"], found["LETHE_AWS_SIGNING_KEY"], found["LETHE_AWS_KEY"]
	set.Webhooks = found["LETHE_WEBHOOKS"] == "true"
	for name, to := range map[string]*time.Duration{
		"LETHE_RETAIN_PROCESSED": &set.RetainProcessed, "LETHE_RETAIN_UNPROCESSED": &set.RetainUnprocessed, "LETHE_RETAIN_MARGIN": &set.RetainMargin,
	} {
		if d, err := time.ParseDuration(found[name]); err == nil && d > 0 {
			*to = d
		}
	}
	return set, nil
}
