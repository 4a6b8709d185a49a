package traineddata

import (
	"bytes"
	"compress/flate"
	"os"
	"slices"
	"testing"
)

// installed returns the files of language data on this machine that can be packed.
func installed(t testing.TB) map[string][]byte {
	t.Helper()
	folder, err := Find("")
	if err != nil {
		t.Skip(err)
	}
	files := map[string][]byte{}
	for _, name := range []string{"eng", "deu", "rus", Orientation} {
		if m := slices.IndexFunc(folder.Models, func(m Model) bool { return m.Name == name }); m >= 0 {
			file, err := os.ReadFile(folder.Models[m].Path)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = file
		}
	}
	if len(files) == 0 {
		t.Skip("none of eng, deu, rus and osd is installed")
	}
	return files
}

// The engine goes through a list of words by its edges, those of a node one after the other. It takes the same steps in the unpacked one.
func TestUnpackedListOfWordsIsGoneThroughByTheSameSteps(t *testing.T) {
	for name, file := range installed(t) {
		if name == Orientation {
			continue
		}
		packed, err := Pack(file)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		unpacked, err := Unpack(packed)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		before, cut, err := wordGraph(file)
		if err != nil {
			t.Fatal(err)
		}
		after, cutAfter, err := wordGraph(unpacked)
		if err != nil {
			t.Fatal(err)
		}
		edges := 8 * len(before.edges)
		if len(unpacked) != len(file) || cut != cutAfter || before.bits != after.bits || len(after.edges) != len(before.edges) ||
			!bytes.Equal(file[:cut], unpacked[:cut]) || !bytes.Equal(file[cut+edges:], unpacked[cut+edges:]) {
			t.Fatalf("%s: something else than the places of nodes has changed", name)
		}
		same := map[int]int{0: 0} // node before -> after
		for nodes := []int{0}; len(nodes) > 0; {
			node := nodes[len(nodes)-1]
			nodes = nodes[:len(nodes)-1]
			for e, f := node, same[node]; ; e, f = e+1, f+1 {
				if before.letter(e) != after.letter(f) || before.flags(e) != after.flags(f) || (before.to(e) == 0) != (after.to(f) == 0) {
					t.Fatalf("%s: edge %d is not edge %d", name, e, f)
				}
				if to := before.to(e); to > 0 {
					if known, ok := same[to]; ok && known != after.to(f) {
						t.Fatalf("%s: edge %d leads elsewhere", name, e)
					} else if !ok {
						same[to] = after.to(f)
						nodes = append(nodes, to)
					}
				}
				if before.flags(e)&lastOfNode != 0 {
					break
				}
			}
		}
		if again, err := Pack(unpacked); err != nil || !bytes.Equal(again, packed) {
			t.Errorf("%s: packed again it is another file: %v", name, err)
		}
	}
}

func TestUnpackedFileWithoutWordsIsTheSame(t *testing.T) {
	file := installed(t)[Orientation]
	if file == nil {
		t.Skip("osd is not installed")
	}
	packed, err := Pack(file)
	if err != nil {
		t.Fatal(err)
	}
	if unpacked, err := Unpack(packed); err != nil || !bytes.Equal(unpacked, file) {
		t.Errorf("another file comes back, or %v", err)
	}
}

func TestPackedFileTakesLessOfAPackage(t *testing.T) {
	for name, file := range installed(t) {
		packed, err := Pack(file)
		if err != nil {
			t.Fatal(err)
		}
		if was, is := deflated(t, file), deflated(t, packed); is > was*4/5 {
			t.Errorf("%s takes %d bytes of a package, and %d unpacked", name, is, was)
		}
	}
}

func deflated(t *testing.T, data []byte) int {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

func TestDamagedPackedFileIsRefused(t *testing.T) {
	for name, file := range installed(t) {
		packed, err := Pack(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int{0, 9, 13, 17, 21, 25, packedHeader, len(packed) / 3, len(packed) / 2, len(packed) * 2 / 3, len(packed) - 1} {
			damaged := slices.Clone(packed)
			damaged[at] ^= 4
			if _, err := Unpack(damaged); err == nil {
				t.Errorf("%s: another byte %d is not noticed", name, at)
			}
			if _, err := Unpack(packed[:at]); err == nil {
				t.Errorf("%s: cut off at %d it is unpacked", name, at)
			}
		}
	}
}

func TestFileWithoutWordsIsNotPacked(t *testing.T) {
	for what, file := range map[string][]byte{"nothing": nil, "text": []byte("these are no words of a language"), "zeros": make([]byte, 1000)} {
		if _, err := Pack(file); err == nil {
			t.Errorf("%s is packed", what)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(magic[:])
	for _, file := range installed(f) {
		if packed, err := Pack(file); err == nil {
			f.Add(packed[:4096])
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if unpacked, err := Unpack(file); err == nil && len(unpacked) > 4*len(file) {
			t.Errorf("%d bytes of %d", len(unpacked), len(file))
		}
	})
}

func BenchmarkUnpack(b *testing.B) {
	for name, file := range installed(b) {
		packed, err := Pack(file)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Unpack(packed); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
