// Package aws keeps blobs in Amazon S3, records in Amazon DynamoDB and messages in Amazon SQS. It reaches them as the
// execution role that it runs as; keys without a session are accepted for emulators on loopback only.
//
// # Layout
//
// All blobs are in one bucket, and the key of an object is the name of its blob with its container. The bucket has no
// versions; where it was given some, Delete removes them all, and Remnants counts them.
//
// Each storage.Table is a DynamoDB table of that name behind a prefix, with the partition of a record as pk and its row as
// sk, and so is the due index, the table "due": its partitions are an hour in which something falls due and one of 16 shards
// (yyyymmddhh#n, UTC), so that no hour is hot, and its rows sort by second and key. Its partition "hours" names the hours
// that have entries, so that reading what is due asks for those alone, however late it is. No table has a secondary index,
// whose reads are not consistent, a time to live, which deletes days late, or a stream, which would be a copy.
//
// # What is written twice
//
// An answer can be lost after its request had its effect, and the SDK sends the request again. Every record carries a random
// version, and every blob that must be created carries a random mark, by which a write that finds itself there already
// knows that it has succeeded.
package aws
