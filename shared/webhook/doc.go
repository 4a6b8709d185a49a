// Package webhook tells applications what became of their tasks, at addresses of theirs, as Standard Webhooks 1.0.0
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md) says.
//
// # What is told
//
// That a task was completed, failed, or was deleted: ids, the state and times, and nothing else. The sequence tells the order of what
// happened to one task: 1, 2, … without a gap, whatever order deliveries arrive in. A delivery may come twice; its webhook-id is
// then the same.
//
// # How nothing is lost
//
// The write that ends a task, or says that it is erased, notes the event in the task's own record: both or neither are stored. From
// there Publish makes a Delivery for each endpoint, under a key that follows from endpoint and event, and then the note is taken out of
// the task. Who dies in between leaves the note, and the sweep goes on with it; who comes late finds the delivery there. A delivery
// is a record with a due time: when it is to be tried next, while it waits, and when it is forgotten, after it has ended. A queue
// tells workers that it waits, and may lose or repeat its messages: the sweep makes up for those. Each attempt is claimed by
// compare-and-swap for a minute, so that two workers do not send it both, unless one dies between sending and writing that down.
//
// # How long
//
// Attempts are repeated with growing pauses, for 24 hours after the event at most, and never beyond the limit that the document had
// when it happened; a deletion is told for 24 hours after the erasure, from the tombstone. No deadline of a document depends on any
// of it: a note in a task's record makes the record looked at earlier, never later.
//
// # To whom
//
// An endpoint belongs to one application. Somebody with the scope admin registers it, and it is told of nothing before it has
// answered a challenge, so that nobody is sent what they did not ask for. Its address has no user part, query or fragment. It is
// in the endpoint's record and shown to that scope, and is in no log, metric, error or delivery.
//
// # Signed by what
//
// Each attempt is signed twice: v1, HMAC-SHA256 with the endpoint's secret, and v1a, Ed25519 with the stamp's key for webhooks. Neither is
// stored: both follow from a key of the stamp by HKDF, the secret from application, endpoint and generation. The ledger signs with
// another key. While the stamp's key is being replaced, or a secret, signatures of both stand side by side.
//
// How a request leaves is in package egress.
package webhook
