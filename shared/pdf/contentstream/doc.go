// Package contentstream takes text out of the content streams of PDF pages and leaves every other byte as it is (ISO 32000-1,
// sections 7.8, 8.4 and 9).
//
// Read follows the operators of a page, and of the form objects that it draws, as far as text needs it: the current matrix, the
// text state and the text matrices. It returns the operators that show text, in the order in which they draw, with the place of
// each glyph. The caller says which glyphs are to go, and Rewrite cuts them out:
//
//   - an operator that shows nothing any more is cut out as a whole, but for what else it does: ' and " also begin a line;
//   - where glyphs of an operator stay, it becomes a TJ in which a displacement stands for each run that goes;
//   - where later text of the same line stays, a displacement alone takes the place of an operator.
//
// A displacement needs the widths of what it stands for. Where the font does not tell them, the glyphs stay, and Rewrite says
// so. Nothing but operators that show text is ever replaced, with two exceptions: the replacement text (ActualText) of marked
// content of which glyphs go, and the name by which a form object is drawn that must differ from other uses of it. What must
// change among the resources of a stream is left to the caller: Changed says which forms and property lists.
//
// Content streams come from strangers. The time and memory of reading one are bounded by its length and by limits on what the
// forms in it may add up to. What cannot be read as the specification has it is passed over, as viewers do: callers must
// compare what the page looks like before and after.
package contentstream
