// Package local is the embedded storage of one machine: files for blobs, SQLite for records, signed links that the program
// serves itself. Everything is in one folder; no part of a document is ever outside it. Operator commands in another process
// may use the folder beside a running server.
//
// Layout: lethe.db with its journals, key (the secret that signs links), lock, sweep.lock, reserve (space that only erasing may use), probe (a
// byte that readiness writes), blobs/<container>/…, and staging/ for files that are being written. Only the owner can read it. What has
// neither blobs with a key or a database, nor the beginning of a first start, is somebody else's folder: it is refused, untouched.
package local
