// Package verbs has the client half of the command line: commands that talk to a server and run on any operating system.
package verbs

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode"

	"github.com/lethe-ocr/lethe/shared/client"
)

// Exit codes are part of the interface; scripts may rely on them.
const (
	ExitOK          = 0   // everything was done
	ExitFailure     = 1   // anything without a code of its own
	ExitUsage       = 2   // the command line is wrong, or the server refuses the settings on it
	ExitUnreachable = 3   // the server did not answer
	ExitRefused     = 4   // credentials are missing, wrong, or lack a scope
	ExitGone        = 5   // no such task, or it was erased
	ExitDocument    = 6   // the document could not be processed
	ExitSome        = 7   // some of several documents failed
	ExitInterrupted = 130 // stopped by a signal
)

// exitTable documents the codes in help texts.
const exitTable = `
Exit codes:
  0 done   1 failure   2 wrong command line or settings   3 server unreachable   4 credentials refused
  5 no such task, or erased   6 document could not be processed   7 some of several failed   130 interrupted`

// coded is an error with an exit code.
type coded struct {
	code int
	err  error
}

// Error implements error.
func (c *coded) Error() string { return c.err.Error() }

// Unwrap returns the cause.
func (c *coded) Unwrap() error { return c.err }

// Usage marks an error of the command line.
func Usage(err error) error { return &coded{ExitUsage, err} }

// Document marks an error of a document.
func Document(err error) error { return &coded{ExitDocument, err} }

// Some marks that some of several things failed.
func Some(err error) error { return &coded{ExitSome, err} }

// ExitCode returns the code that an error ends the program with.
func ExitCode(err error) int {
	var c *coded
	var p *client.Problem
	var dropped *client.DroppedError
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &c):
		return c.code
	case errors.As(err, &dropped):
		return ExitUsage
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.Is(err, client.ErrUnreachable):
		return ExitUnreachable
	case errors.Is(err, client.ErrLink):
		// Storage refused; credentials had no part in it.
		if errors.As(err, &p) && p.Status == http.StatusRequestEntityTooLarge {
			return ExitDocument
		}
		return ExitFailure
	case errors.As(err, &p):
		return problemCode(p.Status)
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
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.As(err, &p):
		return printable(p.Error())
	default:
		return printable(err.Error())
	}
}

// printable keeps what controls a terminal out of texts that others chose: a server, or whoever named a file.
func printable(s string) string {
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
