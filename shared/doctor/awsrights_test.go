package doctor_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/doctor"
	"github.com/lethe-ocr/lethe/shared/storage"
)

var names = doctor.AWSNames{
	Stack: "lethe-eu-central-1", Region: "eu-central-1", Account: "111122223333", Bucket: "lethe-documents", Tables: "lethe-eu-central-1-",
	SecretARN: "arn:aws:secretsmanager:eu-central-1:111122223333:secret:signing-AbCdEf", KeyARN: "arn:aws:kms:eu-central-1:111122223333:key/1",
}

// granted is what the table of rights gives a function.
func granted(function string, options ...doctor.AWSOption) []doctor.AWSGrant {
	var all []doctor.AWSGrant
	for _, r := range doctor.AWSRights(function) {
		if r.When != doctor.Always && !slices.Contains(options, r.When) {
			continue
		}
		for _, action := range r.Actions {
			for _, on := range r.On {
				all = append(all, doctor.AWSGrant{Action: action, On: on})
			}
		}
	}
	return all
}

func TestTableOfRightsIsNarrow(t *testing.T) {
	for _, function := range append(doctor.AWSFunctions(), doctor.ScheduleRole) {
		if wrong := doctor.WrongRights(function, granted(function)); len(wrong) > 0 {
			t.Errorf("the table contradicts itself: %v", wrong)
		}
		for _, g := range granted(function, doctor.WithKey, doctor.WithVPC, doctor.WithWebhooks) {
			if strings.ContainsAny(g.Action+string(g.On), "*?") {
				t.Errorf("%s may %s", function, g)
			}
			describes := strings.HasPrefix(g.Action, "ec2:") || strings.Contains(g.Action, ":List") || strings.Contains(g.Action, ":Describe")
			if g.On == doctor.Any && !describes {
				t.Errorf("%s may %s", function, g)
			}
			if g.Action == "s3:GetObject" && g.On == "bucket/"+storage.Results && function == doctor.PoisonFunction {
				t.Errorf("%s may %s", function, g)
			}
			if strings.HasPrefix(g.Action, "dynamodb:Scan") && function != doctor.RetentionFunction {
				t.Errorf("%s may %s", function, g)
			}
		}
	}
}

func TestRightsAreHeldAgainstTheTable(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil func([]doctor.AWSGrant) []doctor.AWSGrant
		want  string // in what is wrong; empty for nothing
	}{
		{"as the table", func(g []doctor.AWSGrant) []doctor.AWSGrant { return g }, ""},
		{"any action", func(g []doctor.AWSGrant) []doctor.AWSGrant {
			return append(g, doctor.AWSGrant{Action: "s3:*", On: doctor.TheBucket})
		}, "ocr may s3:* on bucket"},
		{"any resource", func(g []doctor.AWSGrant) []doctor.AWSGrant {
			return append(g, doctor.AWSGrant{Action: "s3:GetObject", On: doctor.Any})
		}, "ocr may s3:GetObject on any"},
		{"another container", func(g []doctor.AWSGrant) []doctor.AWSGrant {
			return append(g, doctor.AWSGrant{Action: "s3:PutObject", On: "bucket/uploads"})
		}, "ocr may s3:PutObject on bucket/uploads"},
		{"a right of another function", func(g []doctor.AWSGrant) []doctor.AWSGrant {
			return append(g, doctor.AWSGrant{Action: "dynamodb:Scan", On: "table/tasks"})
		}, "ocr may dynamodb:Scan on table/tasks"},
		{"a key that no option asks for", func(g []doctor.AWSGrant) []doctor.AWSGrant {
			return append(g, doctor.AWSGrant{Action: "kms:Decrypt", On: doctor.TheKey})
		}, "ocr may kms:Decrypt on key"},
		{"too little", func(g []doctor.AWSGrant) []doctor.AWSGrant { return g[1:] }, "ocr may not logs:CreateLogStream on log"},
	} {
		wrong := doctor.WrongRights(doctor.OCRFunction, tc.spoil(granted(doctor.OCRFunction)))
		if got := strings.Join(wrong, "; "); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	lookless := slices.DeleteFunc(granted(doctor.RetentionFunction), func(g doctor.AWSGrant) bool { return strings.Contains(g.Action, "Describe") })
	if wrong := doctor.WrongRights(doctor.RetentionFunction, lookless); len(wrong) > 0 {
		t.Errorf("rights to look must not be had: %v", wrong)
	}
}

func TestPoliciesAreReadInTheWordsOfTheTable(t *testing.T) {
	for _, tc := range []struct{ name, resource, want string }{
		{"the bucket", "arn:aws:s3:::lethe-documents", "bucket"},
		{"objects of a container", "arn:aws:s3:::lethe-documents/uploads/*", "bucket/uploads"},
		{"all objects", "arn:aws:s3:::lethe-documents/*", "arn:aws:s3:::lethe-documents/*"},
		{"a container and what begins like it", "arn:aws:s3:::lethe-documents/uploads*", "arn:aws:s3:::lethe-documents/uploads*"},
		{"another bucket", "arn:aws:s3:::lethe-documents-copy", "arn:aws:s3:::lethe-documents-copy"},
		{"a table", "arn:aws:dynamodb:eu-central-1:111122223333:table/lethe-eu-central-1-tasks", "table/tasks"},
		{"an index of it", "arn:aws:dynamodb:eu-central-1:111122223333:table/lethe-eu-central-1-tasks/index/due", "arn:aws:dynamodb:eu-central-1:111122223333:table/lethe-eu-central-1-tasks/index/due"},
		{"a table elsewhere", "arn:aws:dynamodb:us-east-1:111122223333:table/lethe-eu-central-1-tasks", "arn:aws:dynamodb:us-east-1:111122223333:table/lethe-eu-central-1-tasks"},
		{"a table of another account", "arn:aws:dynamodb:eu-central-1:999922223333:table/lethe-eu-central-1-tasks", "arn:aws:dynamodb:eu-central-1:999922223333:table/lethe-eu-central-1-tasks"},
		{"a queue", "arn:aws:sqs:eu-central-1:111122223333:lethe-eu-central-1-requeue", "queue/requeue"},
		{"a log group", "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/lethe-eu-central-1:*", "log"},
		{"a role", "arn:aws:iam::111122223333:role/lethe-eu-central-1-api", "role/api"},
		{"the secret", names.SecretARN, "secret"},
		{"the key", names.KeyARN, "key"},
		{"everything", "*", "any"},
	} {
		if got := names.Resource(tc.resource); string(got) != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	for _, function := range append(doctor.AWSFunctions(), doctor.ScheduleRole) {
		for _, g := range granted(function, doctor.WithKey, doctor.WithVPC, doctor.WithWebhooks) {
			if back := names.Resource(names.ARN(g.On)); back != g.On {
				t.Errorf("%s is written %s and read %s", g.On, names.ARN(g.On), back)
			}
		}
	}
	got, err := names.Grants([]byte(`{"Statement":[{"Effect":"Allow","Action":["a:B","a:C"],"Resource":"*"},{"Effect":"Deny","Action":"a:D","Resource":"*"},
		{"Effect":"Allow","NotAction":"a:E","NotResource":"arn:aws:s3:::x"}]}`))
	want := []doctor.AWSGrant{{"a:B", "any"}, {"a:C", "any"}, {"everything but a:E", "everything but arn:aws:s3:::x"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := names.Grants([]byte(`{}`)); err == nil {
		t.Error("no statement, no error")
	}
}

// What the drivers call needs a right, or documents stay where nothing but AWS itself would refuse to delete them.
func TestTableHasARightForEveryCall(t *testing.T) {
	operations := map[string][]string{
		"s3.GetObject": {"s3:GetObject"}, "s3.HeadObject": {"s3:GetObject"}, "s3.PutObject": {"s3:PutObject"}, "s3.UploadPart": {"s3:PutObject"},
		"s3.CreateMultipartUpload": {"s3:PutObject"}, "s3.CompleteMultipartUpload": {"s3:PutObject"}, "s3.AbortMultipartUpload": {"s3:AbortMultipartUpload"},
		"s3.DeleteObject": {"s3:DeleteObject", "s3:DeleteObjectVersion"}, "s3.ListObjectsV2": {"s3:ListBucket"},
		"s3.ListObjectVersions": {"s3:ListBucketVersions"}, "s3.ListMultipartUploads": {"s3:ListBucketMultipartUploads"}, "s3.GetBucketTagging": {"s3:GetBucketTagging"},
		"dynamodb.TransactWriteItems": {"dynamodb:PutItem"}, "sqs.SendMessage": {"sqs:SendMessage"},
		// To prepare emulators.
		"s3.CreateBucket": nil, "s3.PutBucketTagging": nil, "dynamodb.CreateTable": nil, "sqs.CreateQueue": nil,
	}
	may := map[string]bool{}
	for _, g := range granted(doctor.RetentionFunction) {
		may[g.Action] = true
	}
	for _, source := range []struct {
		files string
		call  *regexp.Regexp
		least int
	}{
		{"../storage/aws/*.go", regexp.MustCompile(`\b(s3|dynamodb|sqs)\.([A-Z]\w+)Input\b`), 15},
		{"awsaccount/*.go", regexp.MustCompile(`"(s3|dynamodb|sqs|lambda|iam|logs):([A-Z]\w+)"`), 30},
	} {
		files, err := filepath.Glob(source.files)
		if err != nil {
			t.Fatal(err)
		}
		called := map[string]bool{}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			for _, found := range source.call.FindAllStringSubmatch(string(text), -1) {
				called[found[0]] = true
				actions, known := operations[found[1]+"."+found[2]]
				if !known {
					actions = []string{found[1] + ":" + found[2]}
				}
				for _, action := range actions {
					if !may[action] {
						t.Errorf("%s calls %s.%s, and the table has no right %s", name, found[1], found[2], action)
					}
				}
			}
		}
		if len(called) < source.least {
			t.Errorf("%s: %d calls found", source.files, len(called))
		}
	}
}
