// Package clock keeps the two times that the program uses.
//
// Service time is what every stored time, every age and every deadline is counted in. On one machine it is elapsed time: it
// goes on with the kernel's boot-time clock (suspended time counts), whatever anybody does to the wall clock, and an Anchor
// that is stored carries it over restarts. After a reboot, whose length nobody measured, it is the higher of what was stored
// and what the wall clock says; if the wall clock is behind what was stored, nobody knows how long the machine was off, and
// what was there before cannot be dated (Horizon). A wall clock that is set back by less than the machine is off goes
// unnoticed: nothing on one machine could show it. On a cloud it is the clock of the store, which every answer contains (Remote).
//
// Wall time is UTC as the system believes it to be. Only what the world outside compares with its own clock uses it: links,
// certificates, tokens.
//
// Where the two differ by more than Tolerance, somebody moved the wall clock, or it was wrong from the start. Nothing becomes
// due by that. Intake closes until they agree again, or until an operator says that the wall clock is right now (Accept): the
// difference is then stored as an offset, from which UTC is computed, and service time is not affected.
package clock
