package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/scripts/aws/testdata/standin/model"
	"github.com/lethe-ocr/lethe/scripts/stamp/standin"
)

type object = map[string]any

// command is one command of aws.
type command struct {
	flags []string
	run   func(*call, options) (any, error)
}

// reviewed lists every command of aws that the scripts may use, with its flags. Words without a flag have the name "".
func reviewed() map[string]command {
	const owner = "expected-bucket-owner"
	changeSet := []string{"stack-name", "change-set-name"}
	return map[string]command{
		"sts get-caller-identity":                    {run: (*call).identity},
		"lambda get-account-settings":                {run: (*call).limits},
		"lambda put-function-concurrency":            {flags: []string{"function-name", "reserved-concurrent-executions"}, run: (*call).stop},
		"s3api head-bucket":                          {flags: []string{"bucket", owner}, run: (*call).headBucket},
		"s3api create-bucket":                        {flags: []string{"bucket", "object-ownership", "create-bucket-configuration"}, run: (*call).createBucket},
		"s3api delete-bucket":                        {flags: []string{"bucket", owner}, run: (*call).deleteBucket},
		"s3api put-public-access-block":              {flags: []string{"bucket", owner, "public-access-block-configuration"}, run: (*call).closeBucket},
		"s3api put-bucket-policy":                    {flags: []string{"bucket", owner, "policy"}, run: (*call).putPolicy},
		"s3api delete-bucket-policy":                 {flags: []string{"bucket", owner}, run: (*call).deletePolicy},
		"s3api put-bucket-tagging":                   {flags: []string{"bucket", owner, "tagging"}, run: (*call).tagBucket},
		"s3api put-object":                           {flags: []string{"bucket", owner, "key", "body", "checksum-algorithm", "content-type"}, run: (*call).putObject},
		"s3api get-object":                           {flags: []string{"bucket", owner, "key"}, run: (*call).getObject},
		"s3api head-object":                          {flags: []string{"bucket", owner, "key", "checksum-mode"}, run: (*call).headObject},
		"s3api list-objects-v2":                      {flags: []string{"bucket", owner, "prefix", "max-items"}, run: (*call).listObjects},
		"s3api list-object-versions":                 {flags: []string{"bucket", owner, "max-items"}, run: (*call).listVersions},
		"s3api delete-objects":                       {flags: []string{"bucket", owner, "delete"}, run: (*call).deleteObjects},
		"s3api list-multipart-uploads":               {flags: []string{"bucket", owner}, run: (*call).listUploads},
		"s3api abort-multipart-upload":               {flags: []string{"bucket", owner, "key", "upload-id"}, run: (*call).abort},
		"cloudformation describe-stacks":             {flags: []string{"stack-name"}, run: (*call).describeStacks},
		"cloudformation create-change-set":           {flags: append(changeSet, "change-set-type", "capabilities", "tags", "template-url", "use-previous-template", "parameters"), run: (*call).createChangeSet},
		"cloudformation describe-change-set":         {flags: changeSet, run: (*call).describeChangeSet},
		"cloudformation execute-change-set":          {flags: changeSet, run: (*call).executeChangeSet},
		"cloudformation delete-change-set":           {flags: changeSet, run: (*call).deleteChangeSet},
		"cloudformation delete-stack":                {flags: []string{"stack-name"}, run: (*call).deleteStack},
		"cloudformation continue-update-rollback":    {flags: []string{"stack-name"}, run: (*call).goOnBack},
		"cloudformation list-stack-resources":        {flags: []string{"stack-name"}, run: (*call).listResources},
		"cloudformation describe-stack-events":       {flags: []string{"stack-name", "max-items"}, run: (*call).events},
		"secretsmanager list-secret-version-ids":     {flags: []string{"secret-id"}, run: (*call).listSecretVersions},
		"secretsmanager put-secret-value":            {flags: []string{"secret-id", "secret-string"}, run: (*call).putSecret},
		"secretsmanager update-secret-version-stage": {flags: []string{"secret-id", "version-stage", "remove-from-version-id"}, run: (*call).unlabel},
		"secretsmanager delete-secret":               {flags: []string{"secret-id", "force-delete-without-recovery"}, run: (*call).deleteSecret},
		"dynamodb describe-table":                    {flags: []string{"table-name"}, run: (*call).describeTable},
		"dynamodb delete-table":                      {flags: []string{"table-name"}, run: (*call).describeTable},
		"logs delete-log-group":                      {flags: []string{"log-group-name"}, run: (*call).deleteLogs},
	}
}

// options are the values of flags.
type options map[string][]string

func (o options) get(name string) string {
	if len(o[name]) == 0 {
		return ""
	}
	return o[name][0]
}

// failed is an error as aws tells it.
func failed(code, operation, text string) error {
	return standin.Exit{Code: 254, Text: fmt.Sprintf("\nAn error occurred (%s) when calling the %s operation: %s", code, operation, text)}
}

// aws parses a command line as aws does, and knows only what was reviewed.
func (c *call) aws() (any, error) {
	switch strings.Join(c.Args, " ") {
	case "--version":
		return "aws-cli/2.9.19 Python/3.11.2 Linux/6.1.0 source/x86_64.debian.12\n", nil
	case "configure get cli_history":
		if c.world.History {
			return "enabled\n", nil
		}
		return nil, standin.Exit{Code: 1}
	case "configure export-credentials --format env-no-export":
		keys := "AWS_ACCESS_KEY_ID=AKIDEXAMPLE\nAWS_SECRET_ACCESS_KEY=canary-credential\n"
		if c.world.Static {
			return keys, nil
		}
		return keys + "AWS_SESSION_TOKEN=canary-session\n", nil
	}
	name := strings.Join(c.Args[:min(2, len(c.Args))], " ")
	cmd, ok := reviewed()[name]
	if !ok {
		return nil, c.Violate("aws " + name + " is not on the list of commands")
	}
	given, last := options{}, ""
	for _, arg := range c.Args[2:] {
		if flag, ok := strings.CutPrefix(arg, "--"); ok {
			if !slices.Contains(cmd.flags, flag) && !slices.Contains([]string{"region", "output", "no-cli-pager"}, flag) {
				return nil, c.Violate("aws " + name + " --" + flag + " is not on the list of flags")
			}
			given[flag], last = []string{}, flag
			continue
		}
		if len(given[last]) > 0 && !slices.Contains([]string{"capabilities", "tags"}, last) {
			last = "" // what stands for itself
		}
		given[last] = append(given[last], arg)
	}
	switch {
	case given.get("region") != region || given.get("output") != "json":
		return nil, c.Violate("aws " + name + " without the region or the form of answers that were checked")
	case !c.world.SignedIn:
		return nil, standin.Exit{Code: 253, Text: "\nUnable to locate credentials. You can configure credentials by running \"aws configure\"."}
	case strings.HasPrefix(name, "s3api ") && name != "s3api create-bucket" && given.get("expected-bucket-owner") != account:
		return nil, c.Violate("aws " + name + " may reach the bucket of somebody else")
	}
	return cmd.run(c, given)
}

func (c *call) identity(options) (any, error) {
	return object{"UserId": "AIDAEXAMPLE", "Account": account, "Arn": "arn:aws:iam::" + account + ":user/operator"}, nil
}

func (c *call) limits(options) (any, error) {
	return object{"AccountLimit": object{"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": c.world.Free}}, nil
}

func (c *call) stop(o options) (any, error) {
	for name, s := range c.world.Stacks {
		if function := o.get("function-name"); strings.HasPrefix(function, name+"-") && s.App.Program != "" && o.get("reserved-concurrent-executions") == "0" {
			s.App.Stopped = append(s.App.Stopped, function)
			c.Changes = true
			return object{"ReservedConcurrentExecutions": 0}, nil
		}
	}
	return nil, failed("ResourceNotFoundException", "PutFunctionConcurrency", "Function not found")
}

// secretOf returns the secret that a command names, by its name or its ARN.
func (c *call) secretOf(o options) (string, *model.Secret) {
	name := strings.TrimPrefix(o.get("secret-id"), "arn:aws:secretsmanager:"+region+":"+account+":secret:")
	return name, c.world.Secrets[name]
}

func (c *call) listSecretVersions(o options) (any, error) {
	_, s := c.secretOf(o)
	if s == nil {
		return nil, failed("ResourceNotFoundException", "ListSecretVersionIds", "Secrets Manager can't find the specified secret.")
	}
	all := []object{}
	for _, v := range s.Versions {
		if len(v.Stages) > 0 { // versions without a label are not listed
			all = append(all, object{"VersionId": v.ID, "VersionStages": v.Stages})
		}
	}
	return object{"Versions": all}, nil
}

// putSecret takes a value from standard input only.
func (c *call) putSecret(o options) (any, error) {
	name, s := c.secretOf(o)
	if o.get("secret-string") != "file:///dev/stdin" {
		return nil, c.Violate("a secret that does not come by standard input")
	}
	value, err := io.ReadAll(os.Stdin)
	if err != nil || s == nil || !strings.HasPrefix(string(value), "PRIVATE+KEY+") {
		return nil, failed("InvalidRequestException", "PutSecretValue", "no secret, or no value for it")
	}
	for i := range s.Versions {
		was := s.Versions[i].Stages
		s.Versions[i].Stages = nil
		if slices.Contains(was, "AWSCURRENT") {
			s.Versions[i].Stages = []string{"AWSPREVIOUS"}
		}
	}
	id := fmt.Sprintf("%032d", len(s.Versions))
	s.Versions = append(s.Versions, model.Version{ID: id, Value: string(value), Stages: []string{"AWSCURRENT"}})
	c.Changes = true
	return object{"Name": name, "VersionId": id, "VersionStages": []string{"AWSCURRENT"}}, nil
}

func (c *call) unlabel(o options) (any, error) {
	name, s := c.secretOf(o)
	for i, v := range s.Versions {
		if v.ID == o.get("remove-from-version-id") && slices.Contains(v.Stages, o.get("version-stage")) {
			s.Versions[i].Stages = slices.DeleteFunc(v.Stages, func(stage string) bool { return stage == o.get("version-stage") })
			c.Changes = true
			return object{"Name": name}, nil
		}
	}
	return nil, failed("InvalidParameterException", "UpdateSecretVersionStage", "the version does not have this label")
}

func (c *call) deleteSecret(o options) (any, error) {
	name, s := c.secretOf(o)
	if _, force := o["force-delete-without-recovery"]; !force {
		return nil, c.Violate("a secret that could be restored")
	}
	if s != nil {
		c.Changes = true
		delete(c.world.Secrets, name)
	}
	return object{"Name": name}, nil
}

// describeTable stands for both commands on tables: those of a stack go with it.
func (c *call) describeTable(options) (any, error) {
	return nil, failed("ResourceNotFoundException", "DescribeTable", "Requested resource not found")
}

func (c *call) deleteLogs(options) (any, error) {
	return nil, failed("ResourceNotFoundException", "DeleteLogGroup", "The specified log group does not exist.")
}

func (c *call) doctor() (any, error) {
	if slices.Contains(c.Args, "--help") {
		return "Check that the place\n", nil
	}
	if os.Getenv("AWS_SECRET_ACCESS_KEY") != "canary-credential" || os.Getenv("LETHE_SECRET") != "" {
		return nil, standin.Exit{Code: 1, Text: "lethe: nothing could be looked at"}
	}
	for _, s := range c.world.Stacks {
		if s.Keeping {
			return "breach  versioning\n", standin.Exit{Code: 1, Text: "lethe: 1 of 20 checks found a breach"}
		}
	}
	return "ok  versioning\n", nil
}

func readFile(path string) ([]byte, error) { return os.ReadFile(strings.TrimPrefix(path, "file://")) }

func readJSON(path string, v any) error {
	content, err := readFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(content, v)
}

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
