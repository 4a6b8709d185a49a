package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/lethe-ocr/lethe/scripts/aws/testdata/standin/model"
)

func (c *call) stack(o options, operation string) (string, *model.Stack, error) {
	name := o.get("stack-name")
	s := c.world.Stacks[name]
	if s == nil {
		return name, nil, failed("ValidationError", operation, "Stack with id "+name+" does not exist")
	}
	return name, s, nil
}

func (c *call) describeStacks(o options) (any, error) {
	name, s, err := c.stack(o, "DescribeStacks")
	if err != nil {
		return nil, err
	}
	answer := object{"StackName": name, "StackStatus": s.Status, "Tags": listed("Key", "Value", s.Tags), "Parameters": listed("ParameterKey", "ParameterValue", s.Parameters)}
	if s.Parameters != nil && !strings.HasPrefix(s.Status, "ROLLBACK") {
		answer["Outputs"] = listed("OutputKey", "OutputValue", map[string]string{
			"ApiUrl": address(name) + "/", "Bucket": name + "-" + account, "TablePrefix": name + "-",
			"RequeueQueueUrl":     "https://sqs." + region + ".amazonaws.com/" + account + "/" + name + "-requeue",
			"SigningKeySecretArn": "arn:aws:secretsmanager:" + region + ":" + account + ":secret:" + name + "-signing-key",
		})
	}
	return object{"Stacks": []object{answer}}, nil
}

func listed(key, value string, all map[string]string) []object {
	list := []object{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, object{key: name, value: all[name]})
	}
	return list
}

// createChangeSet refuses what CloudFormation refuses: names that the template does not have, and values that are missing.
func (c *call) createChangeSet(o options) (any, error) {
	name := o.get("stack-name")
	s := c.world.Stacks[name]
	fresh := s == nil || s.Status == "REVIEW_IN_PROGRESS"
	switch {
	case fresh != (o.get("change-set-type") == "CREATE"):
		return nil, failed("ValidationError", "CreateChangeSet", "the type does not fit the stack")
	case !slices.Contains(o["capabilities"], "CAPABILITY_NAMED_IAM"):
		return nil, failed("InsufficientCapabilitiesException", "CreateChangeSet", "Requires capabilities : [CAPABILITY_NAMED_IAM]")
	case o.get("tags") != "Key=workload,Value=lethe":
		return nil, c.Violate("a stack without its tag")
	case !fresh && (!strings.HasSuffix(s.Status, "_COMPLETE") || s.Status == "ROLLBACK_COMPLETE"):
		return nil, failed("ValidationError", "CreateChangeSet", "Stack is in "+s.Status+" state and can not be updated.")
	}
	var t *model.Template
	if _, previous := o["use-previous-template"]; previous {
		t = s.Template
	} else {
		rest, ours := strings.CutPrefix(o.get("template-url"), "https://lethe-code-"+account+"-"+region+".s3."+region+".amazonaws.com/")
		t = c.world.Buckets["lethe-code-"+account+"-"+region].Objects[rest].Template
		if !ours || t == nil {
			return nil, failed("ValidationError", "CreateChangeSet", "S3 error: no template at "+o.get("template-url"))
		}
	}
	given, err := parameters(o, t, s)
	if err != nil {
		return nil, err
	}
	set := &model.ChangeSet{Parameters: given, Template: t}
	if !fresh && maps.Equal(given, s.Parameters) && maps.Equal(t.Resources, s.Template.Resources) {
		set.Reason = "The submitted information didn't contain changes. Submit different information to create a change set."
	}
	if s == nil {
		s = &model.Stack{Status: "REVIEW_IN_PROGRESS", Tags: map[string]string{"workload": "lethe"}, ChangeSets: map[string]*model.ChangeSet{}}
		c.world.Stacks[name] = s
	}
	s.ChangeSets[o.get("change-set-name")] = set
	c.Changes = true
	return object{"Id": "arn:aws:cloudformation:" + region + ":" + account + ":changeSet/" + o.get("change-set-name") + "/1", "StackId": "1"}, nil
}

func parameters(o options, t *model.Template, s *model.Stack) (map[string]string, error) {
	var list []struct {
		ParameterKey, ParameterValue string
		UsePreviousValue             bool
	}
	if err := readJSON(o.get("parameters"), &list); err != nil {
		return nil, err
	}
	all := map[string]string{}
	for name, value := range t.Parameters {
		if value != nil {
			all[name] = *value
		}
	}
	for _, p := range list {
		if _, known := t.Parameters[p.ParameterKey]; !known {
			return nil, failed("ValidationError", "CreateChangeSet", "Parameters: ["+p.ParameterKey+"] do not exist in the template")
		}
		all[p.ParameterKey] = p.ParameterValue
		if p.UsePreviousValue {
			if s == nil {
				return nil, failed("ValidationError", "CreateChangeSet", "no previous value of "+p.ParameterKey)
			}
			all[p.ParameterKey] = s.Parameters[p.ParameterKey]
		}
	}
	for name := range t.Parameters {
		if _, ok := all[name]; !ok {
			return nil, failed("ValidationError", "CreateChangeSet", "Parameters: ["+name+"] must have values")
		}
	}
	return all, nil
}

func (c *call) describeChangeSet(o options) (any, error) {
	name, s, err := c.stack(o, "DescribeChangeSet")
	if err != nil {
		return nil, err
	}
	set := s.ChangeSets[o.get("change-set-name")]
	if set == nil {
		return nil, failed("ChangeSetNotFound", "DescribeChangeSet", "ChangeSet does not exist")
	}
	if set.Reason != "" {
		return object{"Status": "FAILED", "StatusReason": set.Reason, "Changes": []object{}}, nil
	}
	changes := []object{}
	add := func(r object) { changes = append(changes, object{"Type": "Resource", "ResourceChange": r}) }
	for _, id := range slices.Sorted(maps.Keys(set.Template.Resources)) {
		switch kind := set.Template.Resources[id]; {
		case s.Status == "REVIEW_IN_PROGRESS":
			add(object{"Action": "Add", "LogicalResourceId": id, "ResourceType": kind})
		case kind == "AWS::Lambda::Function":
			add(object{"Action": "Modify", "Replacement": "False", "LogicalResourceId": id, "ResourceType": kind, "PhysicalResourceId": name})
		}
	}
	if s.Status != "REVIEW_IN_PROGRESS" {
		for _, surprise := range c.world.Surprise {
			r := object{"Action": surprise.Action, "LogicalResourceId": surprise.LogicalResourceId, "ResourceType": surprise.ResourceType, "PhysicalResourceId": surprise.PhysicalResourceId}
			if surprise.Replacement != "" {
				r["Replacement"] = surprise.Replacement
			}
			add(r)
		}
	}
	return object{"Status": "CREATE_COMPLETE", "Changes": changes}, nil
}

// executeChangeSet begins an operation. One that is to stop halfway goes back by itself.
func (c *call) executeChangeSet(o options) (any, error) {
	_, s, err := c.stack(o, "ExecuteChangeSet")
	if err != nil {
		return nil, err
	}
	set := s.ChangeSets[o.get("change-set-name")]
	if set == nil || set.Reason != "" {
		return nil, failed("InvalidChangeSetStatus", "ExecuteChangeSet", "ChangeSet cannot be executed")
	}
	kind := "UPDATE"
	if s.Status == "REVIEW_IN_PROGRESS" {
		kind = "CREATE"
	}
	next := kind + "_COMPLETE"
	if c.Half || c.world.Failing {
		next = map[string]string{"CREATE": "ROLLBACK_COMPLETE", "UPDATE": "UPDATE_ROLLBACK_COMPLETE"}[kind]
		c.world.Failing = false
	}
	s.ChangeSets = map[string]*model.ChangeSet{}
	s.Pending = set
	c.begin(s, kind+"_IN_PROGRESS", next)
	return nil, nil
}

func (c *call) begin(s *model.Stack, status, next string) {
	s.Status, s.Next, s.Ends = status, next, c.world.Seconds+90
	c.Changes = true
}

func (c *call) deleteChangeSet(o options) (any, error) {
	_, s, err := c.stack(o, "DeleteChangeSet")
	if err != nil {
		return nil, err
	}
	delete(s.ChangeSets, o.get("change-set-name"))
	c.Changes = true
	return object{}, nil
}

// deleteStack notes when documents or proof would go with the stack.
func (c *call) deleteStack(o options) (any, error) {
	name, s, _ := c.stack(o, "DeleteStack") // deleting what is not there is no error
	switch {
	case s == nil:
		return nil, nil
	case s.Status == "REVIEW_IN_PROGRESS":
		delete(c.world.Stacks, name)
		c.Changes = true
		return nil, nil
	}
	s.Tables.Left(c.Call)
	c.begin(s, "DELETE_IN_PROGRESS", "DELETED")
	return nil, nil
}

func (c *call) goOnBack(o options) (any, error) {
	_, s, err := c.stack(o, "ContinueUpdateRollback")
	if err == nil && s.Status != "UPDATE_ROLLBACK_FAILED" {
		err = failed("ValidationError", "ContinueUpdateRollback", "the stack is in "+s.Status)
	}
	if err != nil {
		return nil, err
	}
	c.begin(s, "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE")
	return object{}, nil
}

func (c *call) listResources(o options) (any, error) {
	name, s, err := c.stack(o, "ListStackResources")
	if err != nil {
		return nil, err
	}
	all := []object{}
	for id, kind := range resources(s) {
		physical := map[string]string{"Bucket": name + "-" + account, "TrailBucket": name + "-trail-" + account}[id]
		all = append(all, object{
			"LogicalResourceId": id, "ResourceType": kind, "ResourceStatus": "CREATE_COMPLETE",
			"PhysicalResourceId": cmp.Or(physical, name+"-"+strings.ToLower(id)),
		})
	}
	return object{"StackResourceSummaries": all}, nil
}

func resources(s *model.Stack) map[string]string {
	if s.Template == nil {
		return nil
	}
	return s.Template.Resources
}

func (c *call) events(o options) (any, error) {
	if _, _, err := c.stack(o, "DescribeStackEvents"); err != nil {
		return nil, err
	}
	return object{"StackEvents": []object{
		{"ResourceStatus": "CREATE_FAILED", "ResourceType": "AWS::Lambda::Function", "LogicalResourceId": "OcrFunction", "ResourceStatusReason": "Resource creation cancelled"},
		{"ResourceStatus": "UPDATE_FAILED", "ResourceType": "AWS::Lambda::Function", "LogicalResourceId": "ApiFunction", "ResourceStatusReason": "no room for more executions"},
	}}, nil
}
