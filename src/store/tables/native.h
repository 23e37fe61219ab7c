// store/tables/native.h
//
// Writes blocks in ClickHouse's Native format, column by column, for Engine::Insert. A row-wise
// format would cost the engine a parse and a type dispatch for every field of every row.
//
// The format as read and written with FORMAT Native over a file, a buffer or HTTP without a client
// protocol version (checked byte by byte against libchdb 26.7):
//   varuint columns, varuint rows; then for each column: name, type (both varuint length + bytes),
//   state prefix, data. Numbers are little-endian.
//   String           varuint length, bytes; row after row.
//   FixedString(N)   N bytes a row.         Date: UInt16 days. Date32: Int32 days. Enum8: Int8.
//   Nullable(T)      a byte a row, 1 = null; then T of every row, also of the null ones.
//   Array(T)         a UInt64 a row: end offset in elements; then T of all elements.
//   Map(K, V)        as Array(Tuple(K, V)): offsets, all K, all V.
//   LowCardinality(T)  prefix: UInt64 1. Data, none at all when there are no elements:
//                    UInt64 0x600 + log2(index bytes); UInt64 keys; the keys as T; UInt64 elements;
//                    an index an element.
//   The prefixes of everything nested stand before the data of the outermost column.
//
// Thread-safety: none. Ownership: columns copy what is appended. Clear() keeps capacity, so that a
// writer that is used again and again allocates nothing.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {

static_assert(std::endian::native == std::endian::little, "Native numbers are copied as they lie");

// A growing byte buffer without zero-filling.
class NativeBuffer {
 public:
  // Room for `bytes` more; the caller writes there and then calls Advance.
  char* Room(size_t bytes) {
    if (size_ + bytes > capacity_) Grow(bytes);
    return data_.get() + size_;
  }
  void Advance(size_t bytes) { size_ += bytes; }

  void Append(const void* from, size_t bytes) {
    char* to = Room(bytes);
    if (bytes != 0) std::memcpy(to, from, bytes);
    size_ += bytes;
  }
  template <typename T>
  void AppendNumber(T value) {
    std::memcpy(Room(sizeof(T)), &value, sizeof(T));
    size_ += sizeof(T);
  }
  void AppendVarUint(uint64_t value) {
    char* to = Room(10);
    size_t at = 0;
    while (value >= 0x80) {
      to[at++] = static_cast<char>(value | 0x80);
      value >>= 7;
    }
    to[at++] = static_cast<char>(value);
    size_ += at;
  }
  void AppendString(std::string_view text) {
    AppendVarUint(text.size());
    Append(text.data(), text.size());
  }

  const char* data() const { return data_.get(); }
  size_t size() const { return size_; }
  std::string_view view() const { return {data_.get(), size_}; }
  // Keeps the memory for the next block, unless this one was a giant: one 16 MiB value must not
  // stay reserved in a column for good.
  void Clear() {
    if (capacity_ > kKeepBytes) Release();
    size_ = 0;
  }

 private:
  static constexpr size_t kKeepBytes = 48 << 20;

  void Grow(size_t bytes);
  void Release();

  struct Free {
    void operator()(char* p) const;
  };
  std::unique_ptr<char[], Free> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

// What a block needs of each column. Elements are rows, or the items of an enclosing array.
class NativeColumn {
 public:
  virtual ~NativeColumn() = default;
  virtual std::string Type() const = 0;
  virtual void WritePrefix(NativeBuffer&) const {}
  virtual void WriteData(NativeBuffer& out) const = 0;
  virtual size_t elements() const = 0;
  virtual size_t bytes() const = 0;  // About what WriteData will write.
  virtual void Clear() = 0;
};

namespace native {

template <typename T>
struct NumberName;
template <>
struct NumberName<uint8_t> {
  static constexpr const char* kName = "UInt8";
};
template <>
struct NumberName<uint16_t> {
  static constexpr const char* kName = "UInt16";
};
template <>
struct NumberName<uint32_t> {
  static constexpr const char* kName = "UInt32";
};
template <>
struct NumberName<uint64_t> {
  static constexpr const char* kName = "UInt64";
};
template <>
struct NumberName<int8_t> {
  static constexpr const char* kName = "Int8";
};
template <>
struct NumberName<int32_t> {
  static constexpr const char* kName = "Int32";
};
template <>
struct NumberName<int64_t> {
  static constexpr const char* kName = "Int64";
};
template <>
struct NumberName<float> {
  static constexpr const char* kName = "Float32";
};
template <>
struct NumberName<double> {
  static constexpr const char* kName = "Float64";
};

// UIntN, IntN, FloatN; and types stored as such a number: Bool, Date, Date32, DateTime64(9), Enum8.
template <typename T>
class Number : public NativeColumn {
 public:
  explicit Number(std::string type = NumberName<T>::kName) : type_(std::move(type)) {}
  void Append(T value) { data_.AppendNumber(value); }

  std::string Type() const override { return type_; }
  void WriteData(NativeBuffer& out) const override { out.Append(data_.data(), data_.size()); }
  size_t elements() const override { return data_.size() / sizeof(T); }
  size_t bytes() const override { return data_.size(); }
  void Clear() override { data_.Clear(); }

 private:
  std::string type_;
  NativeBuffer data_;
};

class String : public NativeColumn {
 public:
  void Append(std::string_view text) {
    data_.AppendString(text);
    ++elements_;
  }
  // One element made of two parts.
  void Append(std::string_view head, std::string_view tail) {
    data_.AppendVarUint(head.size() + tail.size());
    data_.Append(head.data(), head.size());
    data_.Append(tail.data(), tail.size());
    ++elements_;
  }

  std::string Type() const override { return "String"; }
  void WriteData(NativeBuffer& out) const override { out.Append(data_.data(), data_.size()); }
  size_t elements() const override { return elements_; }
  size_t bytes() const override { return data_.size(); }
  void Clear() override {
    data_.Clear();
    elements_ = 0;
  }

 private:
  NativeBuffer data_;
  size_t elements_ = 0;
};

template <size_t N>
class FixedString : public NativeColumn {
 public:
  // REQUIRES: raw.size() == N.
  void Append(std::string_view raw) { data_.Append(raw.data(), N); }

  std::string Type() const override { return "FixedString(" + std::to_string(N) + ")"; }
  void WriteData(NativeBuffer& out) const override { out.Append(data_.data(), data_.size()); }
  size_t elements() const override { return data_.size() / N; }
  size_t bytes() const override { return data_.size(); }
  void Clear() override { data_.Clear(); }

 private:
  NativeBuffer data_;
};

// LowCardinality(String). The dictionary is this block's own.
class LowCardinality : public NativeColumn {
 public:
  LowCardinality();
  void Append(std::string_view text) {
    if (text.empty()) return indexes_.AppendNumber<uint32_t>(0);
    if (text != last_text()) last_ = Find(text);
    indexes_.AppendNumber(last_);
  }

  std::string Type() const override { return "LowCardinality(String)"; }
  void WritePrefix(NativeBuffer& out) const override;
  void WriteData(NativeBuffer& out) const override;
  size_t elements() const override { return indexes_.size() / sizeof(uint32_t); }
  size_t bytes() const override { return key_bytes_.size() + 2 * elements() + 32; }
  void Clear() override;

 private:
  struct Key {
    size_t begin;  // In key_bytes_, after the length.
    size_t size;
    uint64_t hash;
  };

  std::string_view KeyText(const Key& key) const {
    return {key_bytes_.data() + key.begin, key.size};
  }
  std::string_view last_text() const { return KeyText(keys_[last_]); }
  uint32_t Find(std::string_view text);
  void AddKey(std::string_view text, uint64_t hash);
  void Rehash(size_t slots);

  NativeBuffer key_bytes_;       // The keys as Native strings.
  std::vector<Key> keys_;        // The first is the empty string.
  std::vector<uint32_t> slots_;  // Open addressing: key index + 1, 0 = free. A power of two.
  NativeBuffer indexes_;         // uint32_t; narrowed when written.
  uint32_t last_ = 0;            // Rows that follow each other often agree.
};

// Nullable(T) over Number or String.
template <typename Column>
class Nullable : public NativeColumn {
 public:
  Column values;

  template <typename T>
  void Append(const std::optional<T>& value) {
    nulls_.AppendNumber<uint8_t>(!value.has_value());
    values.Append(value.value_or(T{}));
  }

  std::string Type() const override { return "Nullable(" + values.Type() + ")"; }
  void WriteData(NativeBuffer& out) const override {
    out.Append(nulls_.data(), nulls_.size());
    values.WriteData(out);
  }
  size_t elements() const override { return nulls_.size(); }
  size_t bytes() const override { return nulls_.size() + values.bytes(); }
  void Clear() override {
    nulls_.Clear();
    values.Clear();
  }

 private:
  NativeBuffer nulls_;
};

// Array(T): append elements to `items`, then close the row.
template <typename Column>
class Array : public NativeColumn {
 public:
  Column items;
  void CloseRow() { ends_.AppendNumber<uint64_t>(items.elements()); }

  std::string Type() const override { return "Array(" + items.Type() + ")"; }
  void WritePrefix(NativeBuffer& out) const override { items.WritePrefix(out); }
  void WriteData(NativeBuffer& out) const override {
    out.Append(ends_.data(), ends_.size());
    items.WriteData(out);
  }
  size_t elements() const override { return ends_.size() / sizeof(uint64_t); }
  size_t bytes() const override { return ends_.size() + items.bytes(); }
  void Clear() override {
    ends_.Clear();
    items.Clear();
  }

 private:
  NativeBuffer ends_;
};

// Map(K, V): append to `keys` and `values` alike, then close the row.
template <typename Keys, typename Values>
class Map : public NativeColumn {
 public:
  Keys keys;
  Values values;
  void CloseRow() { ends_.AppendNumber<uint64_t>(keys.elements()); }

  std::string Type() const override { return "Map(" + keys.Type() + ", " + values.Type() + ")"; }
  void WritePrefix(NativeBuffer& out) const override {
    keys.WritePrefix(out);
    values.WritePrefix(out);
  }
  void WriteData(NativeBuffer& out) const override {
    out.Append(ends_.data(), ends_.size());
    keys.WriteData(out);
    values.WriteData(out);
  }
  size_t elements() const override { return ends_.size() / sizeof(uint64_t); }
  size_t bytes() const override { return ends_.size() + keys.bytes() + values.bytes(); }
  void Clear() override {
    ends_.Clear();
    keys.Clear();
    values.Clear();
  }

 private:
  NativeBuffer ends_;
};

}  // namespace native

// The columns of one table under their names, in the order they are written.
class NativeBlock {
 public:
  // Borrows `column`, which must outlive the block's use and stay where it is.
  void Add(std::string_view name, NativeColumn& column);

  size_t bytes() const;
  // The block's bytes; valid until the next Finish. REQUIRES: every column has `rows` elements
  // (asserted: a table writer that forgets a column is our bug).
  std::string_view Finish(size_t rows);
  void Clear();

 private:
  struct Named {
    std::string name;
    NativeColumn* column;
  };
  std::vector<Named> columns_;
  NativeBuffer out_;
};

// Declares a column and registers it: `Field<native::String> name{block, "name"};`
template <typename Column>
class Field : public Column {
 public:
  template <typename... Args>
  Field(NativeBlock& block, std::string_view name, Args&&... args)
      : Column(std::forward<Args>(args)...) {
    block.Add(name, *this);
  }
};

// "Enum8('' = 0, 'stop' = 1)" from names in enum order: the type text of an Enum8 column.
template <typename Names>
std::string Enum8Type(const Names& names) {
  std::string type = "Enum8(";
  int value = 0;
  for (std::string_view name : names) {
    if (value != 0) type += ", ";
    type += "'" + std::string(name) + "' = " + std::to_string(value++);
  }
  return type + ")";
}

}  // namespace pitot
