// Package lambda runs the program as a function of AWS Lambda. The platform starts a process for one function, hands it one
// event at a time through its runtime API, and freezes the process from the moment it asks for the next event: whatever it
// still held or did then would stay as it is for minutes or hours.
//
// So between aws-lambda-go and the runtime API stands a relay on loopback. It passes answers on as they come, and asks for the
// next event only once everything of the last one has come to rest. It also gives the library, which prints its errors into
// the log, nothing that it could print.
package lambda
