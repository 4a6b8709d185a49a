package picture

// #include <stdlib.h>
// #ifdef __GLIBC__
// #include <malloc.h>
// static void lethe_return_memory(void) { malloc_trim(0); }
// #else
// static void lethe_return_memory(void) {}
// #endif
import "C"

// ReturnMemory gives the system back what native code has freed. Without it the C library keeps some for what comes next, which may
// be nothing for hours.
func ReturnMemory() { C.lethe_return_memory() }
