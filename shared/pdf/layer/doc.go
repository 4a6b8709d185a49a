// Package layer decides, region by region, whether the text of a page is taken from its text layer or read from its picture.
//
// A text layer is a claim about what a reader sees. It is held against the page as it is drawn: once as it is, and once more
// without the text of the layer. Nothing else differs between the two pictures, so
//
//   - where they differ at the place of a glyph, the glyph is seen. Where they do not, it is hidden: white on white, under a
//     picture or a black box, clipped away, transparent, on a layer that is switched off, or off the page. A test for ink at its
//     place would take a black box for ink of the glyph that it covers; the difference does not.
//   - what the second picture still shows is ink that no glyph explains: pictures, text drawn as curves, appearances of
//     annotations, stamps. Where such ink stands in rows of the size of letters it may be text.
//
// A page has then one of three ways to be read. Without a region that may be text it is its layer, and nothing is recognised.
// With such regions they are recognised alone, and their words take their place among those of the layer. A page that is a
// picture, or shows nothing of its layer, is recognised as a whole.
//
// # Glyphs
//
// A glyph is seen if the difference spans a good part of its box in both directions: the neighbours of a covered glyph
// reach into its box at an edge, and a black box that is a little too low leaves a sliver of each letter. Boxes too small for
// the resolution, such as those of full stops, and boxes of which the difference fills a little, say too little by themselves:
// these follow the other glyphs of their word. A glyph that is clearly hidden is left out even of a word that is seen. Hidden words
// are counted, and what they say goes nowhere.
//
// Two more cases need a look. Where glyphs of different words lie on each other the difference may be that of either, so that the
// caller draws the page once more without each of the texts that cross. And where the difference shows letters and no glyph of the layer stands,
// the page draws text that the layer does not hold: it is recognised like other ink.
//
// # Regions
//
// The search is made on edges rather than on dark pixels, so that it finds light letters on dark ground, and does not find
// fills. Connected edges of the size of letters or words are joined into rows. Rules, frames, dashes and the texture of
// photographs do not form rows, or are crossed by too few strokes for their length. What is found by mistake costs time and no
// words: words that the engine read with little confidence in such a region are left out.
package layer
