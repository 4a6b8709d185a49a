// Package azure keeps blobs in Azure Blob Storage, records in Azure Table Storage and messages in Azure Queue Storage. It
// reaches them by identity; account keys are accepted for emulators on loopback only.
//
// Layout: the container of a blob is the first segment of its name. Each storage.Table is a table of that name. The due
// index is one table more: its partition is the hour (yyyymmddhh, UTC) something falls due, its rows sort by second, so
// that reading what is due touches only that.
package azure
