package traineddata

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// A list of words is a graph, and most of what a language takes: edges, one after the other those of each node, each with a letter and
// the place of the node it leads to. Packed, nodes stand in the order in which they are first met from the first one on, so that most
// edges need not say where they lead. There is one byte for each edge of what it is, then one of its letter, then the numbers of the
// nodes that edges lead back to. Unpacked, the engine finds the same words by the same steps; only the places of nodes are others.

const (
	words       = 19 // part of a file: the list of words of the network
	graphHeader = 10 // bytes before the edges: a mark, the number of letters, the number of edges
	graphMark   = 42
	edgeSize    = 8 // bytes
)

// What an edge is, in Tesseract's flags.
const (
	lastOfNode = 1 << iota
	backward
	endOfWord
)

// What a packed edge is, beside lastOfNode and endOfWord.
const (
	toNew  = 8  // the node comes later, and no other edge leads to it
	toKept = 16 // the node comes later, and others lead to it: it gets the next number
	toOld  = 32 // the node has a number
)

// graph is a list of words. An edge that leads nowhere has 0 as its place, which is that of the first node.
type graph struct {
	bits  uint
	edges []uint64
}

func (g graph) letter(e int) uint64 { return g.edges[e] & (1<<g.bits - 1) }
func (g graph) flags(e int) uint64  { return g.edges[e] >> g.bits & 7 }
func (g graph) to(e int) int        { return int(g.edges[e] >> (g.bits + 3)) } // #nosec G115 -- fewer bits

// wordGraph finds the list of words in a file, and where its edges begin.
func wordGraph(file []byte) (g graph, cut int, err error) {
	begin, end, ok := part(file, words)
	if !ok || end-begin < graphHeader || binary.LittleEndian.Uint16(file[begin:]) != graphMark {
		return g, 0, errNotPackable
	}
	cut = begin + graphHeader
	letters, edges := binary.LittleEndian.Uint32(file[begin+2:]), int(binary.LittleEndian.Uint32(file[begin+6:]))
	if letters == 0 || letters > math.MaxUint8 || edges == 0 || end-cut != edgeSize*edges {
		return g, 0, errNotPackable
	}
	g = graph{bits: uint(bits.Len32(letters)), edges: make([]uint64, edges)} // #nosec G115 -- at most 8
	for e := range g.edges {
		g.edges[e] = binary.LittleEndian.Uint64(file[cut+edgeSize*e:])
	}
	return g, cut, nil
}

func packWords(file []byte) (h packed, plain, parts []byte, err error) {
	g, cut, err := wordGraph(file)
	if err != nil {
		return h, nil, nil, err
	}
	references := make([]int, len(g.edges)) // by the place of a node
	for e := range g.edges {
		if to := g.to(e); to >= len(g.edges) || to > 0 && g.flags(to-1)&lastOfNode == 0 || g.flags(e)&backward != 0 {
			return h, nil, nil, errNotPackable
		} else if to > 0 {
			references[to]++
		}
	}
	var kinds, letters, old []byte
	met, numbers := map[int]bool{}, map[int]int{}
	for nodes := []int{0}; len(nodes) > 0; {
		e := nodes[len(nodes)-1]
		nodes = nodes[:len(nodes)-1]
		above := len(nodes)
		for last := false; !last; e++ {
			if e == len(g.edges) {
				return h, nil, nil, errNotPackable
			}
			kind, to := byte(g.flags(e)), g.to(e) // #nosec G115 -- three bits
			last = kind&lastOfNode != 0
			switch {
			case to == 0:
			case met[to]:
				kind |= toOld
				old = binary.AppendUvarint(old, uint64(numbers[to])) // #nosec G115 -- a count
			case references[to] > 1:
				kind |= toKept
				numbers[to] = len(numbers)
			default:
				kind |= toNew
			}
			if kind&(toNew|toKept) != 0 {
				met[to] = true
				nodes = append(nodes, to)
			}
			kinds, letters = append(kinds, kind), append(letters, byte(g.letter(e))) // #nosec G115 -- at most 8 bits
		}
		slices.Reverse(nodes[above:])
	}
	if len(kinds) != len(g.edges) {
		return h, nil, nil, errNotPackable
	}
	edges := edgeSize * len(g.edges)
	h = packed{Magic: magic, Plain: uint32(len(file) - edges), Cut: uint32(cut), Count: uint32(len(g.edges)), Bits: uint32(g.bits)} // #nosec G115 -- looked at by part
	return h, slices.Concat(file[:cut], file[cut+edges:]), slices.Concat(kinds, letters, old), nil
}

// unpackWords writes edges.
func unpackWords(edges []byte, bits uint32, kinds, letters, old []byte) error {
	put := func(e, to uint32) { // where an edge leads
		place := edges[edgeSize*int(e):]
		binary.LittleEndian.PutUint64(place, binary.LittleEndian.Uint64(place)&(1<<(bits+3)-1)|uint64(to)<<(bits+3))
	}
	type pending struct{ edge, number uint32 }
	const none = math.MaxUint32
	var later []pending   // edges to nodes that come later, the next one last
	var numbered []uint32 // places of nodes
	for at := uint32(0); ; {
		above := len(later)
		for last := false; !last; at++ {
			if int(at) == len(kinds) {
				return errPacked
			}
			kind := kinds[at]
			last = kind&lastOfNode != 0
			binary.LittleEndian.PutUint64(edges[edgeSize*int(at):], uint64(letters[at])|uint64(kind&(lastOfNode|endOfWord))<<bits)
			switch kind &^ (lastOfNode | endOfWord) {
			case 0:
			case toNew:
				later = append(later, pending{at, none})
			case toKept:
				later = append(later, pending{at, uint32(len(numbered))}) // #nosec G115 -- no more than edges
				numbered = append(numbered, 0)
			case toOld:
				number, n := binary.Uvarint(old)
				if n <= 0 || number >= uint64(len(numbered)) {
					return errPacked
				}
				old = old[n:]
				put(at, uint32(number)) // #nosec G115 -- as looked at; its place may not be known yet
			default:
				return errPacked
			}
		}
		slices.Reverse(later[above:])
		if len(later) == 0 {
			if int(at) < len(kinds) || len(old) > 0 {
				return errPacked
			}
			break
		}
		next := later[len(later)-1]
		later = later[:len(later)-1]
		put(next.edge, at)
		if next.number != none {
			numbered[next.number] = at
		}
	}
	for e, kind := range kinds {
		if kind&toOld != 0 {
			number := binary.LittleEndian.Uint64(edges[edgeSize*e:]) >> (bits + 3)
			put(uint32(e), numbered[number]) // #nosec G115 -- a count of 32 bits
		}
	}
	return nil
}
