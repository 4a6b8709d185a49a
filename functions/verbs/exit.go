// Package verbs has the client half of the command line: commands that talk to a server and run on any operating system.
package verbs

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode"

	"github.com/lethe-ocr/lethe/shared/client"
	"github.com/lethe-ocr/lethe/shared/config"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/ledger"
)

// Exit codes are part of the interface; scripts may rely on them.
const (
	ExitOK          = 0
	ExitFailure     = 1
	ExitUsage       = 2
	ExitUnreachable = 3
	ExitRefused     = 4
	ExitGone        = 5
	ExitDocument    = 6
	ExitSome        = 7
	ExitPages       = 8
	ExitFile        = 9
	ExitAltered     = 10
	ExitNotLogged   = 11
	ExitUnknownKey  = 12
	ExitEvidence    = 13
	ExitSetting     = 14
	ExitNoCommand   = 15
	ExitNoArguments = 16
	ExitBusy        = 17
	ExitInterrupted = 130
)

// Exit is an exit code and what it means.
type Exit struct {
	Code    int
	Meaning string
}

// Exits lists every exit code of the program. Help texts follow from it, and a test compares it with README.md.
func Exits() []Exit {
	return []Exit{
		{ExitOK, "everything was done"},
		{ExitFailure, "anything that has no code of its own, such as results that cannot be written"},
		{ExitUsage, "the command line is wrong: a flag, an argument or what they ask for; nothing was done"},
		{ExitUnreachable, "the server did not answer, or is not who it should be"},
		{ExitRefused, "credentials are wrong, or lack a scope"},
		{ExitGone, "there is no such task, application or case, or it was erased"},
		{ExitDocument, "the document could not be processed"},
		{ExitSome, "some or all of several documents failed"},
		{ExitPages, "every document was read, but not every page: messages name the pages that are missing"},
		{ExitFile, "a file that was named is missing or cannot be read; nothing was done"},
		{ExitAltered, "evidence was altered or forged, or is about another document: a signature, a hash or a name does not fit"},
		{ExitNotLogged, "the receipt is genuine and does not stand in the log yet: fetch it again in some minutes"},
		{ExitUnknownKey, "evidence is signed, but by none of the keys that were given"},
		{ExitEvidence, "evidence is genuine and shows that a limit was exceeded or a promise broken, or it is not whole"},
		{ExitSetting, "a setting is missing or wrong: a variable such as LETHE_URL, or the flag in its place; nothing was done"},
		{ExitNoCommand, "there is no such command or topic"},
		{ExitNoArguments, "no command was named, or nothing for it to work on"},
		{ExitBusy, "the server takes nothing for now, or no more of this application: try again later"},
		{ExitInterrupted, "stopped by a signal"},
	}
}

// SeeExits ends the help of a command: the codes are described once.
const SeeExits = "\nExit codes: see \"lethe help exit-codes\"."

// coded is an error with an exit code.
type coded struct {
	code int
	err  error
}

// Error implements error.
func (c *coded) Error() string { return c.err.Error() }

// Unwrap returns the cause.
func (c *coded) Unwrap() error { return c.err }

// Usage marks an error of the command line, unless it has a code of its own.
func Usage(err error) error { return mark(ExitUsage, err) }

// Setting marks an error of a setting, unless it has a code of its own.
func Setting(err error) error { return mark(ExitSetting, err) }

// File marks that a file which was named is missing or cannot be read.
func File(err error) error { return &coded{ExitFile, err} }

// Unreachable marks that no server answered.
func Unreachable(err error) error { return mark(ExitUnreachable, err) }

// NoArguments marks that nothing was named to work on.
func NoArguments(err error) error { return &coded{ExitNoArguments, err} }

// mark gives an error a code that has none.
func mark(code int, err error) error {
	if _, has := errors.AsType[*coded](err); has {
		return err
	}
	return &coded{code, err}
}

// Document marks an error of a document.
func Document(err error) error { return &coded{ExitDocument, err} }

// Some marks that some of several things failed.
func Some(err error) error { return &coded{ExitSome, err} }

// Pages marks that documents were read without some of their pages.
func Pages(err error) error { return &coded{ExitPages, err} }

// ExitCode returns the code that an error ends the program with.
func ExitCode(err error) int {
	var c *coded
	var p *client.Problem
	var dropped *client.DroppedError
	var settings *config.Error
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &c):
		return c.code
	case errors.As(err, &dropped):
		return ExitUsage
	case errors.As(err, &settings):
		return ExitSetting
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.Is(err, client.ErrUnreachable):
		return ExitUnreachable
	case client.OfDocument(err):
		return ExitDocument
	case errors.Is(err, client.ErrLink):
		return ExitFailure // storage refused; credentials had no part in it
	case client.Busy(err):
		return ExitBusy
	case errors.As(err, &p):
		return problemCode(p.Status)
	default:
		return evidenceCode(err)
	}
}

func evidenceCode(err error) int {
	switch {
	case errors.Is(err, ledger.ErrAltered):
		return ExitAltered
	case errors.Is(err, ledger.ErrUnknownKey):
		return ExitUnknownKey
	case errors.Is(err, ledger.ErrBroken), errors.Is(err, ledger.ErrIncomplete):
		return ExitEvidence
	case errors.Is(err, ledger.ErrNotLogged):
		return ExitNotLogged
	default:
		return faultCode(fault.KindOf(err))
	}
}

// faultCode is for what this machine itself refuses.
func faultCode(kind fault.Kind) int {
	switch kind {
	case fault.Invalid:
		return ExitUsage
	case fault.Unauthenticated, fault.Forbidden:
		return ExitRefused
	case fault.NotFound, fault.Gone:
		return ExitGone
	case fault.Document:
		return ExitDocument
	default:
		return ExitFailure
	}
}

func problemCode(status int) int {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return ExitRefused
	case http.StatusNotFound, http.StatusGone:
		return ExitGone
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return ExitUsage
	default:
		return ExitFailure
	}
}

// Message is what people read of an error: one line, fit for a terminal.
func Message(err error) string {
	var p *client.Problem
	var f *fault.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.As(err, &p):
		return Printable(p.Error())
	case errors.As(err, &f) && err.Error() == f.Error() && f.Detail != "" && f.Unwrap() == nil:
		return Printable(f.Detail + " (" + string(f.Code) + ")")
	default:
		return Printable(err.Error())
	}
}

// Printable keeps what controls a terminal out of texts that others chose: a server, or whoever named a file.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return ' '
		case unicode.IsPrint(r):
			return r
		default:
			return unicode.ReplacementChar
		}
	}, s)
}
