//go:build linux && !race

package process

// limitAddressSpace says whether RLIMIT_AS is set for children.
const limitAddressSpace = true
