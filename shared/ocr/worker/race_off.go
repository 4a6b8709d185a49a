//go:build linux && !race

package worker

// limitAddressSpace says whether RLIMIT_AS is set for children.
const limitAddressSpace = true
