package mrz

import "strings"

// normal returns a line as the standard writes it: no spaces, and fillers for what the engine takes them for. Other characters
// than those of the standard stay, so that the line is known to be none.
func normal(raw string) string {
	var b strings.Builder
	for _, r := range raw {
		switch {
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '<':
			b.WriteRune(r)
		case r == '«', r == '≪':
			b.WriteString("<<")
		case strings.ContainsRune(" \t.,'`’‘", r):
		case strings.ContainsRune("‹({[≤〈ckse€£", r): // lower-case letters stand in no zone
			b.WriteByte('<')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// fit brings a line to the length of its format by its fillers: a run of them is what the engine counts wrong. It reports
// whether the line can be one of the format.
func fit(line string, l layout, index int) (string, bool) {
	const most = 8 // fillers that may be missing or too many
	if line == "" || strings.Trim(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<") != "" ||
		len(line) < l.length-most || len(line) > l.length+most {
		return "", false
	}
	if index == l.names().line {
		line = bareTail(line, l.names().from)
		line = strings.TrimRight(line, "<")
		if len(line) > l.length {
			return "", false
		}
		return line + strings.Repeat("<", l.length-len(line)), true
	}
	if len(line) == l.length {
		return line, true
	}
	at, run := longest(line)
	switch missing := l.length - len(line); {
	case run < 2 || run+missing < 1:
		return "", false
	case missing > 0:
		return line[:at] + strings.Repeat("<", missing) + line[at:], true
	default:
		return line[:at] + line[at-missing:], true
	}
}

// bareTail makes fillers of all behind a run of three: names are parted by one or two, so that none follow.
func bareTail(line string, from int) string {
	i := strings.Index(line[min(from, len(line)):], "<<<")
	if i < 0 {
		return line
	}
	i += min(from, len(line))
	return line[:i] + strings.Repeat("<", len(line)-i)
}

// longest returns the longest run of fillers, the last one of several.
func longest(line string) (at, run int) {
	for i := 0; i < len(line); {
		n := 0
		for i+n < len(line) && line[i+n] == '<' {
			n++
		}
		if n >= run && n > 0 {
			at, run = i, n
		}
		i += max(n, 1)
	}
	return at, run
}
