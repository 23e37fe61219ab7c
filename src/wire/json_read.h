// wire/json_read.h
//
// Visiting JSON text without a tree. The forms with a cursor pass over the text once, however deep they
// look; those with a text are for small texts. What was visited before a syntax error stays visited:
// half a body still tells something. Keys come with escapes undone, as a peer would read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "wire/json_text.h"

namespace pitot {

// Deeper JSON is refused: it passes over the stack.
inline constexpr int kWireDepthMax = 512;

// `visit(key)` must pass over the value and say whether it could. A value that is no object is passed
// over. False: not JSON.
template <typename Visit>
bool VisitMembers(JsonCursor& cursor, Visit visit) {
  if (cursor.Peek() != '{') return cursor.Skip();
  if (!cursor.Take('{')) return false;
  if (cursor.Take('}')) return true;
  std::string unescaped;
  do {
    std::string_view key;
    if (!cursor.String(&key) || !cursor.Take(':')) return false;
    if (key.find('\\') != std::string_view::npos) {
      unescaped.clear();
      AppendUnquoted({key.data() - 1, key.size() + 2}, unescaped);
      key = unescaped;
    }
    if (!visit(key)) return false;
  } while (cursor.Take(','));
  return cursor.Take('}');
}

// The same for the elements of an array: `visit()`.
template <typename Visit>
bool VisitElements(JsonCursor& cursor, Visit visit) {
  if (cursor.Peek() != '[') return cursor.Skip();
  if (!cursor.Take('[')) return false;
  if (cursor.Take(']')) return true;
  do {
    if (!visit()) return false;
  } while (cursor.Take(','));
  return cursor.Take(']');
}

// `visit(key, value)` with the value's text. False: `text` is not one JSON object.
template <typename Visit>
bool VisitObject(std::string_view text, Visit visit) {
  JsonCursor cursor(text, kWireDepthMax);
  if (cursor.Peek() != '{') return false;
  return VisitMembers(cursor,
                      [&](std::string_view key) {
                        std::string_view value;
                        if (!cursor.Value(&value)) return false;
                        visit(key, value);
                        return true;
                      }) &&
         cursor.AtEnd();
}

// `visit(value)`. False: `text` is not one JSON array.
template <typename Visit>
bool VisitArray(std::string_view text, Visit visit) {
  JsonCursor cursor(text, kWireDepthMax);
  if (cursor.Peek() != '[') return false;
  return VisitElements(cursor,
                       [&] {
                         std::string_view value;
                         if (!cursor.Value(&value)) return false;
                         visit(value);
                         return true;
                       }) &&
         cursor.AtEnd();
}

// The value of the last member `key` of an object; empty when there is none, or it is null.
std::string_view Member(std::string_view object, std::string_view key);

inline bool IsNull(std::string_view raw) { return raw == "null"; }
inline bool IsString(std::string_view raw) { return raw.starts_with('"'); }
inline bool IsObject(std::string_view raw) { return raw.starts_with('{'); }
inline bool IsArray(std::string_view raw) { return raw.starts_with('['); }

// What stands between the quotes, escapes not undone; empty for other values.
inline std::string_view Inside(std::string_view raw) {
  return raw.size() >= 2 && raw[0] == '"' ? raw.substr(1, raw.size() - 2) : std::string_view();
}
// What a JSON string means; empty for other values.
std::string Text(std::string_view raw);
// The same of escaped text without quotes, as Inside gives it.
std::string Unescape(std::string_view inside);
// Bytes that escaped text means.
int64_t UnescapedBytes(std::string_view inside);
// A number, whole or rounded down, also where it comes as a string; nothing for other values.
std::optional<int64_t> Whole(std::string_view raw);
std::optional<double> Number(std::string_view raw);

// Reads at a cursor. Each passes over one value whatever its type; what is null or of another type
// leaves `out` as it was. False: not JSON.
bool ReadText(JsonCursor& cursor, std::string* out);
bool ReadWhole(JsonCursor& cursor, std::optional<int64_t>* out);
bool ReadNumber(JsonCursor& cursor, std::optional<double>* out);
bool ReadBool(JsonCursor& cursor, bool* out);
// The text of any value but null.
bool ReadRaw(JsonCursor& cursor, std::string_view* out);

// Appends `"key":` (with a comma unless an object has just been opened), for writing small objects.
void AppendKey(std::string_view key, std::string& out);

}  // namespace pitot
