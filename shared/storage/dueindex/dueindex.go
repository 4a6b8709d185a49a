// Package dueindex is the form of the due index in stores that have tables and no index of their own: a table whose partitions
// are hours and whose rows sort by time and key. Every entry is in its row alone.
package dueindex

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lethe-ocr/lethe/shared/storage"
)

// Table holds the entries. It has no records, so storage.Tables does not list it.
const Table storage.Table = "due"

// Separator is in no part of a key and sorts before all that is, so that the order of rows is that of keys.
const Separator = " "

// Tables lists the names of all tables that a store must have: those of records, and the index. They are sorted.
func Tables() []string {
	names := []string{string(Table)}
	for _, t := range storage.Tables() {
		names = append(names, string(t))
	}
	slices.Sort(names)
	return names
}

// Hour returns the hour of UTC that a partition is named by: yyyymmddhh.
func Hour(t time.Time) string { return t.UTC().Format("2006010215") }

// Row returns the row of an entry.
func Row(d storage.Due) string {
	return strings.Join([]string{seconds(d.At), string(d.Table), d.Partition, d.Row}, Separator)
}

// End returns the first text that sorts after the rows of all entries that are due. No row is equal to it.
func End(now time.Time) string { return seconds(now.Add(time.Second)) }

// seconds has ten digits, which keep the order of time until the year 2286.
func seconds(t time.Time) string { return fmt.Sprintf("%010d", t.Unix()) }

// Parse returns the entry of a row.
func Parse(row string) (storage.Due, error) {
	parts := strings.Split(row, Separator)
	if len(parts) != 4 {
		return storage.Due{}, fmt.Errorf("due entry has %d parts, want 4", len(parts))
	}
	at, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return storage.Due{}, errors.New("due entry has no time")
	}
	d := storage.Due{
		Key: storage.Key{Table: storage.Table(parts[1]), Partition: parts[2], Row: parts[3]},
		At:  time.Unix(at, 0).UTC(),
	}
	return d, d.Check()
}
