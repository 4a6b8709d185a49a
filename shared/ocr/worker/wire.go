//go:build linux

package worker

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/ocr/derivative"
	"github.com/lethe-ocr/lethe/shared/ocr/refusal"
)

const (
	// maxFrame bounds one message: a page of 90,000 words.
	maxFrame = 8 << 20
	// maxElements bounds what decoding a message may allocate: JSON can spell an element in three bytes that takes
	// sixty in memory.
	maxElements = 1_000_000
	// headerSize is the length that precedes each message, big endian.
	headerSize = 4
)

var errFrame = errors.New("message is over a limit")

// operation is what a child is asked to do.
type operation string

const (
	opLoad      operation = "load" // the languages of the options, each by itself; before any document
	opOpen      operation = "open"
	opInspect   operation = "inspect"
	opDraw      operation = "draw"
	opRecognise operation = "recognise"
	opWritePDF  operation = "write-pdf"
	opSurvey    operation = "survey"
	opDerive    operation = "derive"
	opRelease   operation = "release"
)

// request goes to the child. The document's descriptor comes with it, or those of its parts, followed by the result's for
// opWritePDF; opDerive has the result's alone.
type request struct {
	Op       operation        `json:"op"`
	ID       string           `json:"id,omitempty"`
	Password string           `json:"password,omitempty"`
	Sparse   bool             `json:"sparse,omitempty"` // the child asks for what it reads, see questionSize
	Page     int              `json:"page,omitempty"`
	Options  ocr.Options      `json:"options,omitzero"`
	Plan     *derivative.Plan `json:"plan,omitempty"`  // of opDerive
	PDF      ocr.PDFOptions   `json:"pdf,omitzero"`    // of opWritePDF
	Parts    []filePart       `json:"parts,omitempty"` // of opWritePDF of a document of several files
}

// filePart is an ocr.Part, whose descriptor comes with the request.
type filePart struct {
	Password string `json:"password,omitempty"`
	Sparse   bool   `json:"sparse,omitempty"`
	Pages    int    `json:"pages"`
	Locked   bool   `json:"locked,omitempty"`
}

// descriptors returns how many come with the request.
func (r request) descriptors() int {
	switch r.Op {
	case opOpen, opInspect, opDraw, opRecognise, opSurvey, opDerive:
		return 1
	case opWritePDF:
		return max(1, len(r.Parts)) + 1
	default:
		return 0
	}
}

// item is one step of the page stream of opWritePDF: a page, or the end.
type item struct {
	Page *ocr.Page `json:"page,omitempty"`
	End  bool      `json:"end,omitempty"`
}

// hello is the first message of a child.
type hello struct {
	Languages []string `json:"languages"`
	Sandbox   Sandbox  `json:"sandbox"`
}

// response answers a request. Of an error it says that the document is to blame, for which of the known reasons, or that the
// engine failed: a child which a document has taken over cannot put words into the caller's errors.
type response struct {
	Refusal *refusal.Error `json:"refusal,omitempty"`
	Failed  bool           `json:"failed,omitempty"` // the engine did; worth another try
	// Unusable are languages that the engine could not load, of Failed alone.
	Unusable []string `json:"unusable,omitempty"`

	Info   *ocr.Info        `json:"info,omitempty"`
	Page   *ocr.Page        `json:"page,omitempty"`
	Survey *derivative.Page `json:"survey,omitempty"`
	Notes  []ocr.Note       `json:"notes,omitempty"` // of opWritePDF
}

// encode returns the message as a frame: its length and its JSON.
func encode(message any) ([]byte, error) {
	var b bytes.Buffer
	b.Write(make([]byte, headerSize))
	if err := json.NewEncoder(&b).Encode(message); err != nil {
		return nil, fmt.Errorf("encode message: %w", err)
	}
	n := b.Len() - headerSize
	if n > maxFrame {
		return nil, errFrame
	}
	binary.BigEndian.PutUint32(b.Bytes(), uint32(n)) // #nosec G115 -- at most maxFrame
	return b.Bytes(), nil
}

// readFrame reads one frame and returns its body.
func readFrame(r io.Reader) ([]byte, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, err
	}
	return readBody(r, header)
}

func readBody(r io.Reader, header [headerSize]byte) ([]byte, error) {
	n := binary.BigEndian.Uint32(header[:])
	if n > maxFrame {
		return nil, errFrame
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, fmt.Errorf("read message: %w", err)
	}
	return body, nil
}

// decode parses the body of a frame. The commas and braces of the text bound the elements it can hold.
func decode(body []byte, message any) error {
	if bytes.Count(body, []byte{','})+bytes.Count(body, []byte{'{'}) > maxElements {
		return errFrame
	}
	if err := json.Unmarshal(body, message); err != nil {
		// The text of the error may quote the message.
		return errors.New("message is malformed")
	}
	return nil
}

// send writes a message and passes descriptors with its first bytes.
func send(conn *net.UnixConn, message any, files ...*os.File) error {
	frame, err := encode(message)
	if err != nil {
		return err
	}
	if len(files) > 0 {
		fds := make([]int, len(files))
		for i, f := range files {
			// Fd would put the file into blocking mode; the file stays open until the message has gone out.
			raw, err := f.SyscallConn()
			if err != nil {
				return fmt.Errorf("pass descriptor: %w", err)
			}
			if err := raw.Control(func(fd uintptr) { fds[i] = int(fd) }); err != nil { // #nosec G115 -- a descriptor
				return fmt.Errorf("pass descriptor: %w", err)
			}
		}
		n, _, err := conn.WriteMsgUnix(frame[:headerSize], unix.UnixRights(fds...), nil)
		if err != nil {
			return fmt.Errorf("pass descriptor: %w", err)
		}
		frame = frame[n:]
	}
	if _, err := conn.Write(frame); err != nil {
		return fmt.Errorf("send message: %w", err)
	}
	return nil
}

// receiveFiles reads one frame together with the descriptors that were passed with it.
func receiveFiles(conn *net.UnixConn) ([]byte, []*os.File, error) {
	var header [headerSize]byte
	rights := make([]byte, unix.CmsgSpace((ocr.MaxParts+1)*4))
	n, nr, _, _, err := conn.ReadMsgUnix(header[:], rights)
	if err != nil {
		return nil, nil, err
	}
	if n == 0 {
		return nil, nil, io.EOF
	}
	files, err := parseRights(rights[:nr])
	if err != nil {
		return nil, nil, err
	}
	if _, err := io.ReadFull(conn, header[n:]); err != nil {
		closeAll(files)
		return nil, nil, err
	}
	body, err := readBody(conn, header)
	if err != nil {
		closeAll(files)
		return nil, nil, err
	}
	return body, files, nil
}

func parseRights(rights []byte) ([]*os.File, error) {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return nil, fmt.Errorf("read descriptors: %w", err)
	}
	var files []*os.File
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			closeAll(files)
			return nil, fmt.Errorf("read descriptors: %w", err)
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "passed")) // #nosec G115 -- a descriptor
		}
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close() // opened for reading, or already failed
	}
}
