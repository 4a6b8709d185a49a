// Package reader is the ocr.Engine that works in the calling process: it finds out what a document is, holds it against
// the limits, takes text layers where they can be trusted and has everything else recognised. It parses hostile bytes, so
// it runs only in the confined child processes of package worker; [Main] is the whole of such a process.
package reader
