package abbyy

import (
	"bufio"
	"errors"
	"io"
	"net/url"
	"strings"

	wire "github.com/lethe-ocr/lethe/shared/abbyy"
	"github.com/lethe-ocr/lethe/shared/fault"
	"github.com/lethe-ocr/lethe/shared/httpserver"
	"github.com/lethe-ocr/lethe/shared/ocr"
	"github.com/lethe-ocr/lethe/shared/task"
)

const (
	aroundFile = 64 << 10 // bytes of a multipart body before its file, and as many behind it
	octets     = "application/octet-stream"
)

// takePicture takes in the document of the request, which is streamed into storage: no more of it is in memory than its head.
func (c *call) takePicture() (wire.Answer, error) {
	if c.r.ContentLength > c.f.Picture+2*aroundFile || c.boundary() == "" && c.r.ContentLength > c.f.Picture {
		return wire.Answer{}, c.tooLarge()
	}
	upload := httpserver.NewUpload(c.w, c.r, c.f.Picture+2*aroundFile)
	content, size, form, err := c.body(upload)
	if err == nil {
		c.asks, err = c.decode(form, nil)
	}
	if err != nil {
		return wire.Answer{}, c.whole(upload, nil, err)
	}
	limited := &bounded{r: content, left: c.f.Picture}
	buffered := bufio.NewReaderSize(limited, ocr.HeadBytes)
	head, err := buffered.Peek(ocr.HeadBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return wire.Answer{}, c.whole(upload, limited, fault.Wrap(err, fault.BadRequest, "the file broke off; send it again"))
	}
	if len(head) == 0 {
		return wire.Answer{}, wire.MissingFile()
	}
	if _, err := ocr.MediaType(head); err != nil {
		return wire.Answer{}, err
	}
	told, err := c.submit(task.Body{
		Reader: buffered, Size: size, ContentType: octets, Attach: func(t task.Transfer) { upload.Attach(t.Context()) },
	})
	if err != nil {
		return wire.Answer{}, c.whole(upload, limited, err)
	}
	return c.tell(told)
}

// whole is the error of a document of which not all was read: if it has too many bytes, that is what was wrong.
func (c *call) whole(upload *httpserver.Upload, file *bounded, err error) error {
	if upload.Exceeded() || file != nil && file.exceeded {
		return c.tooLarge()
	}
	return err
}

func (c *call) tooLarge() error {
	return fault.New(fault.BodyTooLarge, "a file may have at most %d bytes here; %s", c.f.Picture, c.f.Larger).In("file")
}

// body returns the file that the body is or has in it, its size if that is known, else -1, and the fields that stand before it.
func (c *call) body(r io.Reader) (file io.Reader, size int64, form url.Values, err error) {
	boundary := c.boundary()
	if boundary == "" {
		return r, c.r.ContentLength, nil, nil // whatever its type is said to be: never a form
	}
	file, form, err = readForm(r, boundary)
	if file == nil {
		file = strings.NewReader("")
	}
	return file, -1, form, err
}

func (c *call) boundary() string { return boundaryOf(c.r.Header.Get("Content-Type")) }

// fields returns the form of a call without a document, if the body is one.
func (c *call) fields() (url.Values, error) {
	if c.boundary() == "" || c.method.Body != wire.Nothing {
		return url.Values{}, nil
	}
	_, form, err := readForm(httpserver.NewUpload(c.w, c.r, aroundFile), c.boundary())
	return form, err
}

// settings returns the XML of processFields, which comes as documents do. Fields before it are put into the form.
func (c *call) settings(form url.Values) ([]byte, error) {
	upload := httpserver.NewUpload(c.w, c.r, wire.MostSettings+2*aroundFile)
	content, _, fields, err := c.body(upload)
	if err != nil {
		return nil, c.whole(upload, nil, err)
	}
	for name, values := range fields {
		form[name] = values
	}
	limited := &bounded{r: content, left: wire.MostSettings}
	text, err := io.ReadAll(limited)
	switch {
	case limited.exceeded || upload.Exceeded():
		return nil, fault.New(fault.BodyTooLarge, "the settings may have at most %d bytes", wire.MostSettings).In("file")
	case err != nil:
		return nil, fault.Wrap(err, fault.BadRequest, "the settings broke off; send them again")
	case len(text) == 0:
		return nil, wire.MissingFile()
	}
	return text, nil
}

// errTooLarge ends the reading of a file that is larger than it may be.
var errTooLarge = errors.New("the file is too large")

// bounded is a file of at most so many bytes.
type bounded struct {
	r        io.Reader
	left     int64
	exceeded bool
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		b.exceeded = true
		return 0, errTooLarge
	}
	return n, err
}
