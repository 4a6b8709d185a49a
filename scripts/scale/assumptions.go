package main

import (
	_ "embed"
	"encoding/json"
	"slices"

	"github.com/lethe-ocr/lethe/scripts/scale/simulate"
)

// measurement is what the program needed on the machine named in the page, in sums over many pages; see measure.go.
type measurement struct {
	Pages    simulate.Quantiles // seconds of one core a page
	Start    float64            // seconds from the start of the program to the text of a page with one stroke
	Open     float64            // seconds for another such page: a worker opens a document
	Inspect  float64            // seconds a page for the digest and the tree of pages
	Assemble float64            // seconds a page for writing results
	Bytes    float64            // of a page in the document
	Corpus   string             // what was read
	Machine  string             // on what
}

//go:embed measured.json
var measured []byte

func readMeasurement() (measurement, error) {
	var m measurement
	err := json.Unmarshal(measured, &m)
	return m, err
}

// origin says where a number comes from.
type origin string

const (
	here       origin = "measured"
	documented origin = "documented"
	setting    origin = "setting"
	program    origin = "program"
	assumed    origin = "assumption"
)

// assumption is a number that the results follow from, with the range in which it may lie.
type assumption struct {
	name      string
	unit      string
	base      float64
	low, high float64
	origin    origin
	source    string
	set       func(m *model, v float64)
	clouds    []cloud // that it matters to
}

// cloud is a platform with its rules and prices.
type cloud string

const (
	azure cloud = "Azure"
	aws   cloud = "AWS"
)

// model is everything that the results follow from.
type model struct {
	measurement
	Speed    float64 // how many times as long a core of the cloud takes
	Event    map[cloud]float64
	Storage  float64
	Record   float64
	Send     float64
	Tail     float64 // how many times the median the 99th percentile of a latency is
	Rate     float64 // MB a second
	Prefetch float64
	Begin    float64
	Poll     float64
	Decide   float64
	Step     float64
	Start    map[cloud]float64
	Keep     map[cloud]float64
	Pollers  float64 // invocations at once with which pollers of a queue begin
	Minute   float64
	Lifetime float64 // hours
}

// assumptions lists every number with its range. Those of the base are in force unless a sensitivity is looked at.
func assumptions(m measurement) []assumption {
	both, onAzure, onAWS := []cloud{azure, aws}, []cloud{azure}, []cloud{aws}
	return []assumption{
		{"seconds of a page, as multiple of the measured ones", "×", 1, 0.7, 2, assumed,
			"neither cloud documents the speed of a core, and pages of a document are alike: all may be dense",
			func(m *model, v float64) { m.Speed = v }, both},
		{"opening a document in a worker", "s", m.Open, m.Open / 2, 4 * m.Open, here, "a further page with one stroke beside the first",
			func(m *model, v float64) { m.Open = v }, both},
		{"inspecting, a page", "ms", 1000 * m.Inspect, 500 * m.Inspect, 4000 * m.Inspect, here, "page 1 of a PDF of 1,000 pages against page 1 of one of 20, and the digest of a page",
			func(m *model, v float64) { m.Inspect = v / 1000 }, both},
		{"writing results, a page", "ms", 1000 * m.Assemble, 500 * m.Assemble, 10000 * m.Assemble, here, "text and PDF of 100 pages with 500 words each, against text alone, less the same of 20 pages",
			func(m *model, v float64) { m.Assemble = v / 1000 }, both},
		{"size of a page in the document", "kB", 100, 30, 400, assumed, "a scan in grey at 200 to 300 dpi; fax coding is smaller, colour larger. The limit of 200 MiB lets 500 pages have 400 each; pages of the corpus have " + figures(m.Bytes/1000) + " on average",
			func(m *model, v float64) { m.Bytes = 1000 * v }, both},
		{"kept pages that are read back at once", "", 16, 1, 32, program, "`shared/task/pages.go`; the ends show what it is worth",
			func(m *model, v float64) { m.Prefetch = v }, both},
		{"parts that are begun or sent at once", "", 16, 1, 32, program, "`shared/task/split.go`; likewise",
			func(m *model, v float64) { m.Begin = v }, both},
		{"call for a small blob, median", "ms", 20, 8, 60, assumed, "same region, TLS kept open",
			func(m *model, v float64) { m.Storage = v / 1000 }, both},
		{"call for a record, median", "ms", 10, 4, 30, assumed, "same region, TLS kept open",
			func(m *model, v float64) { m.Record = v / 1000 }, both},
		{"sending a message, median", "ms", 12, 5, 40, assumed, "same region, TLS kept open",
			func(m *model, v float64) { m.Send = v / 1000 }, both},
		{"99th percentile of calls, starts and events to their median", "×", 5, 2, 15, assumed, "services answer most calls soon and few late",
			func(m *model, v float64) { m.Tail = v }, both},
		{"reading one blob", "MB/s", 60, 20, 200, documented, "planning figure for one blob of Azure Storage; S3 is faster",
			func(m *model, v float64) { m.Rate = v * 1e6 }, both},
		{"from the upload to the queue, Azure", "s", 0.5, 0.2, 2, assumed, "Event Grid, then 0.2 s from the webhook to the handler as measured with the Functions host",
			func(m *model, v float64) { m.Event[azure] = v }, onAzure},
		{"from the upload to the queue, AWS", "s", 0.6, 0.2, 2, assumed, "S3 notification to SQS, taken by long polling",
			func(m *model, v float64) { m.Event[aws] = v }, onAWS},
		{"longest time between two looks into a queue", "s", 2, 1, 10, setting, "`maxPollingInterval` in `host.json`; doubles from 0.1 s on while nothing is found",
			func(m *model, v float64) { m.Poll = v }, onAzure},
		{"between two decisions to scale", "s", 5, 1, 30, assumed, "not documented",
			func(m *model, v float64) { m.Decide = v }, onAzure},
		{"instances that a decision adds", "", 4, 4, 100, documented,
			"learn.microsoft.com, target-based scaling: four at a time; a blog of the vendor shows 1,000 instances within a minute for HTTP, which is the upper end",
			func(m *model, v float64) { m.Step = v }, onAzure},
		{"start of an instance on Flex, median", "s", 5, 1.8, 15, assumed, "others measured 1.8 s for a warm app, 30 s from nothing",
			func(m *model, v float64) { m.Start[azure] = v }, onAzure},
		{"life of an idle instance on Flex", "s", 30, 30, 300, documented, "github.com/Azure/azure-functions-host, issue 10706: scaled in after 30 s",
			func(m *model, v float64) { m.Keep[azure] = v }, onAzure},
		{"start of an instance on Lambda, median", "s", 1.5, 0.4, 5, assumed, "package of 50 MB and the start of the program and its worker",
			func(m *model, v float64) { m.Start[aws] = v }, onAWS},
		{"life of an idle instance on Lambda", "s", 300, 120, 900, assumed, "not documented",
			func(m *model, v float64) { m.Keep[aws] = v }, onAWS},
		{"invocations with which pollers of a queue begin", "", 5, 5, 100, documented,
			"docs.aws.amazon.com, scaling of SQS event source mappings: 5, or 10 for each provisioned poller, of which there are 10 at the upper end",
			func(m *model, v float64) { m.Pollers = v }, onAWS},
		{"invocations that pollers add in a minute", "", 300, 300, 1000, documented, "the same page: 300, 1,000 with provisioned pollers",
			func(m *model, v float64) { m.Minute = v }, onAWS},
		{"work of an instance until it dies, mean", "h", 200, 20, 2000, assumed, "platform updates, memory, hardware",
			func(m *model, v float64) { m.Lifetime = v }, both},
	}
}

// baseModel is the model with every assumption at its base.
func baseModel(measured measurement, list []assumption) model {
	m := model{measurement: measured}
	m.Event, m.Start, m.Keep = map[cloud]float64{}, map[cloud]float64{}, map[cloud]float64{}
	for _, a := range list {
		a.set(&m, a.base)
	}
	return m
}

// with returns the model with one assumption at another value.
func (m model) with(a assumption, v float64) model {
	copied := m
	copied.Event, copied.Start, copied.Keep = clone(m.Event), clone(m.Start), clone(m.Keep)
	a.set(&copied, v)
	return copied
}

func clone(m map[cloud]float64) map[cloud]float64 {
	c := make(map[cloud]float64, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

func (a assumption) concerns(c cloud) bool { return slices.Contains(a.clouds, c) }
