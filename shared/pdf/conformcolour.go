package pdf

import (
	"encoding/binary"
	"slices"
	"strings"
)

// space looks at a colour space.
func (i *inspection) space(value string, own dictionary) {
	if i.depth > maxNesting || value == "" {
		return
	}
	i.depth++
	defer func() { i.depth-- }()
	resolved := i.objects.resolve(value)
	switch resolved {
	case "/DeviceGray", "/G", "/DeviceRGB", "/RGB", "/Pattern":
		return
	case "/DeviceCMYK", "/CMYK":
		i.cmyk(own)
		return
	}
	parts, ok := parseArray(resolved)
	if !ok {
		if strings.HasPrefix(resolved, "/") {
			if other, ok := i.named(own, "/ColorSpace", resolved); ok && other != resolved {
				i.space(other, own)
			}
		}
		return
	}
	if len(parts) == 0 || !i.once(value) {
		return
	}
	switch i.objects.resolve(parts[0]) {
	case "/DeviceCMYK", "/CMYK":
		i.cmyk(own)
	case "/ICCBased":
		i.breaks(ClauseProfiles, len(parts) < 2 || !i.profile(parts[1]))
	case "/Indexed", "/I", "/Pattern":
		if len(parts) > 1 {
			i.space(parts[1], own)
		}
	case "/Separation":
		if len(parts) > 2 {
			i.space(parts[2], own)
		}
	case "/DeviceN":
		i.deviceN(parts, own)
	}
}

// cmyk looks at colours of four inks, which the intent does not say.
func (i *inspection) cmyk(own dictionary) {
	value, ok := own.get("/ColorSpace")
	if ok {
		_, ok = i.objects.dictionary(value).get("/DefaultCMYK")
	}
	i.breaks(ClauseDevice, !ok)
}

// deviceN looks at a space of several inks, each of which must be described.
func (i *inspection) deviceN(parts []string, own dictionary) {
	if len(parts) < 3 {
		return
	}
	i.space(parts[2], own)
	names, _ := parseArray(i.objects.resolve(parts[1]))
	i.breaks(ClauseLimits, len(names) > 32)
	var described dictionary
	if len(parts) > 4 {
		value, _ := i.objects.dictionary(parts[4]).get("/Colorants") //nolint:misspell // PDF's key
		described = i.objects.dictionary(value)
	}
	for _, name := range names {
		if slices.Contains([]string{"/Cyan", "/Magenta", "/Yellow", "/Black", "/None"}, name) {
			continue
		}
		value, ok := described.get(name)
		i.breaks(ClauseSpots, !ok)
		i.space(value, own)
	}
}

// profile reports whether a profile of colours is one that PDF/A-2 takes (ICC.1:2004-10, section 7.2).
func (i *inspection) profile(value string) bool {
	n, _ := parseReference(value)
	d := dictionaryOf(i.objects.objects[n].raw)
	i.filters(d)
	components, _ := d.get("/N")
	data, ok := i.objects.stream(n)
	return ok && validProfile(data, i.objects.resolve(components))
}

func validProfile(data []byte, components string) bool {
	if len(data) < 128 || string(data[36:40]) != "acsp" || data[8] > 4 || int64(binary.BigEndian.Uint32(data)) > int64(len(data)) {
		return false
	}
	if !slices.Contains([]string{"mntr", "prtr", "scnr", "spac"}, string(data[12:16])) {
		return false
	}
	switch string(data[16:20]) {
	case "GRAY":
		return components == "1"
	case "RGB ", "Lab ":
		return components == "3"
	case "CMYK":
		return components == "4"
	}
	return false
}
