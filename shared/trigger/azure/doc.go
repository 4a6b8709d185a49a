// Package azure runs the program as a custom handler of the Azure Functions host. The host starts the program, polls GET /
// until it answers, and then sends two kinds of requests to one loopback port: clients' HTTP requests, proxied as they are,
// and invocations of the other functions as POST /<function> with a JSON payload.
//
// What the host does with answers decides how this package is written: an empty answer hangs an invocation until the
// function's timeout, a malformed one has its body copied into the host's log, five failed tries of a blob come within
// half a second, and the third exit of the process stops the host. So every invocation is answered with a whole JSON
// object, failures carry a status and nothing else, and work that must wait goes through the queue with a delay.
package azure
