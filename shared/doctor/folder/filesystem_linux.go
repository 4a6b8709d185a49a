package folder

import "golang.org/x/sys/unix"

// fileSystem names the file system of a folder.
func fileSystem(dir string) (string, error) {
	var at unix.Statfs_t
	if err := unix.Statfs(dir, &at); err != nil {
		return "", err
	}
	return nameOf(int64(at.Type)), nil //nolint:unconvert // the type differs between architectures
}

// nameOf names those that the doctor knows something about. The rest are disks.
func nameOf(magic int64) string {
	switch magic {
	case unix.NFS_SUPER_MAGIC:
		return "nfs"
	case unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC:
		return "cifs"
	case unix.SMB2_SUPER_MAGIC:
		return "smb2"
	case unix.V9FS_MAGIC:
		return "9p"
	case unix.AFS_SUPER_MAGIC, unix.AFS_FS_MAGIC:
		return "afs"
	case unix.CEPH_SUPER_MAGIC:
		return "ceph"
	case unix.FUSE_SUPER_MAGIC:
		return "fuse"
	case unix.BTRFS_SUPER_MAGIC:
		return "btrfs"
	case 0x2FC12FC1: // OpenZFS, which is not part of the kernel
		return "zfs"
	case unix.TMPFS_MAGIC:
		return "tmpfs"
	default:
		return "a disk of this machine"
	}
}
