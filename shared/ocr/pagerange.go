package ocr

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lethe-ocr/lethe/shared/fault"
)

// PageRanges is a list of pages by number and by range, in ascending order, such as 1-3,7. The empty list stands for all pages
// of a document.
type PageRanges string

// MaxPageRanges is how many numbers and ranges a list that a client gives may have.
const MaxPageRanges = 200

// pageRange is a part of a list: the pages from first to last.
type pageRange struct{ first, last int }

// PageError says what is wrong with a list of pages, and the remedy. It holds nothing of the list but numbers.
type PageError string

// Error implements error.
func (e PageError) Error() string { return string(e) }

// Check refuses what is no list of pages in ascending order, each named once. The error is a PageError.
func (r PageRanges) Check() error {
	if r == "" {
		return nil
	}
	parts := strings.Split(string(r), ",")
	if len(parts) > MaxPageRanges {
		return PageError(fmt.Sprintf("%d numbers and ranges given; at most %d are allowed: join neighbouring pages to ranges, or submit the pages in several tasks",
			len(parts), MaxPageRanges))
	}
	latest := 0
	for i, text := range parts {
		part, ok := parsePageRange(text)
		switch {
		case !ok:
			return PageError(fmt.Sprintf("part %d is neither a page nor a range; write page numbers from 1 and ranges with commas between them and no spaces, such as 1-3,7", i+1))
		case part.last < part.first:
			return PageError(fmt.Sprintf("the range %d-%[2]d ends before it begins; write %[2]d-%[1]d", part.first, part.last))
		case part.first <= latest && slices.Contains(slices.Collect(PageRanges(strings.Join(parts[:i], ",")).Numbers), part.first):
			return PageError(fmt.Sprintf("page %d is given twice; give each page once", part.first))
		case part.first <= latest:
			return PageError(fmt.Sprintf("page %d comes after page %d; give the pages in ascending order", part.first, latest))
		}
		latest = part.last
	}
	return nil
}

// Within refuses a list with pages that a document with so many does not have.
func (r PageRanges) Within(pages int) error {
	if last := r.Last(); last > pages {
		return fault.New(fault.DocumentPageMissing,
			"page %d was asked for, and the document has %d; name pages up to %[2]d in pages, or leave it out for all", last, pages).In("pages")
	}
	return nil
}

// Last is the highest page, 0 of an empty list.
func (r PageRanges) Last() int {
	last := 0
	for part := range r.parts {
		last = max(last, part.last)
	}
	return last
}

// Of lists the pages that are meant of a document with so many, in ascending order: all of them if the list is empty.
func (r PageRanges) Of(pages int) []int {
	if r == "" {
		r = PageRanges(fmt.Sprintf("1-%d", pages))
	}
	var numbers []int
	for n := range r.Numbers {
		if n > pages {
			break
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// Numbers calls yield for each page of the list, in its order, until it returns false.
func (r PageRanges) Numbers(yield func(int) bool) {
	for part := range r.parts {
		for n := part.first; n <= part.last; n++ {
			if !yield(n) {
				return
			}
		}
	}
}

// parts yields the parts that can be read.
func (r PageRanges) parts(yield func(pageRange) bool) {
	for text := range strings.SplitSeq(string(r), ",") {
		if part, ok := parsePageRange(text); ok && !yield(part) {
			return
		}
	}
}

// RangesOf writes ascending numbers of pages as a list.
func RangesOf(numbers []int) PageRanges {
	var b strings.Builder
	for i := 0; i < len(numbers); {
		end := i
		for end+1 < len(numbers) && numbers[end+1] == numbers[end]+1 {
			end++
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(numbers[i]))
		if end > i {
			b.WriteString("-" + strconv.Itoa(numbers[end]))
		}
		i = end + 1
	}
	return PageRanges(b.String())
}

func parsePageRange(text string) (pageRange, bool) {
	from, to, ranged := strings.Cut(text, "-")
	first, ok := parsePageNumber(from)
	if !ok {
		return pageRange{}, false
	}
	if !ranged {
		return pageRange{first, first}, true
	}
	last, ok := parsePageNumber(to)
	return pageRange{first, last}, ok
}

// maxPageDigits keeps numbers of pages far from what an int holds.
const maxPageDigits = 7

// parsePageNumber reads a number as it is written, without a sign or leading zeros.
func parsePageNumber(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n > 0 && len(text) <= maxPageDigits && strconv.Itoa(n) == text
}
