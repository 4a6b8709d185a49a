// Holds what tesseract.patch makes of the network's functions against the ones that it stands for, bit for bit: native.sh runs it when it
// has built the library.
#include <cstdio>
#include <vector>

#include "functions.h"

using namespace tesseract;

template <class Func>
static int differences(const std::vector<TFloat> &values, const char *name) {
  std::vector<TFloat> together = values;
  FuncInplace<Func>(static_cast<int>(together.size()), together.data());
  int found = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const TFloat alone = Func()(values[i]);
    if (memcmp(&alone, &together[i], sizeof(alone)) != 0 && found++ == 0) {
      fprintf(stderr, "%s of %.9g is %.9g, with others %.9g\n", name, values[i], alone, together[i]);
    }
  }
  return found;
}

int main() {
  std::vector<TFloat> values = {0.0F, -0.0F, 1e6F, -1e6F};
  for (int i = -300000; i <= 300000; ++i) { // past either end of the tables, and between their entries
    values.push_back(static_cast<TFloat>(i) / 16384);
    values.push_back(static_cast<TFloat>(i) / 16777216);
  }
  int found = differences<FFunc>(values, "logistic") + differences<GFunc>(values, "tanh");
  std::vector<TFloat> ones(values.size(), 1), out(values.size());
  FuncMultiply<HFunc>(values.data(), ones.data(), static_cast<int>(values.size()), out.data());
  for (size_t i = 0; i < values.size(); ++i) {
    found += out[i] != HFunc()(values[i]);
  }
  return found == 0 ? 0 : 1;
}
