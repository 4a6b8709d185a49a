package awsaccount_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/retention"
)

var stamp = doctor.StampAWS{
	AWSNames: doctor.AWSNames{
		Stack: "lethe-eu-central-1", Region: "eu-central-1", Account: "111122223333", Bucket: "lethe-documents", Tables: "lethe-eu-central-1-",
		SecretARN: "arn:aws:secretsmanager:eu-central-1:111122223333:secret:signing-AbCdEf", KeyARN: "arn:aws:kms:eu-central-1:111122223333:key/1",
	},
	Platform: "eu-central-1", Role: "lethe-eu-central-1-retention", Policy: retention.Default(), Webhooks: true,
}

// answers are those of AWS by what is asked: "s3 versioning", "dynamodb DescribeTable", and for one thing alone
// "dynamodb DescribeTable tasks". An answer that begins with ! is an error of that code; what has none is refused for want of rights.
type answers map[string]string

var _ sdk.HTTPClient = answers{}

// ServeHTTP speaks the protocols of the services.
func (a answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	service, operation, about := asked(r, body)
	answer, known := a[service+" "+operation+" "+about]
	if !known {
		answer, known = a[service+" "+operation]
	}
	if !known {
		answer = "!AccessDenied"
	}
	answer = strings.NewReplacer("NAME", about).Replace(answer)
	w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	failed, isError := strings.CutPrefix(answer, "!")
	if !isError {
		_, _ = io.WriteString(w, answer) //nolint:gosec // to the SDK, which renders nothing
		return
	}
	status := http.StatusBadRequest
	switch service {
	case "s3", "s3-control":
		status = http.StatusForbidden
		answer = "<Error><Code>" + failed + "</Code></Error>"
	case "iam", "sts":
		answer = "<ErrorResponse><Error><Code>" + failed + "</Code></Error></ErrorResponse>"
	default:
		w.Header().Set("X-Amzn-Errortype", failed)
		answer = `{"__type":"` + failed + `"}`
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer) //nolint:gosec // the same
}

// asked tells the service, the operation and what it is about, without the prefix of the stamp.
func asked(r *http.Request, body []byte) (service, operation, about string) {
	short := func(name string) string {
		return strings.TrimPrefix(name[strings.LastIndexAny(name, "/:")+1:], stamp.Stack+"-")
	}
	if prefix, op, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		service = map[string]string{"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "Logs_20140328": "logs"}[prefix]
		var in struct{ TableName, ResourceArn, QueueURL, LogGroupNamePrefix string }
		_ = json.Unmarshal(body, &in)
		return service, op, short(in.TableName + in.ResourceArn + in.QueueURL + in.LogGroupNamePrefix)
	}
	host := r.Host
	switch {
	case strings.HasPrefix(host, stamp.Account+".s3-control."):
		return "s3-control", "accesspoint", r.URL.Query().Get("bucket")
	case strings.Contains(host, ".s3."):
		for name := range r.URL.Query() {
			if name != "x-id" {
				operation = name
			}
		}
		return "s3", operation, ""
	case strings.HasPrefix(host, "lambda."):
		parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/") // version, functions, name, what
		if parts[1] == "event-source-mappings" {
			return "lambda", parts[1], short(r.URL.Query().Get("FunctionName"))
		}
		return "lambda", strings.Join(parts[3:], "/"), short(parts[2])
	}
	form, _ := url.ParseQuery(string(body))
	service, _, _ = strings.Cut(host, ".")
	return service, form.Get("Action"), strings.TrimSpace(short(form.Get("RoleName")+form.Get("PolicyArn")) + " " + form.Get("Marker"))
}

// Do implements the SDK's HTTP client without a connection. It fails what is sent in the clear or without a signature.
func (a answers) Do(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" || req.Header.Get("Authorization") == "" {
		return nil, fmt.Errorf("a call in the clear, or without signature: %s", req.URL.Host)
	}
	received := req.Clone(req.Context())
	if received.Body == nil {
		received.Body = http.NoBody
	}
	if received.Host == "" {
		received.Host = req.URL.Host
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, received)
	return w.Result(), nil
}

// session are credentials of a role.
var session = sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
	return sdk.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret", SessionToken: "token"}, nil
})

func xmlOf(root, inner string) string { return "<" + root + ">" + inner + "</" + root + ">" }

const denyPlainHTTP = `{"Effect":"Deny","Principal":"*","Action":"%s:*","Resource":%s,"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`

// healthy are the answers about a stamp as it should be.
func healthy() answers {
	a := answers{
		"s3 tagging":               xmlOf("Tagging", "<TagSet><Tag><Key>region</Key><Value>eu-central-1</Value></Tag></TagSet>"),
		"s3 location":              `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">eu-central-1</LocationConstraint>`,
		"s3 versioning":            "<VersioningConfiguration/>",
		"s3 object-lock":           "!ObjectLockConfigurationNotFoundError",
		"s3 replication":           "!ReplicationConfigurationNotFoundError",
		"s3 lifecycle":             xmlOf("LifecycleConfiguration", expire("uploads/", 2)+expire("work/", 2)+expire("results/", 1)+expire("deadletters/", 2)+unfinished),
		"s3 encryption":            encrypted("aws:kms", stamp.KeyARN),
		"s3 publicAccessBlock":     publicBlock("true"),
		"s3 ownershipControls":     xmlOf("OwnershipControls", "<Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>"),
		"s3 policy":                `{"Statement":[` + fmt.Sprintf(denyPlainHTTP, "s3", `["arn:aws:s3:::lethe-documents","arn:aws:s3:::lethe-documents/*"]`) + `]}`,
		"s3 cors":                  corsOf("https://x.lambda-url.eu-central-1.on.aws", "PUT", "GET"),
		"s3 logging":               "<BucketLoggingStatus/>",
		"s3 inventory":             "<ListInventoryConfigurationsResult/>",
		"s3 analytics":             "<ListBucketAnalyticsConfigurationResult/>",
		"s3 metadataConfiguration": "!MetadataConfigurationNotFound",
		"s3 website":               "!NoSuchWebsiteConfiguration",
		"s3 notification":          events("lethe-eu-central-1-uploads", ""),
		"s3-control accesspoint":   "<ListAccessPointsResult/>",

		"dynamodb DescribeTable":                        table(""),
		"dynamodb DescribeContinuousBackups":            `{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"DISABLED"}}}`,
		"dynamodb ListBackups":                          `{"BackupSummaries":[]}`,
		"dynamodb DescribeTimeToLive":                   `{"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}}`,
		"dynamodb DescribeKinesisStreamingDestination":  `{"TableName":"x","KinesisDataStreamDestinations":[]}`,
		"dynamodb DescribeContributorInsights":          `{"ContributorInsightsStatus":"DISABLED"}`,
		"dynamodb GetResourcePolicy":                    "!PolicyNotFoundException",
		"dynamodb DescribeContributorInsights receipts": "!ResourceNotFoundException",

		"logs DescribeLogGroups lethe-eu-central-1": `{"logGroups":[{"logGroupName":"/aws/lambda/lethe-eu-central-1","retentionInDays":30},{"logGroupName":"/aws/lambda/lethe-eu-central-10"}]}`,
		"logs DescribeLogGroups":                    `{"logGroups":[]}`,
		"logs DescribeSubscriptionFilters":          `{"subscriptionFilters":[]}`,
		"logs DescribeAccountPolicies":              `{"accountPolicies":[]}`,
		"sts GetCallerIdentity":                     caller("sts::111122223333:assumed-role/lethe-eu-central-1-retention/retention"),
		"lambda concurrency":                        `{"ReservedConcurrentExecutions":2}`,
		"lambda url":                                "!ResourceNotFoundException",
		"lambda url api":                            `{"AuthType":"NONE","InvokeMode":"RESPONSE_STREAM","FunctionUrl":"https://x.lambda-url.eu-central-1.on.aws/"}`,
		"lambda policy":                             "!ResourceNotFoundException",
		"lambda event-invoke-config":                "!ResourceNotFoundException",
		"lambda event-invoke-config retention":      `{"MaximumRetryAttempts":0,"DestinationConfig":{"OnFailure":{},"OnSuccess":{}}}`,
		"lambda configuration":                      function(""),
		"lambda event-source-mappings":              `{"EventSourceMappings":[]}`,
		"iam ListRolePolicies":                      xmlOf("ListRolePoliciesResponse", "<ListRolePoliciesResult><PolicyNames><member>own</member></PolicyNames></ListRolePoliciesResult>"),
		"iam ListAttachedRolePolicies":              attached(""),
		"iam GetRole":                               roleTrust("lambda.amazonaws.com"),
		"iam GetRole schedule":                      roleTrust("scheduler.amazonaws.com"),
	}
	a["lambda policy api"] = `{"Policy":` + quoted(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunctionUrl","Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"}}}]}`) + `}`
	for queue, called := range doctor.AWSQueues() {
		a["sqs GetQueueAttributes "+queue] = attributes(queue, "172800", "")
		a["lambda event-source-mappings "+called] = mapping(queue, called, "ReportBatchItemFailures", "")
	}
	for _, f := range append(doctor.AWSFunctions(), doctor.ScheduleRole) {
		a["iam GetRolePolicy "+f] = rolePolicy(rightsOf(f))
	}
	return a
}

const unfinished = `<Rule><Filter><Prefix></Prefix></Filter><Status>Enabled</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>`

func expire(prefix string, days int) string {
	return fmt.Sprintf("<Rule><Filter><Prefix>%s</Prefix></Filter><Status>Enabled</Status><Expiration><Days>%d</Days></Expiration></Rule>", prefix, days)
}

func encrypted(algorithm, key string) string {
	return xmlOf("ServerSideEncryptionConfiguration", "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>"+algorithm+"</SSEAlgorithm><KMSMasterKeyID>"+key+
		"</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule>")
}

// corsOf are rules that let scripts of one origin use the bucket.
func corsOf(origin string, methods ...string) string {
	allowed := "<AllowedOrigin>" + origin + "</AllowedOrigin>"
	for _, m := range methods {
		allowed += "<AllowedMethod>" + m + "</AllowedMethod>"
	}
	return xmlOf("CORSConfiguration", xmlOf("CORSRule", allowed))
}

func publicBlock(last string) string {
	return xmlOf("PublicAccessBlockConfiguration", "<BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy>"+
		"<RestrictPublicBuckets>"+last+"</RestrictPublicBuckets>")
}

func events(queue, more string) string {
	return xmlOf("NotificationConfiguration", "<QueueConfiguration><Id>u</Id><Queue>arn:aws:sqs:eu-central-1:111122223333:"+queue+"</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration>"+more)
}

func table(more string) string {
	return `{"Table":{"TableName":"x","TableStatus":"ACTIVE","KeySchema":[{"AttributeName":"sk","KeyType":"RANGE"},{"AttributeName":"pk","KeyType":"HASH"}],
		"DeletionProtectionEnabled":true,"SSEDescription":{"Status":"ENABLED","SSEType":"KMS","KMSMasterKeyArn":"` + stamp.KeyARN + `"}` + more + `}}`
}

func attributes(queue, retention, more string) string {
	redrive := `,"RedrivePolicy":` + quoted(`{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:111122223333:lethe-eu-central-1-poison","maxReceiveCount":5}`)
	statements := fmt.Sprintf(denyPlainHTTP, "sqs", `"*"`)
	switch queue {
	case "poison":
		redrive = ""
	case "uploads":
		statements += `,{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:s3:::lethe-documents"}}}`
	}
	return `{"Attributes":{"VisibilityTimeout":"5400","MessageRetentionPeriod":"` + retention + `","KmsMasterKeyId":"` + stamp.KeyARN + `","Policy":` +
		quoted(`{"Statement":[`+statements+`]}`) + redrive + more + `}}`
}

func function(more string) string {
	return `{"FunctionName":"lethe-eu-central-1-NAME","Runtime":"provided.al2023","Architectures":["x86_64"],"Handler":"NAME","PackageType":"Zip",
		"Role":"arn:aws:iam::111122223333:role/lethe-eu-central-1-NAME","Timeout":900,"TracingConfig":{"Mode":"PassThrough"},"SnapStart":{"ApplyOn":"None"},
		"LoggingConfig":{"LogGroup":"/aws/lambda/lethe-eu-central-1"},"Environment":{"Variables":{"LETHE_PAGE":"on","LETHE_PAGE_APP":"","LETHE_REGION":"eu-central-1","LETHE_AWS_BUCKET":"lethe-documents",
		"LETHE_AWS_TABLES":"lethe-eu-central-1-","LETHE_WORKERS":"NAME","LETHE_AWS_SIGNING_KEY":"` + stamp.SecretARN + `"}}` + more + `}`
}

func mapping(queue, called, kind, more string) string {
	return `{"EventSourceMappings":[{"EventSourceArn":"arn:aws:sqs:eu-central-1:111122223333:lethe-eu-central-1-` + queue +
		`","FunctionArn":"arn:aws:lambda:eu-central-1:111122223333:function:lethe-eu-central-1-` + called + `","State":"Enabled","FunctionResponseTypes":["` + kind + `"]` + more + `}]}`
}

func caller(who string) string {
	return xmlOf("GetCallerIdentityResponse", "<GetCallerIdentityResult><Arn>arn:aws:"+who+"</Arn></GetCallerIdentityResult>")
}

func attached(members string) string {
	return xmlOf("ListAttachedRolePoliciesResponse", "<ListAttachedRolePoliciesResult><AttachedPolicies>"+members+"</AttachedPolicies></ListAttachedRolePoliciesResult>")
}

func roleTrust(service string) string {
	return xmlOf("GetRoleResponse", "<GetRoleResult><Role><AssumeRolePolicyDocument>"+
		url.PathEscape(`{"Statement":[{"Effect":"Allow","Principal":{"Service":"`+service+`"},"Action":"sts:AssumeRole"}]}`)+"</AssumeRolePolicyDocument></Role></GetRoleResult>")
}

func rolePolicy(document string) string {
	return xmlOf("GetRolePolicyResponse", "<GetRolePolicyResult><PolicyDocument>"+url.PathEscape(document)+"</PolicyDocument></GetRolePolicyResult>")
}

// rightsOf is a policy with the rights of the table.
func rightsOf(function string) string {
	type statement struct {
		Effect           string
		Action, Resource []string
	}
	var document struct{ Statement []statement }
	for _, r := range doctor.AWSRights(function) {
		if r.When == doctor.WithVPC {
			continue
		}
		s := statement{Effect: "Allow", Action: r.Actions}
		for _, on := range r.On {
			s.Resource = append(s.Resource, stamp.ARN(on))
		}
		document.Statement = append(document.Statement, s)
	}
	text, err := json.Marshal(document)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func quoted(text string) string {
	q, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(q)
}

// without is a client that does not reach a host.
type without struct {
	host string
	sdk.HTTPClient
}

// Do implements sdk.HTTPClient.
func (w without) Do(req *http.Request) (*http.Response, error) {
	if req.URL.Host == w.host {
		return nil, fmt.Errorf("dial %s: no route", w.host)
	}
	return w.HTTPClient.Do(req)
}
