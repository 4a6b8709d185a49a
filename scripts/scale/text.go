package main

import (
	"fmt"
	"slices"
	"strings"
)

// page writes what the simulation says.
func (r *results) page(seed uint64) string {
	var b strings.Builder
	say := func(format string, values ...any) { fmt.Fprintf(&b, format+"\n", values...) }
	say("# How it scales\n")
	say("A document of more pages than a part has is read by many instances: the first one inspects it, splits it into parts of about equal size, and")
	say("queues a message for each; whoever finishes the last part writes the results. This page tells what that comes to on up to 1,000 instances. **Its")
	say("numbers are those of a simulation**, not of a cloud: measured are page times, on the pages of a corpus; all else is a documented limit or an")
	say("assumption, listed [below](#assumptions) with its range. `go run ./scripts/scale` writes the page and its plots (seed %d), and a test compares", seed)
	say("them with what it writes. Times are of a document that meets no other, %d repetitions each, unless said otherwise.\n", repetitions)
	r.summary(say)
	r.timesToResult(say)
	r.sizes(say)
	r.neighbours(say)
	r.aDay(say)
	r.dependence(say)
	r.numbers(say)
	say("## How the simulation is checked\n")
	say("Tests in `scripts/scale/simulate` hold it to what is known exactly: delays in the queues M/M/n and M/D/1 by the formulas of Erlang and of")
	say("Pollaczek and Khinchine, the length of a queue by Little's law, the time of a document that meets no other as the sum of its steps, the rules by")
	say("which each platform adds instances, and the price list. While instances die at any moment every page is read once and every document ends once.")
	say("The same seed gives the same history.")
	return b.String()
}

type sayer func(format string, values ...any)

func (r *results) at(variant, state string, pages int) spread {
	for i, n := range pageCounts {
		if n == pages {
			return r.times[variant+state][i]
		}
	}
	panic("no such number of pages")
}

// verdict says whether the goal is met.
func verdict(s spread) string {
	switch {
	case s.P99 < goalSeconds:
		return "met, in 99 of 100 cases"
	case s.P95 < goalSeconds:
		return "met, in 95 of 100 cases"
	case s.Median < goalSeconds:
		return "met in the median"
	}
	return "missed"
}

func (r *results) summary(say sayer) {
	say("## In short\n")
	say("| goal: a scan of %d pages in under %.0f s on %d warm instances | median | 95 %% | 99 %% | |", goalPages, goalSeconds, goalWarm)
	say("| --- | --- | --- | --- | --- |")
	for _, v := range variants() {
		s := r.at(v.name, "100 warm", goalPages)
		say("| %s | %s s | %s s | %s s | %s |", v.name, figures(s.Median), figures(s.P95), figures(s.P99), verdict(s))
	}
	say("")
	i, cheapest := slices.Index(partSizes, partPages), func(c cloud) float64 {
		return 100 * (r.costs[c][slices.Index(partSizes, partPages)]/slices.Min(r.costs[c]) - 1)
	}
	say("- **Size of a part: %d pages** (`LETHE_PART_PAGES`). The largest with which the goal is met in 95 of 100 cases, with a margin of %.0f %%, in both clouds as", partPages, 100*margin)
	say("  they are tuned for it: %s s and %s s. It costs %.0f %% more than the cheapest size on Azure, and %.0f %% more on AWS, where parts of few pages leave one of", figures(r.bySize[azureTuned][i].P95), figures(r.bySize[awsTuned][i].P95), cheapest(azure), cheapest(aws))
	say("  two cores idle at their ends.")
	say("- **Parts of an application under way: %d** (`LETHE_PARTS_AT_ONCE`). The fewest (a power of two) with which all parts of %d pages are under way at once. Without a cap, ten", window, goalPages)
	say("  documents of %s pages make those of other applications wait for minutes.", short(largePages))
	say("- **Warm instances help as far as they are told of work.** On Azure an idle instance looks into its queue at least every 2 s (`maxPollingInterval`")
	say("  in `host.json`); every look is a call that is charged and logged, and with 10 s it would have work up to 8 s later. On AWS pollers begin with 5 invocations")
	say("  and add 300 a minute however many instances are warm; provisioned pollers (ten of them, 68 dollars a month) begin with 100.")
	say("- **Cold, the clouds differ by their rules, not by their cores:** Azure adds instances by the decision, AWS by the second.\n")
}

func (r *results) timesToResult(say sayer) {
	say("## Time to result\n")
	say("![From the upload to the result](scale/time.svg)\n")
	say("Seconds from the end of the upload to the result: median / 95 %% / 99 %%. Parts of %d pages, and %d of them under way unless there is no cap. Cold means", partPages, window)
	say("that only the one instance runs that inspects; up to 1,000 may start. One machine has workers for all its cores.\n")
	heading := "| |"
	for _, n := range pageCounts {
		heading += " " + short(float64(n)) + " pages |"
	}
	say("%s\n|%s", strings.Replace(heading, "| 1 pages |", "| 1 page |", 1), strings.Repeat(" --- |", len(pageCounts)+1))
	row := func(name string, all []spread) {
		line := "| " + name + " |"
		for _, s := range all {
			line += fmt.Sprintf(" %s / %s / %s |", figures(s.Median), figures(s.P95), figures(s.P99))
		}
		say("%s", line)
	}
	for _, v := range variants() {
		for _, s := range states() {
			row(v.name+", "+s.name, r.times[v.name+s.name])
		}
	}
	for i, cores := range machines {
		row(fmt.Sprintf("one machine, %d cores", cores), r.onMachines[i])
	}
	say("")
}

func (r *results) sizes(say sayer) {
	say("## Size of a part\n")
	say("![500 pages on 100 warm instances](scale/parts.svg)\n\n![What 1,000 pages cost](scale/cost.svg)\n")
	say("Small parts end sooner, since the slowest of them decides, and cost more: every part is claimed, opened, counted and looked after, and on Flex a call")
	say("is charged for a second at least. Time: seconds of %d pages on %d warm instances, median / 95 %%, no cap. Cost: dollars for 1,000 pages at list", goalPages, goalWarm)
	say("prices, on demand, when %d pages come once a minute: instances, calls of storage, queue and tables, and the record of access to them. What each", goalPages)
	say("document costs besides (calls of the interface), and what is paid while nothing happens, is in the guides for [Azure](README.md#what-it-costs) and")
	say("[AWS](aws/README.md#what-it-costs).\n")
	heading := "| pages of a part |"
	for _, v := range variants() {
		heading += " " + v.name + " |"
	}
	say("%s cost, Azure | cost, AWS |\n|%s", heading, strings.Repeat(" --- |", len(variants())+3))
	for i, size := range partSizes {
		line := fmt.Sprintf("| %d |", size)
		for _, v := range variants() {
			s := r.bySize[v.name][i]
			line += fmt.Sprintf(" %s / %s |", figures(s.Median), figures(s.P95))
		}
		say("%s %.3f | %.3f |", line, r.costs[azure][i], r.costs[aws][i])
	}
	say("")
}

func (r *results) neighbours(say sayer) {
	say("## Others beside large documents\n")
	say("![40 pages of another application beside ten documents of 2,000](scale/neighbours.svg)\n")
	say("Applications send %d documents of %s pages each at once, while others send %s single pages a second and a document of %d pages every %.0f s. There are as", largeDocuments, short(largePages), short(singleRate), mediumPages, 1/mediumRate)
	say("many cores as the templates give by default: 40 instances of each function with one core on Azure, 20 with two on AWS. Single pages and inspection have")
	say("instances of their own, except in a private network on Azure, where uploads come by the queue of parts. Each cell: seconds to the result of single")
	say("pages and of %d pages, both 95 %%, and the minutes that the large documents take.\n", mediumPages)
	heading := "| parts of an application under way |"
	for _, w := range windows {
		if w == 0 {
			heading += " no cap |"
		} else {
			heading += fmt.Sprintf(" %d |", w)
		}
	}
	say("%s\n|%s", heading, strings.Repeat(" --- |", len(windows)+1))
	for i, l := range layouts() {
		line := "| " + l.name + " |"
		for w := range windows {
			n := r.beside[i][w]
			line += fmt.Sprintf(" %s / %s / %.0f |", figures(n.Single.P95), figures(n.Medium.P95), n.Large/60)
		}
		say("%s", line)
	}
	say("\nThe delay that a cap leaves is about that of its parts on the instances that there are, for each application that sends so much: with more instances it")
	say("falls in proportion. On one machine pages take turns by the processor time of applications: beside a document of %s pages on 8 cores a single page", short(largePages))
	say("takes %s s, 95 %%, against %s s alone.\n", figures(r.machine.Single.P95), figures(r.onMachines[1][0].P95))
}

func (r *results) aDay(say sayer) {
	say("## A million documents a day\n")
	say("![A day on Azure](scale/day-azure.svg)\n\n![A day on AWS](scale/day-aws.svg)\n")
	line := ""
	for i, s := range sizes {
		if i > 0 {
			line += ", "
		}
		line += fmt.Sprintf("%g %% of %s", s.share*100, span(s))
	}
	say("Assumed: %s pages, %s on average, from 50 applications, by the curve of a working day. The simulation runs through the whole day, from nothing", line, figures(meanPages()))
	say("warm, with at most 1,000 instances of each function. As the templates have it, an instance has one core on Azure and two on AWS.\n")
	say("| | Azure | AWS |\n| --- | --- | --- |")
	a, w := r.days[azure], r.days[aws]
	both := func(name string, tell func(d day) string) { say("| %s | %s | %s |", name, tell(a), tell(w)) }
	both("pages read", func(d day) string { return millions(d.Pages) })
	both("most instances of both functions", func(d day) string { return fmt.Sprint(d.Peak) })
	both("instances at work, mean of the day", func(d day) string { return figures(d.Working) })
	both("from the queue to an instance: 95 %, 99 %", func(d day) string { return figures(d.Delay.P95) + " s, " + figures(d.Delay.P99) + " s" })
	for i, s := range sizes {
		both(fmt.Sprintf("to the result, %s: median, 95 %%, 99 %%", plural(s)), func(d day) string {
			t := d.Results[i]
			return fmt.Sprintf("%s s, %s s, %s s", figures(t.Median), figures(t.P95), figures(t.P99))
		})
	}
	both("instances that died", func(d day) string { return fmt.Sprint(d.Bill.Died) })
	both("cost of the day: instances and executions, storage and record of access", func(d day) string {
		return fmt.Sprintf("%.0f + %.0f dollars", d.Bill.Compute+d.Bill.Executions, d.Bill.Storage)
	})
	both("cost of 1,000 pages", func(d day) string { return fmt.Sprintf("%.3f dollars", d.Bill.Total()/float64(d.Pages)*1000) })
	say("\nThe peak lies within what a subscription may run in a region (250 cores on Flex, 1,000 invocations on Lambda) as long as pages take no longer than")
	say("assumed; the templates' defaults (40 instances, 20 invocations) are far below it and have to be raised.\n")
}

func span(s size) string {
	if s.from == s.to {
		return fmt.Sprint(s.from)
	}
	return fmt.Sprintf("%d to %d", s.from, s.to)
}

func plural(s size) string {
	if s.to == 1 {
		return "1 page"
	}
	return span(s) + " pages"
}

func millions(n int) string { return fmt.Sprintf("%.2f million", float64(n)/1e6) }

func (r *results) dependence(say sayer) {
	say("## What depends on which assumption\n")
	say("![Azure](scale/sensitivity-azure.svg)\n\n![AWS](scale/sensitivity-aws.svg)\n")
	say("One assumption at a time is set to the low and the high end of its range. Time: 95 %% of %d pages on %d warm instances, %s s on Azure and %s s on AWS with", goalPages, goalWarm, figures(r.baseTime[azure]), figures(r.baseTime[aws]))
	say("every assumption at its base. Cost: dollars for 1,000 pages in documents of %d, %.3f and %.3f. Plots leave out what moves the time by less than 2 %%.\n", goalPages, r.baseCost[azure], r.baseCost[aws])
	for _, c := range []cloud{azure, aws} {
		say("| %s | low, high | time at low, high | cost at low, high |\n| --- | --- | --- | --- |", c)
		for _, e := range r.effects[c] {
			say("| %s | %s | %s, %s | %.3f, %.3f |", e.name, e.ends(), figures(e.Low), figures(e.High), e.LowCost, e.HighCost)
		}
		say("")
	}
}

func (r *results) numbers(say sayer) {
	say("## Assumptions\n")
	say("| number | base | range | what it is | source |\n| --- | --- | --- | --- | --- |")
	for _, a := range r.list {
		say("| %s | %s | %s | %s | %s |", a.name, amount(a.base, a.unit), a.ends(), a.origin, a.source)
	}
	q := r.base.Pages
	say("\n**Page times**, measured: processor seconds of one core, of %s, each read by a process of its own, less the start, on a busy machine: good to 0.3 s. Mean %s s; quantiles", r.base.Corpus, figures(q.Mean()))
	line := ""
	for i := 0; i < len(q); i += 2 {
		line += fmt.Sprintf(" %d %%: %s,", 100*i/(len(q)-1), figures(q[i]))
	}
	say("%s s. Pages are drawn from them one by one; pages with an honest text layer are left out, since they take a hundredth. Results are text and PDF: formats that show bar codes or tables look for them while pages are read, which takes longer.", strings.TrimSuffix(line[1:], ","))
	say("Machine: %s.\n", r.base.Machine)
	say("**Fixed by the program or documented, without a range:** a lease of %.0f s and a look every %.0f s for parts whose lease ran out; %d range requests to open a", lease.Seconds(), timer.Seconds(), ranges)
	say("document for a part, and one for each page; two looks a second whether a document is still wanted; %s new instances in ten seconds for a Lambda", short(burst))
	say("function, and at most %s invocations of one event source; 2 GB of memory for a core on Flex, %.2f on Lambda; calls of Flex are charged for 1 s at least, in tenths of a second,", short(mostAtOne), lambdaMemory)
	say("Lambda's from the start of an instance on. Prices are those of the guides named above.\n")
	say("What the goal costs in readiness: an instance that is kept ready on Azure costs 20.74 dollars a month for each 2 GB, idle; Lambda keeps what worked lately.\n")
	say("**Left out:** failures of storage and limits of its rate (at 100 parts some 200 calls a second to one partition, of 2,000), documents that are damaged or")
	say("encrypted, choosing languages (`auto` reads some pages before the document is split), and cores that other tenants slow down for a while.\n")
}

// amount is a number with its unit.
func amount(v float64, unit string) string { return strings.TrimSpace(short(v) + " " + unit) }

// ends are the ends of the range.
func (a assumption) ends() string { return short(a.low) + " to " + amount(a.high, a.unit) }
