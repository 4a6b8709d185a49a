// Package mrz reads machine-readable zones of travel documents (ICAO Doc 9303, parts 3 to 7): passports (TD3), cards (TD1,
// TD2) and visas (MRV-A, MRV-B). It works on text that was recognised. [Find] looks for zones on a page and gives each a block
// of its own, with the words as they were read; [Parse] says what lines mean.
//
// The engine takes fillers for other characters, drops some of a long run, and confuses letters and digits. What a position
// can hold is known, and check digits tell whether a correction is right: none is made to a checked field unless its
// digit holds afterwards. A zone whose digits do not hold is given as it was read, and says so.
//
// Worse, an engine that looks for the lines of a page leaves out those that are fillers for the most part. So a reader of pictures
// finds the rows by their ink with [Bands], reads each by itself several times, has [Compare] hold the characters against each
// other, since all are of one typeface, and [Settle] choose among the readings. Package reading does so, and has the figures.
//
// One check digit cannot tell all: a filler and a K, a U, an A or a 0 in the place of each other, or two errors that make up for
// each other, leave it as it is. Names, and the optional data of visas, have none.
package mrz
