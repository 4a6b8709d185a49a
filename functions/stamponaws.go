package main

import (
	"errors"
	"os"
	"strings"

	"github.com/lethe-ocr/lethe/shared/clock"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/storage/aws"
)

// stampOnAWS is the storage of the stamp on AWS that the settings name, reached by the execution role.
func stampOnAWS(set config.Settings, c *clock.Remote) (aws.Config, error) {
	cfg := aws.Config{
		Region: set.Region, Bucket: set.AWSBucket, Tables: set.AWSTables, Queue: set.AWSQueue, Notify: set.AWSNotify,
		Now: c.Now, Observe: c.Observe, Wall: c.Wall,
	}
	var err error
	if cfg.Credentials, err = aws.RoleCredentials(os.Getenv); err != nil {
		return aws.Config{}, err
	}
	return cfg, emulators(set.AWSEndpoints, map[string]*string{"s3": &cfg.S3Endpoint, "dynamodb": &cfg.DynamoDBEndpoint, "sqs": &cfg.SQSEndpoint})
}

var errEndpoints = errors.New("LETHE_AWS_ENDPOINTS must be like s3=http://127.0.0.1:7070,dynamodb=http://127.0.0.1:8000,sqs=http://127.0.0.1:4566, or empty for AWS itself")

// emulators reads a list of service=address. That they are on loopback, and none is missing, the driver checks.
func emulators(list string, services map[string]*string) error {
	if list == "" {
		return nil
	}
	for pair := range strings.SplitSeq(list, ",") {
		name, address, _ := strings.Cut(pair, "=")
		to, known := services[strings.TrimSpace(name)]
		if !known || *to != "" || address == "" {
			return errEndpoints
		}
		*to = strings.TrimSpace(address)
	}
	return nil
}
