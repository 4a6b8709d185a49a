// Package clock keeps the two times that the program uses.
//
// Every stored time, age and deadline is in service time. On one machine it is elapsed time: it follows the kernel's
// boot-time clock (suspended time counts), whatever happens to the wall clock, and a stored Anchor carries it over
// restarts. After a reboot, whose length nobody measured, it is the later of the stored time and the wall clock; if the wall
// clock is behind the stored time, nobody knows how long the machine was off, and
// what was there before cannot be dated (Horizon). A wall clock that is set back by less than the machine is off goes
// unnoticed: nothing on one machine could show it. On a cloud it is the clock of the store, which every answer contains (Remote).
//
// Wall time is UTC according to the system. It is used only for what others compare with their own clocks: links,
// certificates, tokens.
//
// Where the two differ by more than Tolerance, somebody changed the wall clock, or it was wrong from the start. Nothing becomes
// due by that. Intake closes until they agree again, or until an operator accepts the wall clock as correct (Accept): the
// difference is then stored as an offset, from which UTC is computed, and service time is not affected.
package clock
