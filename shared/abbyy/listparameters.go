package abbyy

import (
	"strings"
	"time"
)

// listParameters are those of listTasks.
func listParameters() []parameter {
	date := func(name, usual, note string, set func(c *Call, at time.Time)) parameter {
		return parameter{
			name: name, methods: []string{ListTasks}, form: "time such as 2026-01-31T12:00:00Z", usual: usual, effect: honoured, note: note,
			read: func(d *decoder, p parameter, text string) {
				at, ok := parseTime(text)
				if !ok {
					d.refuse(p, detailValue, "the value is no time; write it as 2026-01-31T12:00:00Z")
				}
				set(d.call, at)
			},
		}
	}
	return []parameter{
		date("fromDate", "7 days ago", "tasks that were made then or later", func(c *Call, at time.Time) { c.From = at }),
		date("toDate", "now", "tasks that were made then or earlier", func(c *Call, at time.Time) { c.To = at }),
		{
			name: "excludeDeleted", methods: []string{ListTasks}, form: "boolean", usual: "false", effect: honoured,
			read: boolean(func(d *decoder, yes bool) { d.call.ExcludeDeleted = yes }),
		},
	}
}

// listedDays is how many days before now a list begins that is given no beginning.
const listedDays = 7

// finishRange fills in the ends of a range of times.
func (d *decoder) finishRange() {
	c := d.call
	if len(d.details) > 0 {
		return
	}
	now := d.known.Now.UTC()
	if c.To.IsZero() {
		c.To = now
	}
	if c.From.IsZero() {
		c.From = now.AddDate(0, 0, -listedDays)
	}
	if c.From.After(c.To) {
		d.details = append(d.details, Detail{detailConflict, "fromDate: the beginning lies after the end; give an earlier fromDate, or a later toDate.", "FromDate"})
	}
}

// parseTime reads times as clients write them: with fractions of a second or without, in a zone, or in UTC if none is named, or a
// day alone. A plus sign that was not escaped is a space by now.
func parseTime(text string) (time.Time, bool) {
	if head, zone, ok := strings.Cut(text, " "); ok && len(zone) == len("00:00") && strings.Contains(head, "T") {
		text = head + "+" + zone
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04:05-0700", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil && at.Year() >= 1 {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}
