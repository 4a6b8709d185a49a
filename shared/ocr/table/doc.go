// Package table finds tables on a page that was read, and puts their words into rows and cells.
//
// Two kinds are found. A ruled table is what drawn lines part into cells: [Rules] finds the lines of a picture, and cells that
// no line parts are one. A table without lines is where words stand so that columns of white go through at least three rows,
// in at least three columns, or in two of which one holds numbers; columns of running text are none, and are left out beside one.
// In doubt there is no table: the words then stay as they were read.
//
// The search of a page is bounded by counted steps, and by the numbers of lines and cells of [Rules] and of a grid. What that leaves
// out is told.
//
// No word is lost but those of a scan that are pieces of a table's lines, read as bars or dashes. Words outside tables keep their order. Inside, words are in reading order of their cells.
package table
