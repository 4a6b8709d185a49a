package telemetry

import (
	"github.com/prometheus/otlptranslator"

	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/retention"
)

// Name is the name of an instrument in OpenTelemetry. Prometheus's follows from it: lethe.page.recognition, in seconds, is
// lethe_page_recognition_seconds there.
type Name string

// The instruments.
const (
	Documents       Name = "lethe.documents"
	DocumentWait    Name = "lethe.document.wait"
	Pages           Name = "lethe.pages"
	PageWait        Name = "lethe.page.wait"
	PageRecognition Name = "lethe.page.recognition"
	QueueLength     Name = "lethe.queue.length"
	QueueAge        Name = "lethe.queue.age"
	OldestAge       Name = "lethe.document.oldest.age"
	Limit           Name = "lethe.document.limit"
	NextDeadline    Name = "lethe.deadline.next"
	SweepAge        Name = "lethe.sweep.age"
	Erasures        Name = "lethe.erasures"
	LedgerLag       Name = "lethe.ledger.lag"
	WorkerStarts    Name = "lethe.worker.starts"
	WorkerEnds      Name = "lethe.worker.ends"
	StorageCalls    Name = "lethe.storage.call"
)

// Kind says how an instrument counts.
type Kind string

// The kinds.
const (
	Counter   Kind = "counter"   // of what happened
	Histogram Kind = "histogram" // of how long it took
	Gauge     Kind = "gauge"     // read when metrics are collected
	Tally     Kind = "tally"     // a counter that the program keeps elsewhere, likewise
)

// Instrument is one row of the table.
type Instrument struct {
	Name
	Kind
	Unit    string // in UCUM; in braces it is a word for people
	Meaning string
	Labels  []Label   // at most two
	Buckets []float64 // upper bounds of a histogram, in seconds
}

// Prometheus returns the name that the instrument has there, or an error for one that no instrument can have. A histogram has three names,
// which begin with it.
func (i Instrument) Prometheus() (string, error) {
	metric := otlptranslator.Metric{Name: string(i.Name), Unit: i.Unit, Type: otlptranslator.MetricTypeGauge}
	if i.Kind == Counter || i.Kind == Tally {
		metric.Type = otlptranslator.MetricTypeMonotonicCounter
	}
	namer := otlptranslator.NewMetricNamer("", translation())
	return namer.Build(metric)
}

// Label tells one part of what is counted from another. It never carries an id, a name or a link.
type Label struct {
	Name   string
	Values []string // all that there are: others are counted as Other. Nil for codes of the program, of letters and hyphens
}

// Other stands for a value that a label does not have.
const Other = "other"

// The outcomes of documents and pages.
const (
	Completed = "completed"
	Failed    = "failed"
	Read      = "read"
)

// Instruments lists every instrument. A new one is a constant, a row, and whoever counts or reads it in observe.go.
func Instruments() []Instrument {
	const seconds = "s"
	calls := []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}
	pages := []float64{0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 8, 13, 20, 30, 60, 120}
	waits := []float64{0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400, 43200}
	return []Instrument{
		{Name: Documents, Kind: Counter, Unit: "{document}", Meaning: "Documents whose processing ended; one that is processed again counts again.", Labels: []Label{{"outcome", []string{Completed, Failed}}}},
		{Name: DocumentWait, Kind: Histogram, Unit: seconds, Meaning: "Time from the arrival of a document until its processing began.", Buckets: waits},
		{Name: Pages, Kind: Counter, Unit: "{page}", Meaning: "Pages whose reading ended.", Labels: []Label{{"outcome", []string{Read, Failed}}}},
		{Name: PageWait, Kind: Histogram, Unit: seconds, Meaning: "Time that a document waited until its next page had a worker.", Buckets: pages},
		{Name: PageRecognition, Kind: Histogram, Unit: seconds, Meaning: "Time that a worker took to read a page.", Buckets: pages},
		{Name: QueueLength, Kind: Gauge, Unit: "{job}", Meaning: "Documents, and parts of large ones, that wait to be processed."},
		{Name: QueueAge, Kind: Gauge, Unit: seconds, Meaning: "How long the one of them waits that has waited longest since it was last queued; 0 if there is none."},
		{Name: OldestAge, Kind: Gauge, Unit: seconds, Meaning: "Age of the oldest copy of a document; 0 if there is none."},
		{Name: Limit, Kind: Gauge, Unit: seconds, Meaning: "The age that no copy may reach."},
		{Name: NextDeadline, Kind: Gauge, Unit: seconds, Meaning: "Time until something is due next; negative if it is overdue, missing if there is nothing."},
		{Name: SweepAge, Kind: Gauge, Unit: seconds, Meaning: "Time since the last sweep began; missing before the first."},
		{Name: Erasures, Kind: Counter, Unit: "{erasure}", Meaning: "Tasks, and orphans, of which every copy was erased.", Labels: []Label{{"reason", reasons()}}},
		{Name: LedgerLag, Kind: Gauge, Unit: seconds, Meaning: "Time since every entry that was handed in stood in the ledger; missing before that is known."},
		{Name: WorkerStarts, Kind: Tally, Unit: "{process}", Meaning: "Worker processes that started."},
		{Name: WorkerEnds, Kind: Tally, Unit: "{process}", Meaning: "Worker processes that ended.", Labels: []Label{{Name: "reason"}}},
		{Name: StorageCalls, Kind: Histogram, Unit: seconds, Meaning: "Time that calls of storage took; of a write with the arrival of its bytes, of a read without them.", Labels: []Label{{"operation", operations()}, {"outcome", outcomes()}}, Buckets: calls},
	}
}

// reasons are why something is erased.
func reasons() []string {
	var all []string
	for _, r := range append(retention.TaskReasons(), retention.NoRecord, retention.LateCopy, retention.Unreadable) {
		all = append(all, string(r))
	}
	return all
}

// The outcomes of calls of storage that are no kinds of faults.
const (
	succeeded = "ok"
	givenUp   = "cancelled" // by the caller, or its time was over
)

// outcomes are what a call of storage can come to.
func outcomes() []string {
	all := []string{succeeded, givenUp}
	for _, k := range fault.Kinds() {
		all = append(all, string(k))
	}
	return all
}
