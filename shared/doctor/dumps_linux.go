package doctor

import "golang.org/x/sys/unix"

// dumps returns how many bytes a core dump of this process may have, and whether the kernel may make one. Nil means "not seen".
func dumps() (limit *uint64, dumpable *bool) {
	var core unix.Rlimit
	may, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil || unix.Getrlimit(unix.RLIMIT_CORE, &core) != nil {
		return nil, nil
	}
	return &core.Cur, new(may != 0)
}
