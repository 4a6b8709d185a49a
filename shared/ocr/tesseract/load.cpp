#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <tesseract/baseapi.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

namespace {

// The engine's reader of files takes a function without context, so what is held is known to the whole process.
std::mutex mutex;
std::map<std::string, int> held;
struct Content {
  const char *data;
  size_t size;
};
std::map<std::string, Content> lent;

bool read_held(const char *path, std::vector<char> *data) {
  int fd;
  {
    std::lock_guard<std::mutex> lock(mutex);
    auto content = lent.find(path);
    if (content != lent.end()) {
      data->assign(content->second.data, content->second.data + content->second.size);
      return true;
    }
    auto found = held.find(path);
    if (found == held.end()) return false;
    fd = found->second;
  }
  struct stat file;
  if (fstat(fd, &file) != 0 || file.st_size <= 0) return false;
  data->resize(static_cast<size_t>(file.st_size));
  for (size_t done = 0; done < data->size();) {
    ssize_t n = pread(fd, data->data() + done, data->size() - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

}  // namespace

int lethe_hold(const char *path) {
  std::lock_guard<std::mutex> lock(mutex);
  if (held.count(path)) return 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  held[path] = fd;
  return 0;
}

void lethe_lend(const char *path, const char *data, size_t size) {
  std::lock_guard<std::mutex> lock(mutex);
  if (data) {
    lent[path] = {data, size};
  } else {
    lent.erase(path);
  }
}

int lethe_init(void *engine, const char *folder, const char *languages) {
  auto *api = static_cast<tesseract::TessBaseAPI *>(engine);
  int failed = api->Init(folder, 0, languages, tesseract::OEM_DEFAULT, nullptr, 0, nullptr, nullptr, false, read_held);
  if (failed != 0) return failed;
  // Of several languages the engine leaves out those that it cannot load.
  std::vector<std::string> loaded;
  api->GetLoadedLanguagesAsVector(&loaded);
  std::istringstream wanted(languages);
  for (std::string language; std::getline(wanted, language, '+');) {
    if (std::find(loaded.begin(), loaded.end(), language) == loaded.end()) return -1;
  }
  return 0;
}

void *lethe_open(const char *folder, const char *languages, int quiet) {
  auto api = std::make_unique<tesseract::TessBaseAPI>();
  if (quiet && !api->SetVariable("debug_file", "/dev/null")) return nullptr;
  if (lethe_init(api.get(), folder, languages) != 0) return nullptr;
  return api.release();
}

void lethe_close(void *engine) {
  auto *api = static_cast<tesseract::TessBaseAPI *>(engine);
  api->End();
  delete api;
  tesseract::TessBaseAPI::ClearPersistentCache();  // its dictionaries
}
