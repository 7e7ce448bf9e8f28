#include "Bridge.hpp"

#include <cstdlib>
#include <cstring>

namespace tarn {

static void Set(cduck_failure *failure, const std::string &kind, const std::string &message, int64_t position) {
  cduck_failure_clear(failure);
  failure->kind = strdup(kind.c_str());
  failure->message = strdup(message.c_str());
  failure->position = position;
}

void Report(cduck_failure *failure, const duckdb::ErrorData &given) noexcept {
  try {
    // A connection's errors come as JSON (`errors_as_json`): only so do they keep their position.
    auto error = given;
    if (!given.RawMessage().empty() && given.RawMessage()[0] == '{') {
      try {
        error = duckdb::ErrorData(given.RawMessage());
      } catch (...) {
        // A message of the user's own that begins with a brace.
        error = given;
      }
    }
    int64_t position = -1;
    auto entry = error.ExtraInfo().find("position");
    if (entry != error.ExtraInfo().end()) {
      position = std::strtoll(entry->second.c_str(), nullptr, 10);
    }
    Set(failure, duckdb::Exception::ExceptionTypeToString(error.Type()), error.RawMessage(), position);
  } catch (...) {
    failure->message = strdup("out of memory");
    failure->position = -1;
  }
}

void Report(cduck_failure *failure) noexcept {
  try {
    throw;
  } catch (const std::exception &exception) {
    try {
      Report(failure, duckdb::ErrorData(exception));
    } catch (...) {
      failure->message = strdup("out of memory");
      failure->position = -1;
    }
  } catch (...) {
    failure->message = strdup("an unknown failure in the engine");
    failure->position = -1;
  }
}

} // namespace tarn

void cduck_failure_clear(cduck_failure *failure) {
  std::free(failure->kind);
  std::free(failure->message);
  failure->kind = nullptr;
  failure->message = nullptr;
  failure->position = -1;
}
