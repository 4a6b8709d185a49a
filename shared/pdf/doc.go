// Package pdf turns hostile bytes into pages and pages into searchable PDFs. It finds the type of a document by its
// content, takes what a page shows of its text layer (package layer), rasterises what else is to be read within limits, and lays
// recognised text invisibly over the original, also as PDF/A-2b, or makes a PDF of pictures of the pages. What does not show and what acts by itself is left out of the copy unless
// ocr.PDFOptions keeps it. PDFium does the parsing, compiled to WebAssembly: a document can exhaust the memory given to the module
// or make it trap, and reaches neither the process's memory nor any file. Time is bounded by the caller, who runs this package in
// a child process.
package pdf
