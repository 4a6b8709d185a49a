package standin

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Process is the program where it runs.
type Process struct {
	Settings      map[string]string
	Program       string // version of the package; some versions say what is wrong with them, such as reads-nothing
	Loads         int    // when it answers
	Key, Previous string // signing keys as the program sees them
}

// Service is what the program keeps in storage.
type Service struct {
	Applications map[string]string // hash by id
	Tasks        map[string]*Document
	Keys         []string // public keys in the ledger
	LastSweep    int
	Sealed       string // signing key that a waiting document's password depends on, if one waits
	Saved        bool   // the ledger was saved with every receipt in it
}

// NewService is the empty storage of a new stamp.
func NewService() Service {
	return Service{Applications: map[string]string{}, Tasks: map[string]*Document{}}
}

// Document is a task with its document; times are seconds of the world.
type Document struct {
	Made, Erased int
	State        string
}

// Stamp is a program with its storage, and whether uploads reach it.
type Stamp struct {
	*Process
	*Service
	Events bool
}

// Time is when something was, as an interface tells it.
func (w *World) Time(seconds int) string {
	return time.Date(2026, 3, 1, 0, 0, seconds, 0, time.UTC).Format(time.RFC3339Nano)
}

// Runs reports whether a package was loaded.
func (p *Process) Runs(now int) bool { return p.Program != "" && now >= p.Loads }

// Closing reports whether the program was told to keep nothing.
func (p *Process) Closing() bool { return p.Settings["LETHE_RETAIN_PROCESSED"] == "2m" }

// Sequence brings the signing key into the ledger if the one before it cross-signs it.
func (p *Process) Sequence(s *Service) {
	public := PublicHalf(p.Key)
	switch {
	case p.Key == "" || len(s.Keys) > 0 && s.Keys[len(s.Keys)-1] == public:
	case len(s.Keys) == 0 || s.Keys[len(s.Keys)-1] == PublicHalf(p.Previous):
		s.Keys = append(s.Keys, public)
	}
}

// Live is what the timer does: a sweep every five minutes.
func (s *Service) Live(now int, p *Process) {
	const sweeps = 300
	if now-s.LastSweep < sweeps {
		return
	}
	s.LastSweep = now
	p.Sequence(s)
	if s.Sealed != "" && s.Sealed == p.Previous {
		s.Sealed = p.Key
	}
	life := 23 * 3600
	if p.Closing() {
		life = 60
	}
	for _, d := range s.Tasks {
		if d.Erased == 0 && now-d.Made >= life {
			d.State, d.Erased = "Deleted", now
		}
	}
}

// Register makes an application known, as the settings of the first one do.
func (s *Service) Register(application, hash string) {
	if _, there := s.Applications[application]; application != "" && !there {
		s.Applications[application] = hash
	}
}

// Left notes when documents or proof would go with the stamp that is being removed.
func (s *Service) Left(c *Call) {
	for id, d := range s.Tasks {
		if d.Erased == 0 {
			c.Note("the stamp was removed with document " + id + " in it")
		}
	}
	if len(s.Tasks) > 0 && !s.Saved {
		c.Note("the stamp was removed before its ledger was saved")
	}
}

// Admits reports whether an application has this secret.
func (s *Service) Admits(application, secret string) bool {
	hash := sha256.Sum256([]byte(secret))
	return application != "" && s.Applications[application] == hex.EncodeToString(hash[:])
}

// PublicHalf is the public key of a signing key.
func PublicHalf(private string) string { return strings.Replace(private, "PRIVATE+KEY+", "", 1) }
