package aws_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/lethe-ocr/lethe/shared/logevent"
)

// event is a record of the trail and the alarms that it must raise.
type event struct {
	what   string
	record string
	raises []string
}

// events are what the trail of a stamp may record.
func events(s stamp) []event {
	reader := func(arn string) string {
		return `"userIdentity":{"type":"AssumedRole","sessionContext":{"sessionIssuer":{"type":"Role","arn":"` + arn + `"}}}`
	}
	bucket, stack := s.resources["Bucket"].str("Properties.BucketName"), "lethe-"+s.region
	administrator := reader("arn:aws:iam::" + account + ":role/administrator")
	read := func(who, more string) string {
		return `{"eventCategory":"Data","eventSource":"s3.amazonaws.com","eventName":"GetObject","readOnly":true,"requestParameters":{"bucketName":"` + bucket + `"},` + who + more + `}`
	}
	change := func(source, name, parameters, more string) string {
		return `{"eventCategory":"Management","eventSource":"` + source + `","eventName":"` + name + `","readOnly":false,"requestParameters":{` + parameters + `},` + administrator + more + `}`
	}
	all := []event{
		{"a read by an administrator", read(administrator, ""), []string{"foreign-read"}},
		{"a read by the account itself", read(`"userIdentity":{"type":"Root"}`, ""), []string{"foreign-read"}},
		{"a read that was refused", read(administrator, `,"errorCode":"AccessDenied"`), nil},
		{"a read of records by a user", strings.Replace(read(`"userIdentity":{"type":"IAMUser"}`, ""), "s3.amazonaws.com", "dynamodb.amazonaws.com", 1), []string{"foreign-read"}},
		{"a write by an administrator", strings.Replace(read(administrator, ""), `"readOnly":true`, `"readOnly":false`, 1), nil},
		{"a right for a function", change("iam.amazonaws.com", "PutRolePolicy", `"roleName":"`+stack+`-ocr"`, ""), []string{"role-changed"}},
		{"a right for another stack's function", change("iam.amazonaws.com", "PutRolePolicy", `"roleName":"other-ocr"`, ""), nil},
		{"another version of the shared policy", change("iam.amazonaws.com", "CreatePolicyVersion", `"policyArn":"arn:aws:iam::`+account+`:policy/`+stack+`-store"`, ""), []string{"role-changed"}},
		{"who may call a function", change("lambda.amazonaws.com", "AddPermission20150331v2", `"functionName":"`+stack+`-ocr"`, ""), []string{"role-changed"}},
		{"who may call a function, by its ARN", change("lambda.amazonaws.com", "RemovePermission20150331v2", `"functionName":"`+arn(functions, s.region, stack+"-ocr")+`"`, ""), []string{"role-changed"}},
		{"the key at its end", change("kms.amazonaws.com", "ScheduleKeyDeletion", `"keyId":"1"`, ""), []string{"deletion-changed"}},
		{"the trail stopped", change("cloudtrail.amazonaws.com", "StopLogging", `"name":"`+stack+`"`, ""), []string{"audit-changed"}},
		{"an alarm removed", change("monitoring.amazonaws.com", "DeleteAlarms", `"alarmNames":["`+stack+`-no-sweep"]`, ""), []string{"audit-changed"}},
		{"an alarm silenced", change("monitoring.amazonaws.com", "DisableAlarmActions", `"alarmNames":["`+stack+`-no-sweep"]`, ""), []string{"audit-changed"}},
		{"a log that ends sooner", change("logs.amazonaws.com", "PutRetentionPolicy", `"logGroupName":"/aws/cloudtrail/`+stack+`"`, ""), []string{"audit-changed"}},
		{"versions kept", change("s3.amazonaws.com", "PutBucketVersioning", `"bucketName":"`+bucket+`"`, ""), []string{"deletion-changed"}},
		{"the policy of the bucket removed", change("s3.amazonaws.com", "DeleteBucketPolicy", `"bucketName":"`+bucket+`"`, ""), []string{"deletion-changed"}},
		{"versions kept of another bucket", change("s3.amazonaws.com", "PutBucketVersioning", `"bucketName":"other"`, ""), nil},
		{"a change that was refused", change("s3.amazonaws.com", "PutBucketVersioning", `"bucketName":"`+bucket+`"`, `,"errorCode":"AccessDenied"`), nil},
		{"recovery of a table", change("dynamodb.amazonaws.com", "UpdateContinuousBackups", `"tableName":"`+stack+`-tasks"`, ""), []string{"deletion-changed"}},
		{"a copy of a table", change("dynamodb.amazonaws.com", "CreateBackup", `"tableName":"`+stack+`-tasks"`, ""), []string{"deletion-changed"}},
		{"who may read the signing key", change("secretsmanager.amazonaws.com", "PutResourcePolicy", `"secretId":"`+stack+`-signing-key"`, ""), []string{"deletion-changed"}},
	}
	for _, role := range s.functionRoles() {
		all = append(all, event{"a read by " + role, read(reader(role), ""), nil})
	}
	return all
}

// matches evaluates a filter pattern of CloudWatch Logs for JSON as far as the template uses it: comparisons with text and numbers,
// a star at an end of a text, IS TRUE, EXISTS, NOT EXISTS, && and || with parentheses. A comparison with what is absent is false.
func matches(pattern, record string) (bool, error) {
	var v any
	if err := json.Unmarshal([]byte(record), &v); err != nil {
		return false, err
	}
	inner, ok := strings.CutPrefix(strings.TrimSpace(pattern), "{")
	inner, whole := strings.CutSuffix(inner, "}")
	if !ok || !whole {
		return false, fmt.Errorf("%q is no pattern for JSON", pattern)
	}
	p := &filter{tokens: token.FindAllString(inner, -1), record: v}
	got := p.either()
	if p.failed == nil && len(p.tokens) > 0 {
		p.failed = fmt.Errorf("%q is left over", p.tokens[0])
	}
	return got, p.failed
}

var token = regexp.MustCompile(`"[^"]*"|\(|\)|&&|\|\||!=|>=|<=|=|>|<|[^\s()=!<>&|"]+`)

type filter struct {
	tokens []string
	record any
	failed error
}

func (f *filter) next() string {
	if len(f.tokens) == 0 {
		return ""
	}
	t := f.tokens[0]
	f.tokens = f.tokens[1:]
	return t
}

func (f *filter) take(t string) bool {
	if len(f.tokens) > 0 && f.tokens[0] == t {
		f.tokens = f.tokens[1:]
		return true
	}
	return false
}

func (f *filter) either() bool {
	got := f.both()
	for f.take("||") {
		right := f.both()
		got = got || right
	}
	return got
}

func (f *filter) both() bool {
	got := f.one()
	for f.take("&&") {
		right := f.one()
		got = got && right
	}
	return got
}

func (f *filter) one() bool {
	if f.take("(") {
		got := f.either()
		if !f.take(")") {
			f.failed = fmt.Errorf("a parenthesis is missing before %v", f.tokens)
		}
		return got
	}
	path := f.next()
	name, ok := strings.CutPrefix(path, "$.")
	if !ok {
		f.failed = fmt.Errorf("%q is no property", path)
		return false
	}
	v, exists := f.record, true
	for step := range strings.SplitSeq(name, ".") {
		m, _ := v.(map[string]any)
		v, exists = m[step]
		if !exists {
			break
		}
	}
	switch operator := f.next(); operator {
	case "NOT":
		f.next()
		return !exists
	case "EXISTS":
		return exists
	case "IS":
		return v == (f.next() == "TRUE")
	default:
		return f.compared(operator, f.next(), v, exists)
	}
}

func (f *filter) compared(operator, want string, v any, exists bool) bool {
	if bare, quoted := strings.CutPrefix(want, `"`); quoted {
		bare = strings.TrimSuffix(bare, `"`)
		s, is := v.(string)
		begin, star := strings.CutSuffix(bare, "*")
		equal := is && (s == bare || star && strings.HasPrefix(s, begin))
		switch operator {
		case "=":
			return equal
		case "!=":
			return exists && !equal
		}
	}
	n, err := strconv.ParseFloat(want, 64)
	if err != nil || operator != ">=" {
		f.failed = fmt.Errorf("%s %s is not known", operator, want)
	}
	got, is := v.(float64)
	return is && got >= n
}

// TestLinesOfTheProgramAreCounted writes each event as the program does, and holds it against every pattern.
func TestLinesOfTheProgramAreCounted(t *testing.T) {
	line := func(event string, attributes ...any) string {
		var out bytes.Buffer
		slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.MessageKey {
				a.Key = "event"
			}
			return a
		}})).Info(event, attributes...)
		return out.String()
	}
	for _, s := range committed(t)[:1] {
		for _, r := range s.of(filters) {
			name, pattern := r.str("Properties.MetricTransformations.0.MetricName"), r.str("Properties.FilterPattern")
			for other, event := range heard() {
				got, err := matches(pattern, line(event, "status", 503))
				if want := other == name; err != nil || got != want {
					t.Errorf("%s is counted for %s: %v %v", event, name, got, err)
				}
			}
			if name == "server-errors" {
				if got, err := matches(pattern, line(logevent.RequestDone, "status", 404)); got || err != nil {
					t.Errorf("a refusal counts as an error of the server: %v", err)
				}
			}
		}
	}
}
