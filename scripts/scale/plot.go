package main

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// series is one line of a plot.
type series struct {
	name   string
	x, y   []float64
	dashed bool
}

// axis is one direction of a plot.
type axis struct {
	name     string
	from, to float64
	ticks    []float64
	log      bool
}

// linear returns an axis from 0 that has room for a value.
func linear(name string, most float64) axis {
	step := math.Pow(10, math.Floor(math.Log10(most)))
	switch { // so that there are four to ten steps
	case most/step < 2:
		step /= 5
	case most/step < 4:
		step /= 2
	}
	a := axis{name: name}
	for n := 0; ; n++ {
		a.to = float64(n) * step
		a.ticks = append(a.ticks, a.to)
		if a.to >= most {
			return a
		}
	}
}

// logarithmic returns an axis that has room for values from a least to a most one.
func logarithmic(name string, least, most float64) axis {
	a := axis{name: name, log: true}
	for power := math.Pow(10, math.Floor(math.Log10(least))); ; power *= 10 {
		for _, digit := range []float64{1, 2, 5} {
			t := power * digit
			if t*2.5 <= least {
				continue
			}
			a.ticks = append(a.ticks, t)
			if t >= most {
				a.from, a.to = a.ticks[0], t
				return a
			}
		}
	}
}

// plot is a line diagram.
type plot struct {
	title  string
	x, y   axis
	series []series
	goal   float64 // a line across at this height; 0 for none
}

const (
	plotWidth, plotHeight            = 760.0, 400.0
	left, right, top, bottom, legend = 64.0, 16.0, 40.0, 52.0, 18.0
)

// colours can be told apart by people who see red and green alike (Okabe and Ito, 2008).
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#999999"}

func (a axis) place(v, from, to float64) float64 {
	low, high := a.from, a.to
	if a.log {
		v, low, high = math.Log(max(v, a.from)), math.Log(low), math.Log(high)
	}
	return from + (v-low)/(high-low)*(to-from)
}

// svg draws the plot.
func (p plot) svg() string {
	var b strings.Builder
	rows := float64((len(p.series) + 1) / 2)
	height := plotHeight + rows*legend
	x0, x1, y0, y1 := left, plotWidth-right, plotHeight-bottom, top
	open(&b, p.title, plotWidth, height)
	for _, t := range p.x.ticks {
		x := p.x.place(t, x0, x1)
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#ddd"/><text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", x, y0, x, y1, x, y0+16, short(t))
	}
	for _, t := range p.y.ticks {
		y := p.y.place(t, y0, y1)
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#ddd"/><text x="%.1f" y="%.1f" text-anchor="end">%s</text>`+"\n", x0, y, x1, y, x0-6, y+4, short(t))
	}
	fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", (x0+x1)/2, y0+36, html.EscapeString(p.x.name))
	fmt.Fprintf(&b, `<text x="14" y="%.1f" text-anchor="middle" transform="rotate(-90 14 %.1f)">%s</text>`+"\n", (y0+y1)/2, (y0+y1)/2, html.EscapeString(p.y.name))
	if p.goal > 0 {
		y := p.y.place(p.goal, y0, y1)
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#b00" stroke-dasharray="2 4"/>`+"\n", x0, y, x1, y)
	}
	for n, s := range p.series {
		colour, dash := colours[n%len(colours)], ""
		if s.dashed {
			dash = ` stroke-dasharray="6 4"`
		}
		points := make([]string, len(s.x))
		for i := range s.x {
			points[i] = fmt.Sprintf("%.1f,%.1f", p.x.place(s.x[i], x0, x1), p.y.place(s.y[i], y0, y1))
		}
		fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"%s/>`+"\n", strings.Join(points, " "), colour, dash)
		x, y := left+float64(n%2)*(plotWidth-left)/2, plotHeight+float64(n/2)*legend
		fmt.Fprintf(&b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="3"%s/><text x="%.1f" y="%.1f">%s</text>`+"\n",
			x, y-4, x+24, y-4, colour, dash, x+30, y, html.EscapeString(s.name))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// least and most are the ends of what the plot shows upwards.
func (p plot) least() float64 {
	least := math.Inf(1)
	for _, s := range p.series {
		least = min(least, slices.Min(s.y))
	}
	return least
}

func (p plot) most() float64 {
	most := 0.0
	for _, s := range p.series {
		most = max(most, slices.Max(s.y))
	}
	return most
}

// bar is what the ends of one assumption do to a result.
type bar struct {
	name      string
	low, high float64 // the result at the low and the high end
	ends      string  // the ends, in words
}

// tornado draws bars around a base, the longest first.
func tornado(title, unit string, base float64, bars []bar) string {
	const row, names, width = 22.0, 500.0, 960.0
	var b strings.Builder
	height := top + row*float64(len(bars)) + 44
	open(&b, title, width, height)
	from, to := base, base
	for _, r := range bars {
		from, to = min(from, r.low, r.high), max(to, r.low, r.high)
	}
	scale := axis{from: from - (to-from)*0.1, to: to + (to-from)*0.1}
	at := func(v float64) float64 { return scale.place(v, names, width-right) }
	for n, r := range bars {
		y := top + row*float64(n)
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="end">%s</text>`+"\n", names-20, y+15, html.EscapeString(r.name+" "+r.ends))
		for i, v := range []float64{r.low, r.high} {
			fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", min(at(v), at(base)), y+3+float64(i)*8, math.Abs(at(v)-at(base)), 8.0, colours[i])
		}
	}
	end := top + row*float64(len(bars))
	fmt.Fprintf(&b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#000"/>`+"\n", at(base), top, at(base), end)
	for _, v := range []float64{from, base, to} {
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n", at(v), end+16, figures(v))
	}
	fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle">%s; upper bar: low end, lower bar: high end</text>`+"\n", (names+width-right)/2, end+34, html.EscapeString(unit))
	b.WriteString("</svg>\n")
	return b.String()
}

func open(b *strings.Builder, title string, width, height float64) {
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="12" role="img">`+"\n", width, height)
	fmt.Fprintf(b, "<title>%s</title>\n", html.EscapeString(title))
	fmt.Fprintf(b, `<rect width="100%%" height="100%%" fill="#fff"/><text x="%.1f" y="22" font-size="15" text-anchor="middle">%s</text>`+"\n", width/2, html.EscapeString(title))
}

// short is a number on an axis.
func short(v float64) string {
	switch {
	case v >= 1000:
		return fmt.Sprintf("%g,%03d", math.Floor(v/1000), int(v)%1000)
	default:
		return fmt.Sprintf("%.4g", v)
	}
}

// figures is a number with as many digits as it deserves: three.
func figures(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 0.01:
		return fmt.Sprintf("%.4f", v)
	case v < 1:
		return fmt.Sprintf("%.3f", v)
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	default:
		return short(math.Round(v))
	}
}
