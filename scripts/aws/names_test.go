package aws_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func template(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../infra/aws/stamp.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestNamesAreThoseOfTheTemplate: the scripts know some names before anything exists, and after it is gone.
func TestNamesAreThoseOfTheTemplate(t *testing.T) {
	t.Parallel()
	text := template(t)
	names := []string{"BucketName: !Sub ${AWS::StackName}-${AWS::AccountId}\n", "Name: !Sub ${AWS::StackName}-signing-key\n", "LogGroupName: !Sub /aws/lambda/${AWS::StackName}\n"}
	for _, function := range []string{"api", "ocr", "requeue", "poison", "retention", "notify"} {
		names = append(names, "FunctionName: !Sub ${AWS::StackName}-"+function+"\n")
	}
	for _, output := range []string{"ApiUrl", "Bucket", "SigningKeySecretArn"} {
		names = append(names, "\n  "+output+":\n    Description:")
	}
	for _, name := range names {
		if !strings.Contains(text, name) {
			t.Errorf("the template has no %q", name)
		}
	}
	if n := strings.Count(text, "STARTED: !Ref Started\n"); n != 6 {
		t.Errorf("%d of 6 functions start again when they are told to", n)
	}
	// Where a stamp is being removed, everything is due at once.
	for _, setting := range []string{
		"LETHE_INTAKE: !If [Leaving, closed, ", "LETHE_RETAIN_PROCESSED: !If [Leaving, 2m, ", "LETHE_RETAIN_UNPROCESSED: !If [Leaving, 2m, ",
		"LETHE_RETAIN_MARGIN: !If [Leaving, 1m, ", "LETHE_FULL_PASS_INTERVAL: !If [Leaving, 1m, ",
	} {
		if n := strings.Count(text, setting); n != 6 {
			t.Errorf("%d of 6 functions have %q", n, setting)
		}
	}
}

// TestParametersAreReadFromTheTemplate: the scripts read names and defaults without a reader of YAML.
func TestParametersAreReadFromTheTemplate(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", ". scripts/aws/stamp.sh && template_parameters")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(template(t), "\nParameters:\n")
	section, _, _ = strings.Cut(section, "\nRules:\n")
	var want []string
	for _, m := range regexp.MustCompile(`(?m)^  (\w+):$`).FindAllStringSubmatch(section, -1) {
		want = append(want, m[1])
	}
	var got []string
	defaults := 0
	for line := range strings.Lines(string(out)) {
		var p struct {
			Name    string
			Default *string
		}
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		got = append(got, p.Name)
		if p.Default != nil {
			defaults++
		}
	}
	if !slices.Equal(got, want) || defaults != strings.Count(section, "\n    Default: ") {
		t.Errorf("read %v with %d defaults, want %v", got, defaults, want)
	}
}

// TestTheOperatorsGuideExplainsEveryAlarm: who gets a mail at night finds its name there.
func TestTheOperatorsGuideExplainsEveryAlarm(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../infra/aws/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(guide), "## Alarms and what to do")
	alarms := regexp.MustCompile(`AlarmName: !Sub \$\{AWS::StackName\}-([\w-]+)\n`).FindAllStringSubmatch(template(t), -1)
	for _, alarm := range alarms {
		if !strings.Contains(table, alarm[1]) {
			t.Errorf("the guide does not explain %s", alarm[1])
		}
	}
	if len(alarms) < 20 {
		t.Errorf("only %d alarms are deployed", len(alarms))
	}
}
