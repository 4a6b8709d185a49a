package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/lethe-ocr/lethe/functions/verbs"
	"github.com/lethe-ocr/lethe/shared/access"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/logevent"
	"github.com/lethe-ocr/lethe/shared/storage"
	"github.com/lethe-ocr/lethe/shared/storage/local"
)

// settingsFile is what the server leaves in its data folder for the verbs beside it.
const settingsFile = "settings.json"

const settingsVersion = 1

// leftSettings is the content of settingsFile.
type leftSettings struct {
	Settings config.Kept `json:"settings"`
	Address  string      `json:"address"` // with which links begin
	// Receivers are the hosts that traces and metrics are sent to; nil if the server told none.
	Receivers *[]string `json:"receivers,omitempty"`
}

// leaveSettings leaves the settings for the verbs that work on the folder. No start waits for a disk that is full.
func (m *machine) leaveSettings(ctx context.Context) {
	if err := writeSettings(m.set, m.base, new(m.export.Hosts())); err != nil {
		m.log.ErrorContext(ctx, logevent.PrepareFailed, "step", "settings", "error", err)
	}
}

func writeSettings(set config.Settings, base string, receivers *[]string) error {
	kept, err := set.Keep()
	if err != nil {
		return err
	}
	text, err := storage.Encode(settingsVersion, leftSettings{Settings: kept, Address: base, Receivers: receivers})
	if err != nil {
		return err
	}
	file := filepath.Join(set.Data, settingsFile)
	if before, err := os.ReadFile(file); err == nil && bytes.Equal(before, text) { //nolint:gosec // in the folder of the settings
		return nil
	}
	return keep(file, string(text))
}

// findFolder finds the data folder of a verb, says on stderr which it is, and returns the settings with those of the folder's
// server in place of the shell's. Only a verb that is asked to init may go on without a folder, and makes it.
func findFolder(stderr io.Writer, data string, init bool) (config.Settings, error) {
	var overruled []string
	var unread error
	set, err := config.Load(func(s *config.Settings) {
		s.Data = cmp.Or(data, s.Data)
		overruled, unread = adopt(s)
	})
	none := errors.Is(unread, fs.ErrNotExist) || errors.Is(unread, syscall.ENOTDIR)
	if unread != nil && !none {
		return set, fmt.Errorf("read %s of the data folder %s: %w: start the server, which writes it anew", settingsFile, set.Data, unread)
	}
	if err != nil {
		return set, err
	}
	if set.Data, err = filepath.Abs(set.Data); err != nil {
		return set, fmt.Errorf("find the data folder: %w", err)
	}
	there, err := local.IsFolder(set.Data)
	switch {
	case err != nil:
		return set, fmt.Errorf("look at the data folder: %w: run the command as the user that the server runs as", err)
	case !there && !init:
		return set, verbs.Setting(fmt.Errorf("%s is not a data folder: name the server's with --data or LETHE_DATA. "+
			"`lethe serve` makes one, and so does `lethe app create --init`", set.Data))
	}
	fmt.Fprintf(stderr, "data folder: %s\n", set.Data)
	switch {
	case there && none:
		fmt.Fprintln(stderr, "no server has left its settings there yet, as it does when it starts: those of this shell apply")
	case len(overruled) > 0:
		fmt.Fprintf(stderr, "not used here: %s; the settings of the folder's server apply\n", strings.Join(overruled, ", "))
	}
	return set, nil
}

// openFolder opens a data folder, or makes it where there is none. An error says which setting names the folder.
func openFolder(ctx context.Context, cfg local.Config) (*local.Store, error) {
	store, err := local.Open(ctx, cfg)
	return store, folderError(cfg.Dir, err)
}

// folderError says which setting names a folder that cannot be used, and what to name.
func folderError(dir string, err error) error {
	switch {
	case errors.Is(err, local.ErrForeign):
		return verbs.Setting(fmt.Errorf("%s: %w, and none of them was touched: name an empty folder, or one that does not exist yet, "+
			"with --data or LETHE_DATA", dir, err))
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOTDIR):
		return verbs.Setting(fmt.Errorf("--data (LETHE_DATA) %s: %w: name a folder in which this user can write", dir, err))
	}
	return err
}

// adopt takes into settings what the server of their data folder left there.
func adopt(set *config.Settings) (overruled []string, err error) {
	left, err := readSettings(set.Data)
	if err != nil {
		return nil, err
	}
	return set.Adopt(left.Settings)
}

func readSettings(dir string) (left leftSettings, err error) {
	text, err := os.ReadFile(filepath.Join(dir, settingsFile)) //nolint:gosec // in the folder of the settings
	if err == nil {
		err = storage.Decode(text, settingsVersion, &left)
	}
	return left, err
}

// missAdministrator tells how to make an administrator where the folder has applications and none of them is one.
func (m *machine) missAdministrator(ctx context.Context, env environment) error {
	managed, err := m.registry.Administered(ctx)
	if errors.Is(err, fault.Unavailable) {
		m.log.ErrorContext(ctx, logevent.PrepareFailed, "step", "administrator", "error", err)
		return nil // erasing goes on
	}
	if err != nil || managed {
		return err
	}
	roles, err := access.ParseRoles(m.set.OIDCRoles)
	if err != nil {
		return err
	}
	for _, scope := range roles {
		if scope == access.Admin {
			return nil // people sign in for it
		}
	}
	dir, err := filepath.Abs(m.store.Dir())
	if err != nil {
		return fmt.Errorf("find the data folder: %w", err)
	}
	m.log.WarnContext(ctx, logevent.AdministratorMissing)
	fmt.Fprintf(env.stderr, "No application is an administrator, so none can be managed over the network. To make one:\n"+
		"  lethe app create --data %s --name administrator --scopes admin\n", dir)
	return nil
}
