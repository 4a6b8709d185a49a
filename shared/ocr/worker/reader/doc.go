// Package reader is the ocr.Engine that works in the calling process: it detects the type of a document, checks it against
// the limits, uses text layers where they can be trusted and has everything else recognised. It parses hostile bytes, so
// it runs only in the confined child processes of package worker; [Main] is the whole of such a process.
package reader
