// Package local is the embedded storage of one machine: files for blobs, SQLite for records, signed links that the program
// serves itself. Everything lies in one folder; nothing of a document is ever outside it. Operator verbs of another process
// may work in the folder beside a running server.
//
// Layout: lethe.db with its journals, key (the secret that signs links), lock, reserve (room that only erasing may use), probe (a byte
// that readiness writes), blobs/<container>/…, and staging/ for files that are being written. All of it is readable by the owner alone.
package local
