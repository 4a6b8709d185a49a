// Command scan looks for weaknesses in the tree, in what a release is made of and in a running server, and writes what it
// found as a dated report. It fails if there is a finding that findings.json does not accept, or an entry there that is
// expired or not needed. With -release it also fails if a check could not run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// check looks for one kind of weakness.
type check struct {
	name string
	asks string
	run  func(ctx context.Context) (examined string, found []Finding, err error)
}

// options are what the command line sets.
type options struct {
	root     string
	out      string
	url      string
	program  string
	only     string
	fuzzIn   string
	sanitise bool
	release  bool
	fuzz     time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.root, "root", ".", "the source tree")
	flag.StringVar(&o.out, "out", "dist/scan", "folder of the reports")
	flag.StringVar(&o.url, "url", "", "address of a running stamp; without it a server is started. LETHE_APP and LETHE_SECRET sign in")
	flag.StringVar(&o.program, "program", "bin/lethe", "the program that is started")
	flag.StringVar(&o.only, "only", "", "names of checks, with commas between them; all without it")
	flag.BoolVar(&o.release, "release", false, "a check that could not run is a failure")
	flag.DurationVar(&o.fuzz, "fuzz", 3*time.Minute, "time for all fuzzers together")
	flag.StringVar(&o.fuzzIn, "fuzz-in", "", "folders whose fuzzers run, with commas between them; all without it")
	flag.BoolVar(&o.sanitise, "sanitise", false, "build fuzzers of native code with AddressSanitizer")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "scan:", err)
		os.Exit(1)
	}
}

// hung is longer than any check takes, on a busy machine too: one that is not done by then hangs, and has checked nothing. Fuzzers take
// their time beside it.
const hung = time.Hour

// errNotPassed says that the report has what is wrong.
var errNotPassed = errors.New("not passed")

func run(ctx context.Context, o options, progress io.Writer) (err error) {
	accepted, err := readAccepted(o.root + "/scripts/scan/findings.json")
	if err != nil {
		return err
	}
	version, err := output(ctx, o.root, "git", "describe", "--always", "--dirty")
	if err != nil {
		return err
	}
	live := newLive(o)
	defer func() { err = errors.Join(err, live.stop()) }()
	r := Report{Version: strings.TrimSpace(version), Target: live.String(), Began: time.Now()}
	for _, c := range wanted(checks(o, live), o.only) {
		outcome := c.do(ctx, hung+o.fuzz)
		r.Checks = append(r.Checks, outcome)
		fmt.Fprintf(progress, "%-12s %-12s %2d findings %4.0f s  %s\n", c.name, outcome.State, len(outcome.Findings), outcome.Seconds, outcome.Examined+outcome.Reason)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	r.Problems = accepted.apply(r.Checks, r.Began)
	r.Seconds = time.Since(r.Began).Seconds()
	r.conclude(o.release)
	name, err := r.write(o.out)
	if err != nil {
		return err
	}
	for _, c := range r.Checks {
		for _, f := range c.Findings {
			if f.Accepted == "" {
				fmt.Fprintf(progress, "open: %s %s %s: %s\n", c.Check, f.ID, f.Place, f.Detail)
			}
		}
	}
	for _, p := range r.Problems {
		fmt.Fprintf(progress, "findings.json: %s\n", p)
	}
	for _, g := range r.Gaps {
		fmt.Fprintf(progress, "not checked: %s\n", g)
	}
	fmt.Fprintf(progress, "%s.md and .json: %d open findings, in %.0f s\n", name, r.open(), r.Seconds)
	if !r.Passed {
		return errNotPassed
	}
	return nil
}

// checks lists everything that is looked for, the quick things first.
func checks(o options, live *live) []check {
	return []check{
		{"secrets", "is a secret in any commit?", func(ctx context.Context) (string, []Finding, error) { return secrets(ctx, o.root) }},
		{"components", "what is the release made of, under which licences?", func(ctx context.Context) (string, []Finding, error) { return components(ctx, o.root) }},
		{"advisories", "does the program call code with a known vulnerability?", func(ctx context.Context) (string, []Finding, error) {
			return advisories(ctx, o.root)
		}},
		{"code", "do gosec and the other linters object?", func(ctx context.Context) (string, []Finding, error) { return code(ctx, o.root) }},
		{"transport", "are old protocols refused, is the certificate good?", live.transport},
		{"headers", "do all answers have the headers that protect them?", live.headers},
		{"contract", "does any request get an answer that the description does not allow?", live.contract},
		{"attacks", "does wapiti find an injection?", live.attacks},
		{"leaks", "is anything of these requests in the server's log?", live.leaks},
		{"fuzzers", "does any fuzzer find an input that breaks its rule?", func(ctx context.Context) (string, []Finding, error) {
			return fuzzers(ctx, o.root, o.fuzzIn, o.sanitise, o.fuzz)
		}},
	}
}

func wanted(all []check, only string) []check {
	if only == "" {
		return all
	}
	var some []check
	for name := range strings.SplitSeq(only, ",") {
		for _, c := range all {
			if c.name == name {
				some = append(some, c)
			}
		}
	}
	return some
}

// do runs a check for no longer than the limit.
func (c check) do(ctx context.Context, limit time.Duration) Outcome {
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	examined, found, err := c.run(limited)
	o := Outcome{Check: c.name, Asks: c.asks, State: Passed, Examined: examined, Seconds: time.Since(began).Seconds(), Findings: sorted(found)}
	if o.Findings == nil {
		o.Findings = []Finding{}
	}
	switch {
	case err != nil && limited.Err() != nil:
		o.State, o.Reason = NotChecked, fmt.Sprintf("was not done after %v", time.Since(began).Round(time.Second))
	case err != nil:
		o.State, o.Reason = NotChecked, err.Error()
	case len(found) > 0:
		o.State = Found
	}
	return o
}
