// Package worker runs an ocr.Engine in supervised child processes, so that a hostile document can make a call fail but
// cannot compromise, block or crash the calling process.
//
// The calling process holds a [Pool], which is an ocr.Engine. Each child is a program of its own (functions/worker); it confines
// itself with [Confine] and then answers with [Serve]. The two talk over a pair of unix sockets: frames of a four-byte
// length and JSON. Documents and results travel as file descriptors and never pass through the memory of the pool, except
// for the page model, whose size is bounded.
//
// A child is trusted until it has seen its first document. From then on everything it sends is checked: sizes before
// memory is taken, boxes and texts before a page is passed on, and an error is only ever one of the reasons of
// package refusal with its numbers. No text that a child makes up reaches an error or a log.
//
// What confinement must prevent is the list of package effect; the mechanism that prevents each does not matter. A child
// tries each of them after it has confined itself and reports the outcome in its first message. With [Config.Confined] a
// child that can still cause an effect is never given a document.
//
// A document of which not all bytes are there yet (ocr.Source.Fill) is filled as its child reads it: the child asks for offset and
// length on a second socket, at most once for each 32 KiB of the file, and what it is told is that it can read them. It learns
// neither where they come from nor how. While it waits for storage, no limit of time runs but Limits.Fill.
//
// A derivative for people who may not see the document is written by a child that has not seen it either: [Pool.Derive].
//
// Owners of documents share children by the processor time that they used, see package fairqueue. A page that has used a
// slice of it is stopped with SIGSTOP for an owner that has no child, and continues later; its elapsed time does not
// count. All children together may use the memory that those which may run at once are granted: a stopped one that would
// exceed it is killed, and its call begins again.
//
// The pool enforces limits from outside, by measuring the child while it works; where possible the kernel enforces them too.
package worker
