// Package worker runs an ocr.Engine in supervised child processes, so that a hostile document can make a call fail but
// never reach, slow down for long, or end the process that asked.
//
// The calling process holds a [Pool], which is an ocr.Engine. Each child is the same program executed again; it confines
// itself with [Confine] and then answers with [Serve]. The two talk over a pair of unix sockets: frames of a four-byte
// length and JSON. Documents and results travel as file descriptors and never pass through the memory of the pool, except
// for the page model, whose size is bounded.
//
// A child is trusted until it has seen its first document. From then on everything it sends is checked: sizes before
// memory is taken, boxes and texts before a page is passed on, and an error is only ever one of the known codes. No text
// that a child makes up reaches an error or a log.
//
// What confinement must prevent is a table of effects ([Effects]); by which of its means the kernel does so does not matter.
// A child tries each of them after it has confined itself and says in its first message what did not come about. With
// [Config.Confined] one for which an effect is left is never given a document.
//
// A derivative for people who may not see the document is written by a child that has not seen it either: [Pool.Derive].
//
// Children go round by the processor time that the owners of documents used, see package fairqueue. A page that has used a
// slice of it is stopped with SIGSTOP for an owner that has no child, and continues later; its elapsed time does not
// count. Together children have no more memory than those that may run at once are granted: where a stopped one would take
// more, it is ended, and its call begins again.
//
// Limits are kept from outside, by watching the child while it works, and a second time by the kernel where it can.
package worker
