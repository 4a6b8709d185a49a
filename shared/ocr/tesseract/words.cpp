#include "words.h"

#include <leptonica/allheaders.h>
#include <tesseract/baseapi.h>
#include <tesseract/ocrclass.h>
#include <tesseract/resultiterator.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

using tesseract::PageIteratorLevel;
using tesseract::ResultIterator;

namespace {

// What is behind lethe_found.
struct result {
  std::string text;
  std::vector<lethe_word> words;
  std::vector<lethe_symbol> symbols;
  std::vector<lethe_text> choices;

  lethe_text keep(const char *s, float confidence) {
    lethe_text kept = {};
    kept.from = static_cast<int>(text.size());
    kept.confidence = confidence;
    if (s) text += s;
    kept.length = static_cast<int>(text.size()) - kept.from;
    return kept;
  }

  // The engine's strings are of new[].
  lethe_text keep(const ResultIterator &at, PageIteratorLevel level) {
    std::unique_ptr<char[]> s(at.GetUTF8Text(level));
    return keep(s.get(), at.Confidence(level));
  }
};

// The part of a picture that is asked for.
struct part {
  Pix *pix = nullptr;

  part(Pix *whole, const lethe_ask &ask) {
    if (ask.width == 0) {
      pix = pixClone(whole);
      return;
    }
    BOX *box = boxCreate(ask.left, ask.top, ask.width, ask.height);
    pix = pixClipRectangle(whole, box, nullptr);
    boxDestroy(&box);
  }
  ~part() { pixDestroy(&pix); }
};

// shift moves everything by where the part begins.
void shift(result &found, int x, int y) {
  auto move = [x, y](lethe_box &b) { b.left += x, b.right += x, b.top += y, b.bottom += y; };
  for (auto &w : found.words) {
    move(w.box);
    int *b = w.baseline;
    if (b[0] || b[1] || b[2] || b[3]) b[0] += x, b[1] += y, b[2] += x, b[3] += y;
  }
  for (auto &s : found.symbols) move(s.box);
}

lethe_box box_of(const ResultIterator &at, PageIteratorLevel level) {
  lethe_box box = {};
  if (!at.BoundingBox(level, &box.left, &box.top, &box.right, &box.bottom)) return {};
  return box;
}

void choices_of(const ResultIterator &symbol, result &found) {
  tesseract::ChoiceIterator at(symbol);
  do {
    const char *text = at.GetUTF8Text();
    if (text && *text) found.choices.push_back(found.keep(text, at.Confidence()));
  } while (at.Next());
}

void symbols_of(const ResultIterator &word, bool choices, result &found) {
  ResultIterator at(word);
  do {
    lethe_symbol symbol = {};
    symbol.text = found.keep(at, tesseract::RIL_SYMBOL);
    symbol.box = box_of(at, tesseract::RIL_SYMBOL);
    symbol.choices = static_cast<int>(found.choices.size());
    if (choices) choices_of(at, found);
    symbol.length = static_cast<int>(found.choices.size()) - symbol.choices;
    found.symbols.push_back(symbol);
    if (at.IsAtFinalElement(tesseract::RIL_WORD, tesseract::RIL_SYMBOL)) break;
  } while (at.Next(tesseract::RIL_SYMBOL));
}

// The engine calls it before each line and each word of it.
bool stop(void *flag, int) { return flag && __atomic_load_n(static_cast<const int *>(flag), __ATOMIC_RELAXED) != 0; }

void collect(tesseract::TessBaseAPI &api, const lethe_ask &ask, result &found) {
  std::unique_ptr<ResultIterator> at(api.GetIterator());
  int block = 0, paragraph = 0, line = 0;
  while (at && !at->Empty(tesseract::RIL_BLOCK)) {
    if (at->Empty(tesseract::RIL_WORD)) {
      at->Next(tesseract::RIL_WORD);
      continue;
    }
    if (at->IsAtBeginningOf(tesseract::RIL_BLOCK)) block++, paragraph = line = 0;
    if (at->IsAtBeginningOf(tesseract::RIL_PARA)) paragraph++, line = 0;
    if (at->IsAtBeginningOf(tesseract::RIL_TEXTLINE)) line++;
    lethe_word word = {};
    word.text = found.keep(*at, tesseract::RIL_WORD);
    word.box = box_of(*at, tesseract::RIL_WORD);
    word.block = block, word.paragraph = paragraph, word.line = line;
    int *b = word.baseline;
    if (!at->Baseline(tesseract::RIL_TEXTLINE, &b[0], &b[1], &b[2], &b[3])) memset(b, 0, sizeof word.baseline);
    float descenders, ascenders;
    at->RowAttributes(&word.height, &descenders, &ascenders);
    word.symbols = static_cast<int>(found.symbols.size());
    if (ask.symbols) symbols_of(*at, ask.choices, found);
    word.length = static_cast<int>(found.symbols.size()) - word.symbols;
    found.words.push_back(word);
    at->Next(tesseract::RIL_WORD);
  }
}

// Which way up a page is shows in its layout: nothing is read for it.
int turn_of(tesseract::TessBaseAPI &api) {
  std::unique_ptr<tesseract::PageIterator> at(api.AnalyseLayout());
  for (bool more = at != nullptr; more; more = at->Next(tesseract::RIL_BLOCK)) {
    if (!tesseract::PTIsTextType(at->BlockType())) continue;
    tesseract::Orientation letters;
    tesseract::WritingDirection direction;
    tesseract::TextlineOrder order;
    float skew;
    at->Orientation(&letters, &direction, &order, &skew);
    switch (letters) {
      case tesseract::ORIENTATION_PAGE_RIGHT: return 270;
      case tesseract::ORIENTATION_PAGE_DOWN: return 180;
      case tesseract::ORIENTATION_PAGE_LEFT: return 90;
      default: return 0;
    }
  }
  return 0;
}

// An exception ends the process: memory has run out, and nobody knows what the engine is in the middle of.
int recognise(tesseract::TessBaseAPI &api, Pix *pix, const lethe_ask *ask, lethe_found *out) noexcept {
  api.SetPageSegMode(static_cast<tesseract::PageSegMode>(ask->mode));
  api.SetVariable("lstm_choice_mode", ask->choices ? "2" : "0");  // 2: of each symbol, with probabilities summed up
  api.SetVariable("tessedit_char_whitelist", ask->letters);
  // Not SetRectangle: of a rectangle as wide as the picture the engine recognises what is above it.
  part cut(pix, *ask);
  if (!cut.pix) return lethe_refused;
  api.SetImage(cut.pix);
  if (api.GetSourceYResolution() < tesseract::kMinCredibleResolution) api.SetSourceResolution(tesseract::kMinCredibleResolution);

  tesseract::ETEXT_DESC monitor;
  monitor.cancel = stop;
  monitor.cancel_this = const_cast<int *>(ask->stop);
  auto found = std::make_unique<result>();
  int failed = 0, turn = 0;
  if (ask->mode == tesseract::PSM_AUTO_OSD) {
    turn = turn_of(api);
  } else {
    failed = api.Recognize(&monitor);
    if (!failed) collect(api, *ask, *found);
    if (ask->width > 0) shift(*found, ask->left, ask->top);
  }
  api.Clear();
  if (stop(monitor.cancel_this, 0)) return lethe_stopped;
  if (failed) return lethe_refused;

  *out = {};
  out->turn = turn;
  out->text = found->text.data();
  out->words = found->words.data(), out->word_count = static_cast<int>(found->words.size());
  out->symbols = found->symbols.data(), out->symbol_count = static_cast<int>(found->symbols.size());
  out->choices = found->choices.data(), out->choice_count = static_cast<int>(found->choices.size());
  out->memory = found.release();
  return lethe_ok;
}

}  // namespace

int lethe_recognise(void *api, void *pix, const lethe_ask *ask, lethe_found *found) {
  return recognise(*static_cast<tesseract::TessBaseAPI *>(api), static_cast<Pix *>(pix), ask, found);
}

void lethe_free(lethe_found *found) {
  delete static_cast<result *>(found->memory);
  *found = {};
}
