package aws_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// evaluator resolves the intrinsic functions that the template uses. Any other function is an error.
type evaluator struct {
	options
	template   map[string]any
	parameters map[string]string
	names      map[string]string // of resources, by what CloudFormation gives for Ref
}

// absent is what AWS::NoValue leaves.
type absent struct{}

func evaluate(template map[string]any, o options, values map[string]string) (stamp, error) {
	e := &evaluator{options: o, template: template, parameters: map[string]string{}, names: map[string]string{}}
	if err := e.accept(values); err != nil {
		return stamp{}, err
	}
	s := stamp{options: o, resources: map[string]resource{}, outputs: map[string]any{}}
	for id, v := range e.section("Resources") {
		r, ok := v.(map[string]any)
		if !ok {
			return stamp{}, fmt.Errorf("%s is no resource", id)
		}
		if c, ok := r["Condition"].(string); ok {
			if holds, err := e.condition(c); err != nil {
				return stamp{}, err
			} else if !holds {
				continue
			}
		}
		v, err := e.value(r)
		if err != nil {
			return stamp{}, fmt.Errorf("%s: %w", id, err)
		}
		for _, first := range texts(r["DependsOn"]) {
			if e.section("Resources")[first] == nil {
				return stamp{}, fmt.Errorf("%s waits for %s, which does not exist", id, first)
			}
		}
		s.resources[id] = v.(map[string]any)
	}
	for name, v := range e.section("Outputs") {
		at, _ := v.(map[string]any)
		out, err := e.value(at["Value"])
		if err != nil {
			return stamp{}, fmt.Errorf("output %s: %w", name, err)
		}
		s.outputs[name] = out
	}
	refused, err := e.rules()
	s.refused = refused
	return s, err
}

func (e *evaluator) section(name string) map[string]any {
	m, _ := e.template[name].(map[string]any)
	return m
}

// accept takes the parameters and refuses what CloudFormation would.
func (e *evaluator) accept(values map[string]string) error {
	declared := e.section("Parameters")
	for name := range values {
		if declared[name] == nil {
			return fmt.Errorf("parameter %s is not declared", name)
		}
	}
	for name, v := range declared {
		p, _ := v.(map[string]any)
		value, ok := values[name]
		if !ok {
			if p["Default"] == nil {
				return fmt.Errorf("parameter %s has no value", name)
			}
			value = text(p["Default"])
		}
		if err := allowed(p, value); err != nil {
			return fmt.Errorf("parameter %s: %w", name, err)
		}
		e.parameters[name] = value
	}
	return nil
}

func allowed(p map[string]any, value string) error {
	if list, ok := p["AllowedValues"].([]any); ok && !slices.ContainsFunc(list, func(v any) bool { return text(v) == value }) {
		return fmt.Errorf("%q is not one of %v", value, list)
	}
	if pattern, ok := p["AllowedPattern"].(string); ok && !regexp.MustCompile("^(?:"+pattern+")$").MatchString(value) {
		return fmt.Errorf("%q does not match %s", value, pattern)
	}
	if n, err := strconv.ParseFloat(value, 64); p["Type"] == "Number" {
		least, bounded := p["MinValue"].(float64)
		most, _ := p["MaxValue"].(float64)
		if err != nil || bounded && (n < least || n > most) {
			return fmt.Errorf("%q is not %v to %v", value, least, most)
		}
	}
	length := float64(len(value))
	if least, ok := p["MinLength"].(float64); ok && length < least {
		return fmt.Errorf("%q is too short", value)
	}
	if most, ok := p["MaxLength"].(float64); ok && length > most {
		return fmt.Errorf("%q is too long", value)
	}
	return nil
}

// rules evaluates the assertions of the template.
func (e *evaluator) rules() ([]string, error) {
	var refused []string
	for name, v := range e.section("Rules") {
		r, _ := v.(map[string]any)
		list, _ := r["Assertions"].([]any)
		for _, a := range list {
			m, _ := a.(map[string]any)
			v, err := e.value(m["Assert"])
			if err != nil {
				return nil, fmt.Errorf("rule %s: %w", name, err)
			}
			if v != true {
				refused = append(refused, text(m["AssertDescription"]))
			}
		}
	}
	return refused, nil
}

func (e *evaluator) condition(name string) (bool, error) {
	c, ok := e.section("Conditions")[name]
	if !ok {
		return false, fmt.Errorf("no condition %s", name)
	}
	v, err := e.value(c)
	return v == true, err
}

// value resolves a value and everything in it.
func (e *evaluator) value(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 1 {
			for name, argument := range v {
				if name == "Ref" || name == "Condition" && isName(argument) || strings.HasPrefix(name, "Fn::") {
					return e.call(name, argument)
				}
			}
		}
		m := map[string]any{}
		for k, child := range v {
			r, err := e.value(child)
			if err != nil {
				return nil, err
			}
			if _, gone := r.(absent); !gone {
				m[k] = r
			}
		}
		return m, nil
	case []any:
		l := []any{}
		for _, child := range v {
			r, err := e.value(child)
			if err != nil {
				return nil, err
			}
			if _, gone := r.(absent); !gone {
				l = append(l, r)
			}
		}
		return l, nil
	}
	return v, nil
}

func isName(v any) bool { _, ok := v.(string); return ok }

func (e *evaluator) call(name string, argument any) (any, error) {
	switch name {
	case "Ref":
		return e.ref(text(argument))
	case "Condition":
		return e.condition(text(argument))
	case "Fn::Sub":
		return e.substitute(text(argument))
	case "Fn::If":
		args, _ := argument.([]any)
		if len(args) != 3 {
			return nil, errors.New("Fn::If has not three arguments")
		}
		holds, err := e.condition(text(args[0]))
		if err != nil {
			return nil, err
		}
		if holds {
			return e.value(args[1])
		}
		return e.value(args[2])
	}
	v, err := e.value(argument)
	if err != nil {
		return nil, err
	}
	args, _ := v.([]any)
	switch {
	case name == "Fn::GetAtt" && len(args) == 2:
		return e.attribute(text(args[0]), text(args[1]))
	case name == "Fn::Equals" && len(args) == 2:
		return text(args[0]) == text(args[1]), nil
	case name == "Fn::Not" && len(args) == 1:
		return args[0] != true, nil
	case name == "Fn::And":
		return !slices.Contains(args, any(false)), nil
	case name == "Fn::Or":
		return slices.Contains(args, any(true)), nil
	case name == "Fn::Contains" && len(args) == 2:
		list, _ := args[0].([]any)
		return slices.ContainsFunc(list, func(v any) bool { return text(v) == text(args[1]) }), nil
	case name == "Fn::Join" && len(args) == 2:
		list, _ := args[1].([]any)
		var parts []string
		for _, p := range list {
			parts = append(parts, text(p))
		}
		return strings.Join(parts, text(args[0])), nil
	case name == "Fn::FindInMap" && len(args) == 3:
		row, _ := e.section("Mappings")[text(args[0])].(map[string]any)
		column, _ := row[text(args[1])].(map[string]any)
		if found, ok := column[text(args[2])]; ok {
			return found, nil
		}
		return nil, fmt.Errorf("mapping %v has nothing", args)
	case name == "Fn::Select" && len(args) == 2:
		i, err := strconv.Atoi(text(args[0]))
		if list, _ := args[1].([]any); err == nil && i < len(list) {
			return list[i], nil
		}
		return nil, fmt.Errorf("nothing to select from %v", args)
	case name == "Fn::GetAZs":
		return []any{e.region + "a", e.region + "b"}, nil
	case name == "Fn::Cidr" && len(args) == 3:
		prefix := strings.TrimSuffix(text(args[0]), "0/24")
		return []any{prefix + "0/25", prefix + "128/25"}, nil
	}
	return nil, fmt.Errorf("%s %v: not known", name, v)
}

// ref is what Ref gives: of parameters, pseudo parameters and resources.
func (e *evaluator) ref(name string) (any, error) {
	if value, ok := e.parameters[name]; ok {
		p, _ := e.section("Parameters")[name].(map[string]any)
		if p["Type"] == "CommaDelimitedList" {
			list := []any{}
			for part := range strings.SplitSeq(value, ",") {
				list = append(list, part)
			}
			return list, nil
		}
		return value, nil
	}
	switch name {
	case "AWS::NoValue":
		return absent{}, nil
	case "AWS::Region":
		return e.region, nil
	case "AWS::AccountId":
		return account, nil
	case "AWS::Partition":
		return "aws", nil
	case "AWS::StackName":
		return "lethe-" + e.region, nil
	}
	kind, physical, err := e.named(name)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "AWS::SQS::Queue":
		return "https://sqs." + e.region + ".amazonaws.com/" + account + "/" + physical, nil
	case "AWS::SecretsManager::Secret", "AWS::IAM::ManagedPolicy", "AWS::SNS::Topic":
		return arn(kind, e.region, physical), nil
	}
	return physical, nil
}

// attribute is what Fn::GetAtt gives.
func (e *evaluator) attribute(id, attribute string) (any, error) {
	kind, physical, err := e.named(id)
	if err != nil {
		return nil, err
	}
	switch attribute {
	case "Arn":
		return arn(kind, e.region, physical), nil
	case "QueueName":
		return physical, nil
	case "FunctionUrl":
		return "https://" + id + ".lambda-url." + e.region + ".on.aws/", nil
	}
	return nil, fmt.Errorf("%s has no %s", id, attribute)
}

// named is the type and the name of a resource, which must exist in the case.
func (e *evaluator) named(id string) (kind, name string, err error) {
	r, ok := e.section("Resources")[id].(map[string]any)
	if !ok {
		return "", "", fmt.Errorf("no resource %s", id)
	}
	if c, ok := r["Condition"].(string); ok {
		if holds, err := e.condition(c); err != nil || !holds {
			return "", "", errors.Join(err, fmt.Errorf("%s does not exist in this case", id))
		}
	}
	kind = text(r["Type"])
	properties, _ := r["Properties"].(map[string]any)
	for _, key := range []string{"BucketName", "QueueName", "TableName", "FunctionName", "RoleName", "LogGroupName", "ManagedPolicyName", "TopicName"} {
		if v, ok := properties[key]; ok {
			resolved, err := e.value(v)
			return kind, text(resolved), err
		}
	}
	return kind, id, nil
}

// arn is how AWS forms the ARN of a resource.
func arn(kind, region, name string) string {
	form := map[string]string{
		"AWS::S3::Bucket":             "arn:aws:s3:::%[3]s",
		"AWS::SQS::Queue":             "arn:aws:sqs:%s:%s:%s",
		"AWS::IAM::Role":              "arn:aws:iam::%[2]s:role/%[3]s",
		"AWS::IAM::ManagedPolicy":     "arn:aws:iam::%[2]s:policy/%[3]s",
		"AWS::Lambda::Function":       "arn:aws:lambda:%s:%s:function:%s",
		"AWS::SecretsManager::Secret": "arn:aws:secretsmanager:%s:%s:secret:%s",
		"AWS::KMS::Key":               "arn:aws:kms:%s:%s:key/%s",
		"AWS::Logs::LogGroup":         "arn:aws:logs:%s:%s:log-group:%s:*",
		"AWS::SNS::Topic":             "arn:aws:sns:%s:%s:%s",
	}[kind]
	if form == "" {
		return kind + ":" + name
	}
	s := fmt.Sprintf(form, region, account, name)
	if i := strings.Index(s, "%!(EXTRA"); i >= 0 { // not every form names region and account
		s = s[:i]
	}
	return s
}

var placeholder = regexp.MustCompile(`\$\{([^}]+)\}`)

// substitute is Fn::Sub.
func (e *evaluator) substitute(s string) (any, error) {
	var failed error
	out := placeholder.ReplaceAllStringFunc(s, func(m string) string {
		name := m[2 : len(m)-1]
		var v any
		var err error
		if id, attribute, ok := strings.Cut(name, "."); ok {
			v, err = e.attribute(id, attribute)
		} else {
			v, err = e.ref(name)
		}
		failed = errors.Join(failed, err)
		return text(v)
	})
	return out, failed
}

// text is a scalar as CloudFormation passes it on.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return fmt.Sprint(v)
}
