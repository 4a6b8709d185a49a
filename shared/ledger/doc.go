// Package ledger is the record that lets others check the promise: an append-only log in tiles (c2sp.org/tlog-tiles) with
// signed checkpoints (c2sp.org/tlog-checkpoint), and receipts that prove one erasure without the service.
//
// An entry carries times, codes and a commitment to its subject, never an id, a name or content. The commitment of a task
// can be opened only with the nonce that its receipt holds and that the service destroys with the tombstone.
package ledger
