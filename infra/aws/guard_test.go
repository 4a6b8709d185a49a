package aws_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// guardLimit is the size that AWS allows a service control policy, in characters.
const guardLimit = 5120

// regional lists services that must not run elsewhere: what the stamp is made of. The guard may except none of them.
func regional() []string {
	return []string{"s3", "dynamodb", "sqs", "lambda", "logs", "secretsmanager", "kms", "scheduler", "cloudtrail", "cloudformation", "sns", "ec2"}
}

// judgeGuard says what is wrong with a service control policy.
func judgeGuard(text []byte, allowed []string) []string {
	var p struct{ Statement []resource }
	if err := json.Unmarshal(text, &p); err != nil {
		return []string{err.Error()}
	}
	var wrong []string
	if len(text) > guardLimit {
		wrong = append(wrong, "the policy is too long")
	}
	denied := false
	for _, st := range p.Statement {
		if st["Effect"] != "Deny" || st["Resource"] != "*" {
			wrong = append(wrong, "a statement that does not deny, or not everywhere")
		}
		if st["NotAction"] == nil {
			continue
		}
		denied = true
		wrong = append(wrong, differ("regions", texts(st.at("Condition.StringNotEquals.aws:RequestedRegion")), allowed)...)
		if condition, _ := st["Condition"].(map[string]any); len(condition) != 1 {
			wrong = append(wrong, "a condition beside the region")
		}
		for _, action := range texts(st["NotAction"]) {
			service, rest, _ := strings.Cut(action, ":")
			if rest != "*" || slices.Contains(regional(), service) {
				wrong = append(wrong, action+" is excepted")
			}
		}
	}
	if !denied {
		wrong = append(wrong, "no region is denied")
	}
	return wrong
}

func TestGuardAllowsTheRegionsThatHaveAFileAndNoOther(t *testing.T) {
	text, err := os.ReadFile("guard.json")
	if err != nil {
		t.Fatal(err)
	}
	allowed := slices.Collect(maps.Keys(regions(t)))
	for _, wrong := range judgeGuard(text, allowed) {
		t.Error(wrong)
	}
	for name, edit := range map[string][2]string{
		"another region":           {`"us-east-1"`, `"us-east-1", "us-west-2"`},
		"a region too few":         {`"ap-southeast-2", `, ``},
		"allowed instead":          {`"Effect": "Deny"`, `"Effect": "Allow"`},
		"storage excepted":         {`"iam:*"`, `"iam:*", "s3:*"`},
		"one service only":         {`"NotAction"`, `"Action"`},
		"the other way round":      {`StringNotEquals`, `StringEquals`},
		"with a way round for one": {`"StringNotEquals"`, `"ArnNotLike": {"aws:PrincipalArn": "*"}, "StringNotEquals"`},
	} {
		broken := strings.Replace(string(text), edit[0], edit[1], 1)
		if broken == string(text) || len(judgeGuard([]byte(broken), allowed)) == 0 {
			t.Errorf("%s is not noticed", name)
		}
	}
}
