package awsaccount_test

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/doctor/awsaccount"
)

// inspect examines the stamp that the answers describe.
func inspect(t *testing.T, a answers, change func(*awsaccount.Config)) map[doctor.Check]doctor.Finding {
	t.Helper()
	cfg := awsaccount.Config{Stamp: stamp, Credentials: session, Now: time.Now, HTTP: a}
	if change != nil {
		change(&cfg)
	}
	probe, err := awsaccount.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	found := map[doctor.Check]doctor.Finding{}
	for _, f := range doctor.Run(t.Context(), probe) {
		found[f.Check] = f
	}
	return found
}

func TestStampAsItShouldBeKeepsEveryExpectation(t *testing.T) {
	found := inspect(t, healthy(), nil)
	for _, e := range doctor.Expectations() {
		if f := found[e.Check]; e.Subject == doctor.OfAWS && f.Outcome != doctor.OK {
			t.Errorf("%s: %s (%s)", e.Check, f.Outcome, f.Found)
		}
	}
}

func TestWhatAWSAnswersIsRead(t *testing.T) {
	cases := []struct {
		check  doctor.Check
		asked  string
		answer string
		found  string // in what is told
	}{
		{doctor.StampRegion, "s3 tagging", xmlOf("Tagging", "<TagSet><Tag><Key>region</Key><Value>us-east-1</Value></Tag></TagSet>"), "tag region says region us-east-1"},
		{doctor.StampRegion, "s3 location", "<LocationConstraint/>", "location says region us-east-1"},
		{doctor.StampEncryption, "s3 encryption", encrypted("AES256", ""), "the bucket is encrypted with a key that the service keeps"},
		{doctor.StampEncryption, "s3 encryption", "!ServerSideEncryptionConfigurationNotFoundError", "the bucket is not encrypted"},
		{doctor.StampEncryption, "dynamodb DescribeTable tasks", strings.ReplaceAll(table(""), `"Status":"ENABLED"`, `"Status":"DISABLED"`), "table tasks is encrypted with a key that the service keeps"},
		{doctor.StampEncryption, "sqs GetQueueAttributes poison", strings.ReplaceAll(attributes("poison", "172800", ""), "KmsMasterKeyId", "X"), "queue poison is not encrypted"},
		{doctor.StampEncryption, "sqs GetQueueAttributes poison", strings.ReplaceAll(attributes("poison", "172800", `,"SqsManagedSseEnabled":"true"`), "KmsMasterKeyId", "X"), "queue poison is encrypted with a key that the service keeps"},
		{doctor.BucketVersioning, "s3 versioning", xmlOf("VersioningConfiguration", "<Status>Enabled</Status>"), "versioning is enabled"},
		{doctor.BucketVersioning, "s3 versioning", xmlOf("VersioningConfiguration", "<Status>Suspended</Status>"), "versioning is suspended"},
		{doctor.BucketLock, "s3 object-lock", xmlOf("ObjectLockConfiguration", "<ObjectLockEnabled>Enabled</ObjectLockEnabled>"), "forbids deletion"},
		{doctor.BucketReplication, "s3 replication", xmlOf("ReplicationConfiguration", "<Rule><Status>Disabled</Status></Rule>"), "rules that copy"},
		{doctor.BucketLifecycle, "s3 lifecycle", "!NoSuchLifecycleConfiguration", "no rule covers all of uploads"},
		{doctor.BucketLifecycle, "s3 lifecycle", xmlOf("LifecycleConfiguration", strings.ReplaceAll(expire("uploads/", 2), "Enabled", "Disabled")+unfinished), "no rule covers all of uploads"},
		{doctor.BucketLifecycle, "s3 lifecycle", xmlOf("LifecycleConfiguration", expire("", 2)+unfinished), "ledger is deleted by a rule"},
		{doctor.BucketLifecycle, "s3 lifecycle", xmlOf("LifecycleConfiguration", expire("uploads/", 2)+expire("work/", 2)+expire("results/", 1)+expire("deadletters/", 2)), "unfinished uploads in uploads"},
		{doctor.BucketLifecycle, "s3 lifecycle", xmlOf("LifecycleConfiguration", strings.ReplaceAll(expire("uploads/", 2), "<Filter><Prefix>uploads/</Prefix></Filter>",
			"<Filter><And><Prefix>uploads/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter>")+unfinished), "no rule covers all of uploads"},
		{doctor.BucketPublic, "s3 publicAccessBlock", publicBlock("false"), "off: RestrictPublicBuckets"},
		{doctor.BucketPublic, "s3 publicAccessBlock", "!NoSuchPublicAccessBlockConfiguration", "off: BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets"},
		{doctor.BucketOwner, "s3 ownershipControls", "!OwnershipControlsNotFoundError", "none is set"},
		{doctor.BucketPolicy, "s3 policy", "!NoSuchBucketPolicy", "plain HTTP is accepted"},
		{doctor.BucketPolicy, "s3 policy", `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}`, "everybody is allowed s3:GetObject"},
		{doctor.BucketCopies, "s3 inventory", xmlOf("ListInventoryConfigurationsResult", "<InventoryConfiguration><Id>x</Id></InventoryConfiguration>"), "an inventory"},
		{doctor.BucketCopies, "s3 analytics", xmlOf("ListBucketAnalyticsConfigurationResult", "<AnalyticsConfiguration><Id>x</Id></AnalyticsConfiguration>"), "analytics"},
		{doctor.BucketCopies, "s3 metadataConfiguration", xmlOf("GetBucketMetadataConfigurationResult", "<MetadataConfigurationResult/>"), "a metadata table"},
		{doctor.BucketCopies, "s3 logging", xmlOf("BucketLoggingStatus", "<LoggingEnabled><TargetBucket>logs</TargetBucket></LoggingEnabled>"), "into the bucket logs"},
		{doctor.BucketCopies, "s3 website", xmlOf("WebsiteConfiguration", "<IndexDocument><Suffix>i</Suffix></IndexDocument>"), "a website"},
		{doctor.BucketCopies, "s3-control accesspoint", xmlOf("ListAccessPointsResult", "<AccessPointList><AccessPoint><Name>x</Name></AccessPoint></AccessPointList>"), "1 access points"},
		{doctor.BucketCORS, "s3 cors", "!NoSuchCORSConfiguration", "its scripts may not use links"},
		{doctor.BucketCORS, "s3 cors", corsOf("https://ocr.example.org", "PUT", "GET"), "scripts of https://ocr.example.org may use links, and the page is at https://x.lambda-url"},
		{doctor.BucketCORS, "s3 cors", corsOf("https://x.lambda-url.eu-central-1.on.aws", "PUT", "GET", "DELETE"), "may use DELETE, GET, PUT"},
		{doctor.BucketCORS, "lambda configuration api", strings.ReplaceAll(function(""), `"LETHE_PAGE":"on"`, `"LETHE_PAGE":"off"`), "there is no page"},
		{doctor.FunctionSignIn, "lambda configuration api", strings.ReplaceAll(function(""), `"LETHE_PAGE_APP":""`, `"LETHE_OIDC_CLIENT_ID":"lethe-page"`), "LETHE_PAGE_APP no application"},
		{doctor.BucketEvents, "s3 notification", events("others", ""), "told of objects: arn:aws:sqs:eu-central-1:111122223333:others"},
		{doctor.BucketEvents, "s3 notification", events("lethe-eu-central-1-uploads", "<EventBridgeConfiguration/>"), "EventBridge"},
		{doctor.BucketEvents, "s3 notification", events("lethe-eu-central-1-uploads", "<TopicConfiguration><Topic>arn:t</Topic></TopicConfiguration>"), "arn:t"},
		{doctor.BucketEvents, "s3 notification", events("lethe-eu-central-1-uploads", "<CloudFunctionConfiguration><CloudFunction>arn:f</CloudFunction></CloudFunctionConfiguration>"), "arn:f"},

		{doctor.Tables, "dynamodb DescribeTable tasks", "!ResourceNotFoundException", "tasks: is absent"},
		{doctor.TableRecovery, "dynamodb DescribeContinuousBackups tasks", `{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"ENABLED"}}}`, "tasks: can be restored"},
		{doctor.TableBackups, "dynamodb ListBackups tasks", `{"BackupSummaries":[{"BackupName":"x"}]}`, "tasks: 1 backups"},
		{doctor.TableStreams, "dynamodb DescribeTable tasks", table(`,"StreamSpecification":{"StreamEnabled":true}`), "tasks: a stream"},
		{doctor.TableStreams, "dynamodb DescribeKinesisStreamingDestination tasks", `{"KinesisDataStreamDestinations":[{"DestinationStatus":"ACTIVE"}]}`, "tasks: a Kinesis stream"},
		{doctor.TableStreams, "dynamodb DescribeContributorInsights tasks", `{"ContributorInsightsStatus":"ENABLED"}`, "tasks: Contributor Insights"},
		{doctor.TableExpiry, "dynamodb DescribeTimeToLive tasks", `{"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"due"}}`, "tasks: DynamoDB deletes"},
		{doctor.TableReplicas, "dynamodb DescribeTable tasks", table(`,"Replicas":[{"RegionName":"us-east-1"}]`), "replicated to us-east-1"},
		{doctor.TableIndexes, "dynamodb DescribeTable tasks", table(`,"GlobalSecondaryIndexes":[{"IndexName":"due"}]`), "indexed by due"},
		{doctor.TableIndexes, "dynamodb DescribeTable tasks", table(`,"LocalSecondaryIndexes":[{"IndexName":"due"}]`), "indexed by due"},
		{doctor.TablePolicy, "dynamodb GetResourcePolicy tasks", `{"Policy":"{}"}`, "tasks: has a policy"},
		{doctor.TableProtection, "dynamodb DescribeTable tasks", strings.ReplaceAll(table(""), `"DeletionProtectionEnabled":true`, `"DeletionProtectionEnabled":false`), "tasks: can be deleted"},

		{doctor.QueueDeadLetters, "sqs GetQueueAttributes requeue", strings.ReplaceAll(attributes("requeue", "172800", ""), "RedrivePolicy", "X"), "requeue: has no dead-letter queue"},
		{doctor.QueueDeadLetters, "sqs GetQueueAttributes requeue", "!AWS.SimpleQueueService.NonExistentQueue", "requeue is absent"},
		{doctor.QueueRetention, "sqs GetQueueAttributes poison", attributes("poison", "1209600", ""), "poison: messages are kept for 336h0m0s"},
		{doctor.QueuePolicy, "sqs GetQueueAttributes requeue", strings.ReplaceAll(attributes("requeue", "172800", ""), "false", "true"), "requeue: plain HTTP"},

		{doctor.FunctionCode, "lambda configuration ocr", strings.ReplaceAll(function(""), "provided.al2023", "python3.13"), "ocr: the runtime is python3.13"},
		{doctor.FunctionCode, "lambda configuration ocr", strings.ReplaceAll(function(""), "role/lethe-eu-central-1-NAME", "role/admin"), "ocr: runs as arn:aws:iam::111122223333:role/admin"},
		{doctor.FunctionCode, "lambda configuration ocr", function(`,"Layers":[{"Arn":"arn:l"}]`), "ocr: has layers, which run beside the program: arn:l"},
		{doctor.FunctionCode, "lambda configuration ocr", function(`,"FileSystemConfigs":[{"Arn":"arn:fs"}]`), "a file system: arn:fs"},
		{doctor.FunctionCode, "lambda configuration ocr", strings.ReplaceAll(function(""), `"ApplyOn":"None"`, `"ApplyOn":"PublishedVersions"`), "SnapStart"},
		{doctor.FunctionCode, "lambda configuration ocr", strings.ReplaceAll(function(""), "PassThrough", "Active"), "traced"},
		{doctor.FunctionCode, "lambda configuration ocr", "!ResourceNotFoundException", "ocr is absent"},
		{doctor.FunctionSettings, "lambda configuration api", strings.ReplaceAll(function(""), `"LETHE_REGION"`, `"LETHE_SIGNING_KEY":"k","LETHE_REGION"`), "LETHE_SIGNING_KEY holds a secret"},
		{doctor.FunctionConcurrency, "lambda concurrency retention", `{"ReservedConcurrentExecutions":0}`, "retention: is set to start never"},
		{doctor.FunctionURL, "lambda url ocr", `{"AuthType":"NONE","InvokeMode":"BUFFERED"}`, "ocr: has a URL"},
		{doctor.FunctionURL, "lambda url api", `{"AuthType":"NONE","InvokeMode":"RESPONSE_STREAM","FunctionUrl":"https://x.lambda-url.eu-central-1.on.aws/","Cors":{"AllowOrigins":["*"]}}`, "other sites"},
		{doctor.FunctionURL, "lambda policy retention", `{"Policy":` + quoted(`{"Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"lambda:InvokeFunction"}]}`) + `}`, "retention: events.amazonaws.com may call it"},
		{doctor.FunctionURL, "lambda event-invoke-config retention", `{"DestinationConfig":{"OnFailure":{"Destination":"arn:x"}}}`, "results go to arn:x"},
		{doctor.FunctionURL, "lambda configuration retention", function(`,"DeadLetterConfig":{"TargetArn":"arn:x"}`), "events that failed go to arn:x"},
		{doctor.FunctionEvents, "lambda event-source-mappings ocr", `{"EventSourceMappings":[]}`, "uploads calls nothing"},
		{doctor.FunctionEvents, "lambda event-source-mappings ocr", mapping("uploads", "ocr", "x", ""), "no ReportBatchItemFailures"},
		{doctor.FunctionEvents, "lambda event-source-mappings ocr", mapping("uploads", "ocr", "ReportBatchItemFailures", `,"DestinationConfig":{"OnFailure":{"Destination":"arn:x"}}`), "what failed goes to arn:x"},
		{doctor.FunctionEvents, "lambda event-source-mappings ocr", strings.ReplaceAll(mapping("uploads", "ocr", "ReportBatchItemFailures", ""), "Enabled", "Disabled"), "uploads is switched off"},
		{doctor.FunctionEvents, "lambda configuration ocr", strings.ReplaceAll(function(""), "900", "901"), "want 6 times"},

		{doctor.LogRetention, "logs DescribeLogGroups lethe-eu-central-1", `{"logGroups":[{"logGroupName":"/aws/lambda/lethe-eu-central-1"}]}`, "kept for ever"},
		{doctor.LogForwards, "logs DescribeSubscriptionFilters", `{"subscriptionFilters":[{"destinationArn":"arn:x"}]}`, "goes to arn:x"},
		{doctor.LogForwards, "logs DescribeAccountPolicies", `{"accountPolicies":[{"policyName":"x"}]}`, "whole account"},

		{doctor.RoleRights, "iam GetRolePolicy ocr", rolePolicy(`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`), "ocr may s3:* on any"},
		{doctor.RoleRights, "iam ListAttachedRolePolicies ocr", attached("<member><PolicyName>AmazonS3FullAccess</PolicyName><PolicyArn>arn:aws:iam::aws:policy/AmazonS3FullAccess</PolicyArn></member>"), "ocr has AWS's own policy AmazonS3FullAccess"},
		{doctor.RoleRights, "iam GetRole api", "!NoSuchEntity", "the role of api is absent"},
		{doctor.RoleTrust, "iam GetRole api", roleTrust("ec2.amazonaws.com"), "ec2.amazonaws.com can take the role of api"},
		{doctor.Identity, "sts GetCallerIdentity", caller("iam::111122223333:user/anna"), "runs as user"},
		{doctor.Identity, "sts GetCallerIdentity", caller("sts::111122223333:assumed-role/admin/anna"), "runs as admin"},
	}
	read := map[doctor.Check]bool{doctor.StampClock: true} // the stand-in has no other clock
	for _, tc := range cases {
		read[tc.check] = true
		t.Run(string(tc.check)+": "+tc.found, func(t *testing.T) {
			a := healthy()
			a[tc.asked] = tc.answer
			found := inspect(t, a, nil)
			if f := found[tc.check]; f.Outcome != doctor.Breach || !strings.Contains(f.Found, tc.found) || f.Remedy == "" {
				t.Errorf("%s (%s), want %q", f.Outcome, f.Found, tc.found)
			}
			// What else a case spoils follows from the same answer.
			for check, f := range found {
				if f.Outcome == doctor.Unknown {
					t.Errorf("%s is unknown: %s", check, f.Found)
				}
			}
		})
	}
	for _, e := range doctor.Expectations() {
		if e.Subject == doctor.OfAWS && !read[e.Check] {
			t.Errorf("no answer breaches %s", e.Check)
		}
	}
}

// Whoever takes a right away learns which check cannot be made, and never that all is well.
func TestMissingRightIsAFindingOfItsOwn(t *testing.T) {
	whole := healthy()
	for asked := range whole {
		if strings.HasPrefix(asked, "dynamodb DescribeContributorInsights receipts") || asked == "logs DescribeLogGroups" {
			continue // of one thing alone
		}
		a := maps.Clone(whole)
		a[asked] = "!AccessDeniedException"
		told := slices.ContainsFunc(slices.Collect(maps.Values(inspect(t, a, nil))), func(f doctor.Finding) bool {
			return f.Outcome == doctor.Unknown && (strings.Contains(f.Found, "is missing") || strings.Contains(f.Found, "not seen: ")) && f.Remedy != ""
		})
		if !told {
			t.Errorf("%s may not be asked, and nobody learns it", asked)
		}
	}
}

func TestServiceThatDoesNotAnswerLeavesTheRest(t *testing.T) {
	found := inspect(t, healthy(), func(c *awsaccount.Config) {
		c.HTTP = without{"iam.amazonaws.com", c.HTTP}
	})
	if f := found[doctor.RoleRights]; f.Outcome != doctor.Unknown || !strings.Contains(f.Found, "was not answered") {
		t.Errorf("roles: %s (%s)", f.Outcome, f.Found)
	}
	if f := found[doctor.BucketVersioning]; f.Outcome != doctor.OK {
		t.Errorf("versioning: %s (%s)", f.Outcome, f.Found)
	}
}

func TestPoliciesThatAreAttachedAreRead(t *testing.T) {
	a := healthy()
	store := "arn:aws:iam::111122223333:policy/lethe-eu-central-1-store"
	a["iam ListRolePolicies ocr"] = "<ListRolePoliciesResponse><ListRolePoliciesResult/></ListRolePoliciesResponse>"
	a["iam ListAttachedRolePolicies ocr"] = attached("<member><PolicyName>lethe-eu-central-1-store</PolicyName><PolicyArn>" + store + "</PolicyArn></member>")
	if f := inspect(t, a, nil)[doctor.RoleRights]; f.Outcome != doctor.Unknown || !strings.Contains(f.Found, "store") {
		t.Errorf("not read: %s (%s)", f.Outcome, f.Found)
	}
	a["iam GetPolicy store"] = xmlOf("GetPolicyResponse", "<GetPolicyResult><Policy><DefaultVersionId>v2</DefaultVersionId></Policy></GetPolicyResult>")
	a["iam GetPolicyVersion store"] = xmlOf("GetPolicyVersionResponse", "<GetPolicyVersionResult><PolicyVersion><Document>"+url.PathEscape(rightsOf("ocr"))+"</Document></PolicyVersion></GetPolicyVersionResult>")
	if f := inspect(t, a, nil)[doctor.RoleRights]; f.Outcome != doctor.OK {
		t.Errorf("read: %s (%s)", f.Outcome, f.Found)
	}
}

func TestEveryPageOfAListIsRead(t *testing.T) {
	names := func(name, more string) string {
		return xmlOf("ListRolePoliciesResponse", "<ListRolePoliciesResult><PolicyNames><member>"+name+"</member></PolicyNames>"+more+"</ListRolePoliciesResult>")
	}
	a := healthy()
	a["iam ListRolePolicies ocr"] = names("own", "<IsTruncated>true</IsTruncated><Marker>2</Marker>")
	a["iam ListRolePolicies ocr 2"] = names("own", "<IsTruncated>false</IsTruncated>")
	if f := inspect(t, a, nil)[doctor.RoleRights]; f.Outcome != doctor.OK {
		t.Errorf("%s (%s)", f.Outcome, f.Found)
	}
	a["iam ListRolePolicies ocr 2"] = "!AccessDenied"
	if f := inspect(t, a, nil)[doctor.RoleRights]; f.Outcome != doctor.Unknown {
		t.Errorf("the second page was not asked for: %s (%s)", f.Outcome, f.Found)
	}
}

func TestKeysThatDoNotEndAreABreach(t *testing.T) {
	found := inspect(t, healthy(), func(c *awsaccount.Config) {
		c.Credentials = sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
			return sdk.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret"}, nil
		})
	})
	if f := found[doctor.Identity]; f.Outcome != doctor.Breach || !strings.Contains(f.Found, "no session token") {
		t.Errorf("%s (%s)", f.Outcome, f.Found)
	}
}

func TestFindingsTellNoValueOfASetting(t *testing.T) {
	a := healthy()
	a["lambda configuration api"] = strings.ReplaceAll(function(""), `"LETHE_REGION"`, `"LETHE_SIGNING_KEY":"planted","X":"planted","LETHE_REGION"`)
	for _, f := range inspect(t, a, nil) {
		if strings.Contains(f.Found+f.Remedy, "planted") {
			t.Errorf("%s tells a value: %s", f.Check, f.Found)
		}
	}
}

func TestStampMustBeNamed(t *testing.T) {
	for name, spoil := range map[string]func(*awsaccount.Config){
		"no region":        func(c *awsaccount.Config) { c.Stamp.Region = "" },
		"region is a host": func(c *awsaccount.Config) { c.Stamp.Region = "evil.example/" },
		"no stack":         func(c *awsaccount.Config) { c.Stamp.Stack = "" },
		"bucket is a path": func(c *awsaccount.Config) { c.Stamp.Bucket = "b/../c" },
		"no credentials":   func(c *awsaccount.Config) { c.Credentials = nil },
	} {
		cfg := awsaccount.Config{Stamp: stamp, Credentials: session, Now: time.Now}
		spoil(&cfg)
		if _, err := awsaccount.New(cfg); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestSettingsOfAStackAreThoseOfItsFunctions(t *testing.T) {
	cfg := awsaccount.Config{Stamp: doctor.StampAWS{AWSNames: doctor.AWSNames{Stack: stamp.Stack, Region: stamp.Region}}, Credentials: session, Now: time.Now, HTTP: healthy()}
	found, err := awsaccount.Settings(t.Context(), cfg)
	if err != nil || found["LETHE_AWS_BUCKET"] != stamp.Bucket {
		t.Errorf("%v, %v", found, err)
	}
	cfg.HTTP = answers{}
	if _, err := awsaccount.Settings(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "the right lambda:GetFunctionConfiguration is missing") {
		t.Errorf("without the right: %v", err)
	}
}
