package awsaccount

import (
	"context"
	"errors"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lethe-ocr/lethe/shared/doctor"
)

// notThere is how Lambda says that something was never set.
const notThere = "ResourceNotFoundException"

// Settings reads the environment of the function that answers the clients of a stack: what else there is to know of its stamp. Of the
// configuration the region, the stack and the credentials are needed.
func Settings(ctx context.Context, cfg Config) (map[string]string, error) {
	named := cfg
	named.Stamp.Bucket, named.Stamp.Tables = "unknown", "unknown" // that is what is asked for
	p, err := New(named)
	if err != nil {
		return nil, err
	}
	out, err := p.lambda().GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: sdk.String(cfg.Stamp.Stack + "-" + doctor.APIFunction)})
	if err != nil {
		return nil, errors.New(refusal("lambda:GetFunctionConfiguration", err))
	}
	if out.Environment == nil {
		return nil, errors.New("the function has no settings")
	}
	return out.Environment.Variables, nil
}

// functions examines the functions and what calls them.
func (p *Probe) functions(ctx context.Context, v *view) {
	sources, all := []doctor.AWSSource{}, true
	for _, name := range p.cfg.Stamp.Functions() {
		f := doctor.AWSFunction{Name: name}
		full := p.cfg.Stamp.Stack + "-" + name
		out, err := p.lambda().GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &full})
		switch {
		case err == nil:
			p.configuration(out, &f)
		case code(err) == notThere:
			f.Absent = true
		default:
			v.missed("lambda:GetFunctionConfiguration", err, doctor.FunctionCode, doctor.FunctionSettings)
		}
		if code(err) == "" && err != nil {
			v.missed("lambda", err, doctor.FunctionConcurrency, doctor.FunctionURL, doctor.FunctionEvents)
			v.Functions = append(v.Functions, f)
			return
		}
		if !f.Absent {
			p.entrances(ctx, v, &f, full)
			more, ok := p.sources(ctx, v, full)
			sources, all = append(sources, more...), all && ok
		}
		v.Functions = append(v.Functions, f)
	}
	if all {
		v.Sources = &sources
	}
}

func (p *Probe) configuration(out *lambda.GetFunctionConfigurationOutput, f *doctor.AWSFunction) {
	f.Seen = true
	f.Runtime, f.Handler, f.Package = string(out.Runtime), sdk.ToString(out.Handler), string(out.PackageType)
	if len(out.Architectures) == 1 {
		f.Architecture = string(out.Architectures[0])
	}
	f.Role = p.cfg.Stamp.Resource(sdk.ToString(out.Role))
	f.TimeOut = time.Duration(sdk.ToInt32(out.Timeout)) * time.Second
	f.VPC = out.VpcConfig != nil && sdk.ToString(out.VpcConfig.VpcId) != ""
	f.Traced = out.TracingConfig != nil && out.TracingConfig.Mode == types.TracingModeActive
	for _, l := range out.Layers {
		f.Layers = append(f.Layers, sdk.ToString(l.Arn))
	}
	for _, s := range out.FileSystemConfigs {
		f.Keeps = append(f.Keeps, "a file system: "+sdk.ToString(s.Arn))
	}
	if out.SnapStart != nil && out.SnapStart.ApplyOn != types.SnapStartApplyOnNone && out.SnapStart.ApplyOn != "" {
		f.Keeps = append(f.Keeps, "snapshots of its memory (SnapStart)")
	}
	if out.DurableConfig != nil {
		f.Keeps = append(f.Keeps, "a record of each execution (durable)")
	}
	if out.Environment != nil {
		f.Environment = out.Environment.Variables
	}
	if out.LoggingConfig != nil {
		f.LogGroup = sdk.ToString(out.LoggingConfig.LogGroup)
	}
	if out.DeadLetterConfig != nil {
		f.DeadLetters = sdk.ToString(out.DeadLetterConfig.TargetArn)
	}
}

// entrances reads who may call the function, how many at once, and who hears of it.
func (p *Probe) entrances(ctx context.Context, v *view, f *doctor.AWSFunction, full string) {
	if out, err := p.lambda().GetFunctionConcurrency(ctx, &lambda.GetFunctionConcurrencyInput{FunctionName: &full}); err != nil {
		v.missed("lambda:GetFunctionConcurrency", err, doctor.FunctionConcurrency)
	} else {
		f.Reserved = new(-1)
		if out.ReservedConcurrentExecutions != nil {
			f.Reserved = sdk.Int(int(*out.ReservedConcurrentExecutions))
		}
	}
	url, err := p.lambda().GetFunctionUrlConfig(ctx, &lambda.GetFunctionUrlConfigInput{FunctionName: &full})
	switch {
	case err == nil:
		f.URL = &doctor.AWSURL{Auth: string(url.AuthType), Mode: string(url.InvokeMode), CORS: url.Cors != nil, Address: sdk.ToString(url.FunctionUrl)}
	case code(err) == notThere:
		f.URL = &doctor.AWSURL{}
	default:
		v.missed("lambda:GetFunctionUrlConfig", err, doctor.FunctionURL)
	}
	policy, err := p.lambda().GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: &full})
	switch {
	case err == nil:
		f.Policy = sdk.String(sdk.ToString(policy.Policy))
	case code(err) == notThere:
		f.Policy = new("")
	default:
		v.missed("lambda:GetPolicy", err, doctor.FunctionURL)
	}
	events, err := p.lambda().GetFunctionEventInvokeConfig(ctx, &lambda.GetFunctionEventInvokeConfigInput{FunctionName: &full})
	switch {
	case err == nil:
		f.Destinations = &[]string{}
		if d := events.DestinationConfig; d != nil {
			*f.Destinations = receivers(d)
		}
	case code(err) == notThere:
		f.Destinations = &[]string{}
	default:
		v.missed("lambda:GetFunctionEventInvokeConfig", err, doctor.FunctionURL)
	}
}

func receivers(d *types.DestinationConfig) []string {
	all := []string{}
	if d.OnFailure != nil && sdk.ToString(d.OnFailure.Destination) != "" {
		all = append(all, *d.OnFailure.Destination)
	}
	if d.OnSuccess != nil && sdk.ToString(d.OnSuccess.Destination) != "" {
		all = append(all, *d.OnSuccess.Destination)
	}
	return all
}

// sources lists what a function is called with.
func (p *Probe) sources(ctx context.Context, v *view, full string) (all []doctor.AWSSource, seen bool) {
	in := &lambda.ListEventSourceMappingsInput{FunctionName: &full}
	for {
		page, err := p.lambda().ListEventSourceMappings(ctx, in)
		if err != nil {
			v.missed("lambda:ListEventSourceMappings", err, doctor.FunctionEvents)
			return nil, false
		}
		for _, m := range page.EventSourceMappings {
			s := doctor.AWSSource{
				From:    p.cfg.Stamp.Resource(sdk.ToString(m.EventSourceArn)),
				To:      p.cfg.Stamp.Resource(sdk.ToString(m.FunctionArn)),
				Enabled: strings.HasPrefix(sdk.ToString(m.State), "Enabl") || sdk.ToString(m.State) == "Updating" || sdk.ToString(m.State) == "Creating",
			}
			for _, kind := range m.FunctionResponseTypes {
				s.PartialBatch = s.PartialBatch || kind == types.FunctionResponseTypeReportBatchItemFailures
			}
			if m.DestinationConfig != nil {
				s.Failures = receivers(m.DestinationConfig)
			}
			all = append(all, s)
		}
		if in.Marker = page.NextMarker; sdk.ToString(in.Marker) == "" {
			return all, true
		}
	}
}
