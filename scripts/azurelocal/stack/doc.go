// Package stack runs a staged package of the function app on this machine as the platform would: the real Functions host
// over a copy of the package, Azurite as its storage, and a forwarder that stands for Event Grid. `make run-azure` and the
// end-to-end tests share it.
//
// The copy differs from the package only in what belongs to this machine: local.settings.json, no extension bundle, the
// Storage extension in bin/ where one is at hand. Without that extension the host knows no blob and queue triggers, so
// these functions are left out of the copy; a document is then found by the retention function alone.
//
// Core Tools listen on every interface of the machine: run this on a machine that strangers cannot reach.
package stack
