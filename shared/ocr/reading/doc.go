// Package reading decides how a page is read, and makes the page of the model of what an engine found: it evens out light,
// gives letters the size that engines read best, has the engine read again where it doubts what it read, and places what was
// read on the page as given. What it asks of an engine is Engine; engines know nothing of pages.
package reading
