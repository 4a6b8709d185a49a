package pdf

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

// part is an object of a saved PDF as it passes by.
type part struct {
	number, generation int
	raw                string    // as written; of a stream, its dictionary
	stream             io.Reader // the data of a stream, to be read before the next object comes; nil for other objects
	length             int64     // of the stream
}

// scanSaved calls each for the objects of a PDF as PDFium saves it: each object after the other and a single cross-reference
// table at the end. It keeps no object, returns what stands before and after them, and reads r to its end.
func scanSaved(r io.Reader, each func(part) error) (head, rest string, err error) {
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		row, err := in.ReadString('\n')
		if err != nil {
			return "", "", errSyntax
		}
		fields := strings.Fields(row)
		switch {
		case len(fields) == 3 && fields[2] == "obj":
			err = scanObject(in, fields, each)
		case len(fields) == 1 && fields[0] == "xref":
			rest, err := io.ReadAll(in)
			return head, string(rest), err
		case strings.HasPrefix(row, "%"):
			head += row
		case len(fields) == 0:
		default:
			err = errSyntax
		}
		if len(head) > maxObject {
			err = errBig
		}
		if err != nil {
			return "", "", err
		}
	}
}

func scanObject(in *bufio.Reader, head []string, each func(part) error) error {
	var p part
	var err error
	if p.number, err = strconv.Atoi(head[0]); err != nil || p.number < 1 || p.number > maxNumber {
		return errSyntax
	}
	if p.generation, err = strconv.Atoi(head[1]); err != nil {
		return errSyntax
	}
	var keyword string
	if p.raw, keyword, err = body(in); err != nil {
		return err
	}
	if keyword != "stream" {
		return each(p)
	}
	d, ok := parseDictionary(p.raw)
	if !ok {
		return errSyntax
	}
	value, _ := d.get("/Length")
	length, err := strconv.ParseInt(value, 10, 64)
	if err != nil || length < 0 {
		return errSyntax
	}
	data := &io.LimitedReader{R: in, N: length}
	p.stream, p.length = data, length
	if err := each(p); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, data); err != nil || data.N > 0 {
		return errSyntax
	}
	for _, keyword := range []string{"endstream", "endobj"} {
		for row := ""; row == ""; {
			line, err := in.ReadString('\n')
			if err != nil {
				return errSyntax
			}
			row = strings.TrimSpace(line)
			if row != "" && row != keyword {
				return errSyntax
			}
		}
	}
	return nil
}

// body reads an object up to the keyword that ends it.
func body(in *bufio.Reader) (raw, keyword string, err error) {
	var b bytes.Buffer
	for {
		row, err := in.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return "", "", errSyntax
		}
		b.Write(row)
		if b.Len() > maxObject {
			return "", "", errBig
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		text := bytes.TrimRight(b.Bytes(), "\r\n")
		for _, keyword := range []string{"stream", "endobj"} {
			if !bytes.HasSuffix(text, []byte(keyword)) {
				continue
			}
			raw := string(bytes.TrimSpace(text[:len(text)-len(keyword)]))
			// A string may hold the keyword; then what comes before is no complete object.
			scan := scanner{text: raw}
			if _, ok := scan.value(); ok && scan.at == len(raw) {
				return raw, keyword, nil
			}
		}
	}
}
