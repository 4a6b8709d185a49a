//go:build linux && race

package worker

// limitAddressSpace is off: the race detector reserves terabytes of address space.
const limitAddressSpace = false
