// Package derivative makes stand-ins for documents that people may not see. A derivative tells the format, the number of
// pages, the pixel dimensions, the resolution, the depth and the page geometry of an original, so that what the original
// does to the engine can be looked into, and shows synthetic ink instead of everything else.
//
// It is a ZIP file of the [Plan], as plan.json, and of the pages drawn from it: PNG pictures of the stored size in pixels, or
// of a PDF one PDF with the same page geometry, each page one picture. Of an animation there is the first picture, which is
// the one that is read.
//
// # Why nothing can be recovered
//
// A derivative is not an original with parts taken out; it is drawn anew from a [Plan]. The plan is made in one process,
// which reads the original, and used in another, which never sees it. So the question what a derivative can reveal is the
// question what a plan can hold, and that is little:
//
//   - For the geometry: the stored size in pixels, whole pixels an inch, the layout of a sample (bits, samples, palette),
//     the orientation, and for PDF the boxes in hundredths of a point and the turn. They describe the paper and the scanner.
//   - For the ink: the three numbers of [Ink], which are statistics of a whole page in steps of two: how much of it is dark
//     (8 steps), how many lines it has (9 steps), how high they are (8 steps). That is one of 576 values, less than ten bits,
//     or two letters, for a page whatever is on it. None of them has a position: two pages with the same statistics give the same
//     derivative, bit for bit, wherever their words, faces and signatures are and whatever they say.
//
// There is no field for text, names, times, metadata, annotations, forms, attachments, scripts or pixels, so none can be
// kept by mistake. The bits of the three steps are far fewer than those of a signature or a face at any resolution, so no
// method of reconstruction, present or future, can distinguish the original from all others with the same statistics.
//
// The random marks that look like words come from a generator whose seed is the number of the page, the number of the line
// and nothing else.
//
// The process that reads the original parses hostile bytes and may be taken over by them. [Page.Check] therefore runs in
// the process that asked, before the plan is passed on: numbers out of their range end the child and the attempt. A child
// that lies can choose numbers within the ranges, which is as much as the maker of the document could do by choosing the
// size of its pages.
package derivative
