// Package reading decides how a page is read, and makes the page of the model of what an engine found: it evens out light,
// gives letters the size that engines read best, has the engine read again where it doubts what it read, and places what was
// read on the page as given. What it asks of an engine is Engine; engines know nothing of pages.
//
// # The plan
//
// The first reading is of the page as it is, with letters 15 pixels high. What it shows decides what follows (function next):
//
//   - under 60 of mean confidence: the way up that the layout of the middle of the page has is tried there, and taken for the
//     whole page if it reads clearly better;
//   - still under 60: all of it is read again, blurred by 3 × 3 pixels, without ruled lines, with letters 20 pixels high;
//   - otherwise, 8 % of the letters or more outside every word: all of it is read again as one block without ruled lines;
//   - under 85, also after the second reading that lost letters called for: the lines that were read with less than 85, and what
//     is in no line, are read again from the blurred copy, in which the lines that are certain are painted out.
//
// The profile fast stops after the turn. Text scattered over white, as that of drawings in a PDF, is read in up to three modes
// of the engine instead, and the best is taken.
//
// Readings in Latin, Cyrillic and Greek script are joined word by word (merge); of others the better one is taken, without
// the blur, which closes the strokes of Han and the dots of Arabic. So a page is read again as a whole once at most, beside
// a turn, and one of more than 10,000 letters not at all. Nothing depends on time or on other pages.
//
// In the end the ink of words is looked at. A bar that goes on above or below its line by more than half of its height is the
// line of a table, and no text; a word that was read in one with a bar is kept, however much the engine doubts both (stroke.go).
// Where a gap between two characters is a quarter of the word's height and twice as wide as every other gap of it, the engine
// missed a space, and the word is parted (gap.go). On the development corpus that parts 96 words, two of them wrongly, and gives
// 0.006 of F1: 0.001 without the one table that is set so close. Amounts that were read as two words, as the print of tills
// is, are joined.
//
// Where machine-readable zones are asked for, rows of ink that have room for the characters of one (package mrz) are read again by
// themselves, straightened, at three sizes with the letters of zones alone; at most two zones a page.
//
// # Figures
//
// On a development corpus of 67 documents (bag of words, F1), against the command line of Tesseract (0.809) in processor
// time, with PDFs drawn by pdftoppm at 300 dpi. The times are shares of its time, measured by make bench on a virtual machine
// on which page faults are dear: good to a tenth. Drawing PDFs is counted for the command line.
//
//	profile    F1     time, all   time, pictures
//	accurate   0.906  0.45        0.64
//	fast       0.883  0.38        0.54
//
// The dearest page takes 0.8 of its time on it; the highest such share is that of a receipt, 2.7, whose lines are nearly all read
// again.
//
// By kind, accurate and command line: receipts 0.77 and 0.62, forms 0.77 and 0.62, tables 0.93 and 0.72, turned pages 1.00 and
// 0.25, scans 0.98 and 0.97, books 0.99 and 1.00. Whole second and third readings instead of the doubtful lines gave 0.006 less
// for 1.2 times the time; joining beat taking the best reading by 0.003; both hold on either half of the corpus. Reading lines
// again from a confidence of 88 or 90 on, or on half as many lost letters, gained nothing.
//
// Where the processor time went, in hundredths, of eight documents with 12 pages (samples of both processes, profile accurate), before
// scripts/tesseract.patch made vector instructions of most of the network, which takes a quarter of all of it away: the
// network of the engine 39, its layout and the rest of it 19, Leptonica 11, the kernel 11, the C and C++ libraries 8, beam and
// dictionary 3, Go 5, PDFium 2, picture formats 1. Page faults are most of the kernel's part.
//
// Zones, on documents drawn in OCR-B in every format, at 200 dpi, with noise and a tilt of up to 3 degrees: without their own
// reading 12 of 45 were found, and the check digits of 10 held. With it all of 100 were found, also in photographs from askew, on
// their side, upside down, and where the picture shows nothing else. The digits of 97 held; in 2 of those a checked field was wrong,
// as it had two errors that make up for each other (9 read as O, 0 as O), and in 2 optional data was.
//
// A dense table of 1,900 numbers takes as long as the command line, 28 s: nearly all of it is the engine's search for tables
// in the first reading, which no later one repeats.
package reading
