package main

import (
	"time"

	"github.com/lethe-ocr/lethe/scripts/scale/simulate"
)

// What the program and the platforms fix, and what this simulation does not vary.
const (
	lease     = 30 * time.Second // of a part; shared/task
	timer     = time.Minute      // between two looks for parts whose lease ran out
	ranges    = 4                // range requests with which a part opens a document: its end, its tree of pages, twice in between
	burst     = 1000             // instances that Lambda starts in ten seconds for one function
	mostAtOne = 1250             // invocations that one SQS event source mapping has under way

	flexMemory   = 2.0    // GB of an instance with one core
	lambdaMemory = 1.7275 // GB of a function with one core: 1,769 MB

	azureLog = 2.80                                 // dollars a GB
	awsLog   = 0.60                                 // likewise
	awsTrail = 1.00e-6                              // dollars an event of the record of access
	awsTable = (2*awsTableRead + awsTableWrite) / 3 // dollars a call: two of three read

	awsTableRead, awsTableWrite = 0.20e-6, 1.00e-6
)

// Prices are those of the operating guides, infra/README.md and infra/aws/README.md, which say what each is.
var (
	flexPrice    = simulate.FlexPrice{OnDemand: 0.000026, ReadyBusy: 0.000016, ReadyIdle: 0.000004, Execution: 0.40e-6}
	lambdaPrice  = simulate.LambdaPrice{OnDemand: 0.0000166667, Execution: 0.20e-6}
	azureRecord  = 1.2e-6 * azureLog // of access: 1.2 KB of log a call
	awsRecord    = awsTrail + 1.5e-6*awsLog
	storagePrice = map[cloud]simulate.StoragePrice{
		azure: {Read: 0.005e-4 + azureRecord, Write: 0.07e-4 + azureRecord, Record: 0.004e-4 + azureRecord, Message: 0.004e-4 + azureRecord},
		aws:   {Read: 0.42e-6 + awsRecord, Write: 5.30e-6 + awsRecord, Record: awsTable + awsRecord, Message: 0.45e-6},
	}
)

// deployment is one stamp: a cloud with its settings, and how documents are split.
type deployment struct {
	cloud     cloud
	partPages int
	window    int
	instances int  // most of each function
	ready     int  // instances for parts that are warm and stay
	quota     int  // instances of both functions together; 0 for no quota
	oneQueue  bool // uploads come by the queue of parts, as in a private network
	cores     int  // of an instance; 0 for what the template says
}

// cores are those of an instance that reads, as the templates have it by default.
var cores = map[cloud]int{azure: 1, aws: 2}

// stage puts up a deployment.
func stage(m model, d deployment, seed uint64, name string) *simulate.Service {
	c, bill := simulate.NewClock(seed, name), &simulate.Bill{}
	cores := cores[d.cloud]
	if d.cores > 0 {
		cores = d.cores
	}
	s := &simulate.Service{Clock: c, Bill: bill, Design: simulate.Design{
		PartPages: d.partPages, Window: d.window, Cores: cores, Page: m.Pages.Times(m.Speed), Open: simulate.Fixed(simulate.Seconds(m.Open * m.Speed)),
		Inspect: m.Inspect * m.Speed, Assemble: m.Assemble * m.Speed, Prefetch: int(m.Prefetch),
		Event: m.latency(m.Event[d.cloud]), Storage: m.latency(m.Storage), Record: m.latency(m.Record), Send: m.latency(m.Send),
		Begin: int(m.Begin), Ranges: ranges, Bytes: m.Bytes, Rate: m.Rate, Lease: lease, Timer: timer, Lifetime: m.Lifetime * 3600,
		Price: storagePrice[d.cloud],
	}}
	var quota *simulate.Quota
	if d.quota > 0 {
		quota = &simulate.Quota{Limit: d.quota}
	}
	group := func(pushed bool) *simulate.Group {
		g := &simulate.Group{Clock: c, Limit: d.instances, Quota: quota, Bill: bill}
		if d.cloud == azure {
			g.Memory = flexMemory * float64(cores)
			g.Rules = &simulate.Flex{
				Decide: simulate.Seconds(m.Decide), Step: int(m.Step), Start: m.latency(m.Start[azure]), Keep: simulate.Seconds(m.Keep[azure]),
				Poll: simulate.Seconds(m.Poll), Pushed: pushed, Price: flexPrice,
			}
		} else {
			g.Memory = lambdaMemory * float64(cores)
			g.Rules = &simulate.Lambda{
				First: int(m.Pollers), PerMinute: m.Minute, Most: mostAtOne, Start: m.latency(m.Start[aws]), Keep: simulate.Seconds(m.Keep[aws]),
				Burst: burst, Price: lambdaPrice,
			}
		}
		return g
	}
	s.Parts = group(false)
	s.Inspect = s.Parts
	if !d.oneQueue {
		s.Inspect = group(true)
		s.Inspect.Warm(1, true) // the one that is kept ready for documents by default; on Lambda the canary keeps one warm
	}
	s.Parts.Warm(d.ready, true)
	return s
}

func (m model) latency(median float64) simulate.Draw {
	return simulate.LogNormal{Median: median, Tail: m.Tail}
}
