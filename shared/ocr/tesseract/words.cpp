#include "words.h"

#include <tesseract/baseapi.h>
#include <tesseract/resultiterator.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

using tesseract::PageIteratorLevel;
using tesseract::ResultIterator;

namespace {

// The engine's strings are of new[].
lethe_text text_of(const ResultIterator &at, PageIteratorLevel level) {
  lethe_text found = {};
  at.BoundingBox(level, &found.left, &found.top, &found.right, &found.bottom);
  found.confidence = at.Confidence(level);
  std::unique_ptr<char[]> text(at.GetUTF8Text(level));
  found.text = strdup(text ? text.get() : "");
  return found;
}

void characters_of(const ResultIterator &word, lethe_word *found) {
  std::vector<lethe_text> all;
  ResultIterator at(word);
  do {
    all.push_back(text_of(at, tesseract::RIL_SYMBOL));
    if (at.IsAtFinalElement(tesseract::RIL_WORD, tesseract::RIL_SYMBOL)) break;
  } while (at.Next(tesseract::RIL_SYMBOL));
  found->characters = static_cast<lethe_text *>(malloc(all.size() * sizeof(lethe_text)));
  if (!found->characters) {
    for (auto &c : all) free(c.text);
    return;
  }
  std::copy(all.begin(), all.end(), found->characters);
  found->length = static_cast<int>(all.size());
}

}  // namespace

int lethe_recognise(void *engine, void *pix, lethe_ask ask, lethe_words *found) {
  *found = {};
  auto *api = static_cast<tesseract::TessBaseAPI *>(engine);
  api->SetImage(static_cast<Pix *>(pix));
  constexpr int least = 70;  // the engine's own, below which a resolution is none
  if (api->GetSourceYResolution() < least) api->SetSourceResolution(least);
  if (ask.width > 0) api->SetRectangle(ask.left, ask.top, ask.width, ask.height);
  if (api->Recognize(nullptr) != 0) return -1;

  std::vector<lethe_word> words;
  std::unique_ptr<ResultIterator> at(api->GetIterator());
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
    word.text = text_of(*at, tesseract::RIL_WORD);
    word.block = block, word.paragraph = paragraph, word.line = line;
    int *b = word.baseline;
    if (!at->Baseline(tesseract::RIL_TEXTLINE, &b[0], &b[1], &b[2], &b[3])) memset(b, 0, sizeof word.baseline);
    float descenders, ascenders;
    at->RowAttributes(&word.height, &descenders, &ascenders);
    if (ask.characters) characters_of(*at, &word);
    words.push_back(word);
    at->Next(tesseract::RIL_WORD);
  }
  if (words.empty()) return 0;
  found->words = static_cast<lethe_word *>(malloc(words.size() * sizeof(lethe_word)));
  if (!found->words) return -1;
  std::copy(words.begin(), words.end(), found->words);
  found->length = static_cast<int>(words.size());
  return 0;
}

void lethe_free_words(lethe_words *found) {
  for (int i = 0; i < found->length; i++) {
    lethe_word *w = &found->words[i];
    for (int j = 0; j < w->length; j++) free(w->characters[j].text);
    free(w->characters);
    free(w->text.text);
  }
  free(found->words);
  *found = {};
}
