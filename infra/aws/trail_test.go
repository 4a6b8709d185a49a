package aws_test

import (
	"fmt"
	"slices"
	"strings"
)

// recorded lists the alarms on what the trail records.
func recorded() []string {
	return []string{"foreign-read", "role-changed", "audit-changed", "deletion-changed"}
}

func trailRules() []rule {
	return []rule{
		{
			name: "a read by anybody but the functions is heard, and a change of roles, audit and deletion",
			check: func(s stamp) []string {
				if !s.watched() {
					return nil
				}
				var wrong []string
				for _, name := range recorded() {
					var pattern string
					for _, r := range s.of(filters) {
						if r.str("Properties.MetricTransformations.0.MetricName") == name && r.str("Properties.LogGroupName") == "/aws/cloudtrail/lethe-"+s.region {
							pattern = r.str("Properties.FilterPattern")
						}
					}
					if len(pattern) > 1024 {
						wrong = append(wrong, fmt.Sprintf("%s: a pattern of %d characters", name, len(pattern)))
					}
					for _, e := range events(s) {
						got, err := matches(pattern, e.record)
						if want := slices.Contains(e.raises, name); err != nil || got != want {
							wrong = append(wrong, fmt.Sprintf("%s of %s: %v %v", name, e.what, got, err))
						}
					}
				}
				return wrong
			},
			broken: func(s stamp) {
				if r := s.resources["ForeignReadFilter"]; r != nil {
					s.set("ForeignReadFilter", "FilterPattern", strings.ReplaceAll(r.str("Properties.FilterPattern"), "!=", "="))
				}
			},
		},
		{
			name: "the trail records objects, records and changes, and ends with its parameter",
			check: func(s stamp) []string {
				if !s.watched() {
					return nil
				}
				field := func(name, operator, value string) map[string]any {
					return map[string]any{"Field": name, operator: []string{value}}
				}
				want := []any{
					[]any{field("eventCategory", "Equals", "Management"), field("readOnly", "Equals", "false")},
					[]any{field("eventCategory", "Equals", "Data"), field("resources.type", "Equals", "AWS::S3::Object"), field("resources.ARN", "StartsWith", s.bucketARN()+"/")},
					[]any{field("eventCategory", "Equals", "Data"), field("resources.type", "Equals", "AWS::DynamoDB::Table"),
						field("resources.ARN", "StartsWith", "arn:aws:dynamodb:"+s.region+":"+account+":table/lethe-"+s.region+"-")},
				}
				r := s.resources["Trail"]
				var got []any
				for i := range r.list("Properties.AdvancedEventSelectors") {
					got = append(got, r.at(fmt.Sprintf("Properties.AdvancedEventSelectors.%d.FieldSelectors", i)))
				}
				life := s.resources["TrailBucket"].at("Properties.LifecycleConfiguration.Rules")
				if !same(want, got) || r.str("Properties.CloudWatchLogsLogGroupArn") != arn(logGroups, s.region, "/aws/cloudtrail/lethe-"+s.region) || !same([]any{map[string]any{
					"Id": "kept", "Status": "Enabled", "Prefix": "", "ExpirationInDays": "30", "AbortIncompleteMultipartUpload": map[string]any{"DaysAfterInitiation": 1},
				}}, life) {
					return []string{fmt.Sprint(got, life)}
				}
				return nil
			},
			broken: func(s stamp) {
				s.set("Trail", "AdvancedEventSelectors.1.FieldSelectors.2.StartsWith.0", s.bucketARN()+"/uploads/")
			},
		},
		{
			name: "CloudTrail alone writes the trail, and nobody reads it over plain HTTP",
			check: func(s stamp) []string {
				if !s.watched() {
					return nil
				}
				bucket := "arn:aws:s3:::" + s.resources["TrailBucket"].str("Properties.BucketName")
				trail := "arn:aws:cloudtrail:" + s.region + ":" + account + ":trail/lethe-" + s.region
				service := map[string]any{"Service": "cloudtrail.amazonaws.com"}
				want := []any{
					map[string]any{"Sid": "TLSOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": []string{bucket, bucket + "/*"},
						"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}}},
					map[string]any{"Sid": "TrailLooks", "Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": bucket,
						"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceArn": trail}}},
					map[string]any{"Sid": "TrailWrites", "Effect": "Allow", "Principal": service, "Action": "s3:PutObject", "Resource": bucket + "/AWSLogs/" + account + "/*",
						"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceArn": trail, "s3:x-amz-acl": "bucket-owner-full-control"}}},
				}
				if got := s.resources["TrailBucketPolicy"].at("Properties.PolicyDocument.Statement"); !same(want, got) {
					return []string{fmt.Sprint(got)}
				}
				return nil
			},
			broken: func(s stamp) { s.set("TrailBucketPolicy", "PolicyDocument.Statement.2.Condition", nil) },
		},
	}
}
