package render

import (
	"archive/zip"
	"compress/flate"
	"encoding/xml"
	"io"
	"strconv"
	"time"
)

// office writes a package of the office formats (ECMA-376, Office Open XML): a ZIP archive of XML parts, one after the other
// and each as it comes, so that no part is held in memory or in a file. Equal documents make equal packages.
type office struct {
	*markup // of the part that is being written
	zip     *zip.Writer
	deflate *flate.Writer // of that part; one for all, since its tables are far larger than most parts
	types   []partType
}

// partType is the content type of a part.
type partType struct{ part, mediaType string }

// relation names a part that another one needs. Its id counts from 1 in the order of the list.
type relation struct{ kind, target string }

const (
	officeSchemas   = "http://schemas.openxmlformats.org/"
	officeRelations = officeSchemas + "officeDocument/2006/relationships"
	officeTypes     = "application/vnd.openxmlformats-officedocument."
	packageTypes    = "application/vnd.openxmlformats-package."
)

// packageTime stands in every package, whose bytes must not depend on the time: the first that ZIP can express.
var packageTime = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

// newOffice begins a package with its main part's name and what is said about it: nothing but what Document holds.
func newOffice(w io.Writer, doc Document, main string) (*office, error) {
	deflate, err := flate.NewWriter(nil, flate.DefaultCompression)
	if err != nil {
		return nil, err
	}
	o := &office{zip: zip.NewWriter(w), deflate: deflate}
	o.zip.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		deflate.Reset(w)
		return deflate, nil
	})
	o.relations("_rels/.rels",
		relation{officeRelations + "/officeDocument", main},
		relation{officeSchemas + "package/2006/relationships/metadata/core-properties", "docProps/core.xml"},
		relation{officeRelations + "/extended-properties", "docProps/app.xml"})
	o.part("docProps/core.xml", packageTypes+"core-properties+xml")
	o.open("cp:coreProperties",
		attr("xmlns:cp", officeSchemas+"package/2006/metadata/core-properties"),
		attr("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
		attr("xmlns:dcterms", "http://purl.org/dc/terms/"),
		attr("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"))
	if !doc.Created.IsZero() {
		o.leaf("dcterms:created", doc.Created.UTC().Format(time.RFC3339), attr("xsi:type", "dcterms:W3CDTF"))
	}
	if doc.ID != "" {
		o.leaf("dc:identifier", doc.ID)
	}
	if tags := languageTags(doc.Languages); len(tags) > 0 {
		o.leaf("dc:language", tags[0])
	}
	o.close()
	o.part("docProps/app.xml", officeTypes+"extended-properties+xml")
	o.open("Properties", attr("xmlns", officeSchemas+"officeDocument/2006/extended-properties"))
	o.leaf("Application", software(doc))
	o.close()
	return o, o.flush()
}

// part ends the part before and begins the next one.
func (o *office) part(name, mediaType string) {
	if mediaType != "" {
		o.types = append(o.types, partType{name, mediaType})
	}
	var err error
	if o.markup != nil {
		err = o.markup.flush()
	}
	w := io.Discard
	if err == nil {
		w, err = o.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: packageTime})
	}
	o.markup = newMarkup(w)
	o.err = err
	o.token(xml.ProcInst{Target: "xml", Inst: []byte(`version="1.0" encoding="UTF-8" standalone="yes"`)})
	o.newline()
}

// flush passes on what was written of the part, and keeps none of it.
func (o *office) flush() error {
	if err := o.markup.flush(); err != nil {
		return err
	}
	if err := o.deflate.Flush(); err != nil {
		return err
	}
	return o.zip.Flush()
}

// relations writes the part that lists what a part needs.
func (o *office) relations(name string, relations ...relation) {
	o.part(name, "")
	o.open("Relationships", attr("xmlns", officeSchemas+"package/2006/relationships"))
	for i, r := range relations {
		o.leaf("Relationship", "", attr("Id", relationID(i)), attr("Type", r.kind), attr("Target", r.target))
	}
	o.close()
}

// relationID is the id of the i-th relation of a list, counted from 0.
func relationID(i int) string { return "rId" + strconv.Itoa(i+1) }

// end writes what a package ends with: the types of its parts, and the directory of the archive.
func (o *office) end() error {
	o.part("[Content_Types].xml", "")
	o.open("Types", attr("xmlns", officeSchemas+"package/2006/content-types"))
	o.leaf("Default", "", attr("Extension", "rels"), attr("ContentType", packageTypes+"relationships+xml"))
	o.leaf("Default", "", attr("Extension", "xml"), attr("ContentType", "application/xml"))
	for _, t := range o.types {
		o.leaf("Override", "", attr("PartName", "/"+t.part), attr("ContentType", t.mediaType))
	}
	o.close()
	if err := o.markup.flush(); err != nil {
		return err
	}
	return o.zip.Close()
}

// points20 converts pixels to twentieths of a point, the unit of word processors.
func points20(pixels, dpi int) int {
	if dpi <= 0 {
		return 0
	}
	const inch = 1440
	return int(float64(pixels) * inch / float64(dpi))
}
