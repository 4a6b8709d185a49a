package doctor

import "fmt"

// Folder is what was seen of a data folder. Nil and empty mean "not seen".
type Folder struct {
	Modes        *Modes
	FileSystem   string // as the kernel calls it
	Synced       string // the service that copies the folder elsewhere, as far as the path shows
	SecureDelete *int   // SQLite's PRAGMA secure_delete: 1 overwrites everything, 2 only what costs no writing
	Journal      string // SQLite's PRAGMA journal_mode
	Space        *Space
	Damage       string           // what is wrong with the database, and the remedy; empty while it can be used
	Unseen       map[Check]string // why a check could not be made
}

// Space is the room on the disk that the folder lies on, in bytes.
type Space struct {
	Free    int64 // for this program
	Floor   int64 // below which it takes in no document
	Reserve int64 // that only erasing may use, as it is now
	Wanted  int64 // what the reserve should be
}

// Modes counts what lies in a folder and who may read it.
type Modes struct {
	Looked  int  // folders and files examined
	Open    int  // of these, with any right for another user
	Strange int  // neither folder nor regular file
	More    bool // there is more than was examined
}

// Judge holds the folder against what the program expects.
func (f Folder) Judge() []Finding {
	u := unseen(f.Unseen)
	return []Finding{f.modes(u), f.place(u), f.space(u), f.database(u)}
}

func (f Folder) space(u unseen) Finding {
	const mib = 1 << 20
	s := f.Space
	switch {
	case s == nil:
		return u.unknown(FolderSpace)
	case s.Reserve < s.Wanted:
		return breach(FolderSpace, "the reserve has %d of %d MiB, %d MiB are free", s.Reserve/mib, s.Wanted/mib, s.Free/mib)
	case s.Free < s.Floor:
		return breach(FolderSpace, "%d MiB are free, less than the minimum of %d MiB", s.Free/mib, s.Floor/mib)
	default:
		return fine(FolderSpace, "%d MiB are free above a minimum of %d MiB, the reserve has %d MiB", s.Free/mib, s.Floor/mib, s.Reserve/mib)
	}
}

func (f Folder) modes(u unseen) Finding {
	m := f.Modes
	switch {
	case m == nil:
		return u.unknown(FolderModes)
	case m.Open > 0 || m.Strange > 0:
		return breach(FolderModes, "of %d entries %d are open to other users, %d are neither folder nor file", m.Looked, m.Open, m.Strange)
	case m.More:
		return fine(FolderModes, "the first %d entries are closed to other users", m.Looked)
	default:
		return fine(FolderModes, "all %d entries are closed to other users", m.Looked)
	}
}

// place knows the file systems whose copies no erasure reaches. Of most others nothing bad is known.
func (f Folder) place(u unseen) Finding {
	if f.Synced != "" {
		return breach(FolderPlace, "the folder is copied elsewhere by %s", f.Synced)
	}
	switch f.FileSystem {
	case "":
		return u.unknown(FolderPlace)
	case "nfs", "cifs", "smb2", "9p", "afs", "ceph":
		return breach(FolderPlace, "the folder is on a network: %s", f.FileSystem)
	case "fuse":
		return Finding{FolderPlace, Unknown, "a program serves the file system (fuse) and may keep copies", ""}
	case "btrfs", "zfs":
		return Finding{FolderPlace, Unknown, fmt.Sprintf("%s keeps what was erased in every snapshot", f.FileSystem), ""}
	case "tmpfs":
		return Finding{FolderPlace, Unknown, "tmpfs: swap may hold its files, and a restart loses them", ""}
	default:
		return fine(FolderPlace, "%s", f.FileSystem)
	}
}

func (f Folder) database(u unseen) Finding {
	const everything = 1
	switch {
	case f.Damage != "":
		return breach(Database, "%s", f.Damage)
	case f.SecureDelete == nil || f.Journal == "":
		return u.unknown(Database)
	case *f.SecureDelete != everything:
		return breach(Database, "secure_delete is %d", *f.SecureDelete)
	case f.Journal != "wal":
		return breach(Database, "journal_mode is %s", f.Journal)
	default:
		return fine(Database, "secure_delete, write-ahead log")
	}
}
