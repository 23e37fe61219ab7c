#include "http/compress.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>

#include "base/status.h"
#include "http/headers.h"

namespace pitot {
namespace {

// zlib counts in unsigned int.
constexpr size_t kZlibStep = 1u << 30;
constexpr int kZstdWindowLogMax = 23;

class ZlibDecoder final : public Decoder {
 public:
  explicit ZlibDecoder(Coding coding) : coding_(coding) {}
  ~ZlibDecoder() override {
    if (started_) inflateEnd(&stream_);
  }
  ZlibDecoder(const ZlibDecoder&) = delete;
  ZlibDecoder& operator=(const ZlibDecoder&) = delete;

  absl::StatusOr<size_t> Decode(std::string_view& in, std::span<char> out) override {
    if (!started_ && !Start(in)) return 0;
    size_t written = 0;
    while (written < out.size()) {
      if (ended_) {
        if (in.empty()) break;
        // A further gzip member continues the body; anything else after the end is not ours.
        if (coding_ != Coding::kGzip) return InvalidArgument("{} data after the end", Name());
        inflateReset(&stream_);
        ended_ = false;
      }
      const size_t in_step = std::min(in.size(), kZlibStep);
      const size_t out_step = std::min(out.size() - written, kZlibStep);
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
      stream_.avail_in = static_cast<uInt>(in_step);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + written);
      stream_.avail_out = static_cast<uInt>(out_step);
      const int result = FeedHeld() ? inflate(&stream_, Z_NO_FLUSH) : Z_DATA_ERROR;
      in.remove_prefix(in_step - stream_.avail_in);
      const size_t made = out_step - stream_.avail_out;
      written += made;
      if (result == Z_STREAM_END) {
        ended_ = true;
      } else if (result == Z_BUF_ERROR || (result == Z_OK && in.empty() && made < out_step)) {
        break;  // Needs more input.
      } else if (result != Z_OK) {
        return InvalidArgument("corrupt {} data: {}", Name(),
                               stream_.msg != nullptr ? stream_.msg : "not a stream");
      }
    }
    return written;
  }

  absl::Status Finish() const override {
    return ended_ ? absl::OkStatus() : InvalidArgument("{} data ends too early", Name());
  }

 private:
  std::string_view Name() const { return coding_ == Coding::kGzip ? "gzip" : "deflate"; }

  // Chooses the wrapping by the first two bytes. False: more input is needed.
  bool Start(std::string_view& in) {
    int window_bits = 15 + 16;
    if (coding_ == Coding::kDeflate) {
      while (held_bytes_ < 2 && !in.empty()) {
        held_[held_bytes_++] = static_cast<Bytef>(in.front());
        in.remove_prefix(1);
      }
      if (held_bytes_ < 2) return false;
      const bool zlib = (held_[0] & 0x0F) == 8 && (held_[0] * 256 + held_[1]) % 31 == 0;
      window_bits = zlib ? 15 : -15;
    }
    inflateInit2(&stream_, window_bits);
    started_ = true;
    return true;
  }

  // Gives the two bytes looked at in Start to zlib, ahead of the rest.
  bool FeedHeld() {
    if (held_bytes_ == 0) return true;
    Bytef* const next_in = stream_.next_in;
    const uInt avail_in = stream_.avail_in;
    stream_.next_in = held_;
    stream_.avail_in = static_cast<uInt>(held_bytes_);
    held_bytes_ = 0;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    const bool taken = stream_.avail_in == 0;
    stream_.next_in = next_in;
    stream_.avail_in = avail_in;
    return taken && (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR);
  }

  const Coding coding_;
  z_stream stream_ = {};
  bool started_ = false;
  bool ended_ = false;
  Bytef held_[2] = {};
  size_t held_bytes_ = 0;
};

class ZstdDecoder final : public Decoder {
 public:
  ZstdDecoder() : stream_(ZSTD_createDStream()) {
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kZstdWindowLogMax);
  }
  ~ZstdDecoder() override { ZSTD_freeDStream(stream_); }
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;

  absl::StatusOr<size_t> Decode(std::string_view& in, std::span<char> out) override {
    ZSTD_inBuffer input = {in.data(), in.size(), 0};
    ZSTD_outBuffer output = {out.data(), out.size(), 0};
    while (output.pos < output.size) {
      const size_t before = output.pos;
      const bool had_input = input.pos < input.size;
      if (!had_input && frame_done_) break;
      const size_t result = ZSTD_decompressStream(stream_, &output, &input);
      if (ZSTD_isError(result)) {
        return InvalidArgument("corrupt zstd data: {}", ZSTD_getErrorName(result));
      }
      frame_done_ = result == 0;
      if (!had_input && output.pos == before) break;
    }
    in.remove_prefix(input.pos);
    return output.pos;
  }

  absl::Status Finish() const override {
    return frame_done_ ? absl::OkStatus() : InvalidArgument("zstd data ends too early");
  }

 private:
  ZSTD_DStream* const stream_;
  bool frame_done_ = false;
};

class BrotliDecoder final : public Decoder {
 public:
  BrotliDecoder() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {}
  ~BrotliDecoder() override { BrotliDecoderDestroyInstance(state_); }
  BrotliDecoder(const BrotliDecoder&) = delete;
  BrotliDecoder& operator=(const BrotliDecoder&) = delete;

  absl::StatusOr<size_t> Decode(std::string_view& in, std::span<char> out) override {
    if (BrotliDecoderIsFinished(state_)) {
      if (!in.empty()) return InvalidArgument("br data after the end");
      return 0;
    }
    size_t in_left = in.size();
    auto next_in = reinterpret_cast<const uint8_t*>(in.data());
    size_t out_left = out.size();
    auto next_out = reinterpret_cast<uint8_t*>(out.data());
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state_, &in_left, &next_in, &out_left, &next_out, nullptr);
    if (result == BROTLI_DECODER_RESULT_ERROR) {
      return InvalidArgument("corrupt br data: {}",
                             BrotliDecoderErrorString(BrotliDecoderGetErrorCode(state_)));
    }
    in.remove_prefix(in.size() - in_left);
    if (result == BROTLI_DECODER_RESULT_SUCCESS && !in.empty()) {
      return InvalidArgument("br data after the end");
    }
    return out.size() - out_left;
  }

  absl::Status Finish() const override {
    return BrotliDecoderIsFinished(state_) ? absl::OkStatus()
                                           : InvalidArgument("br data ends too early");
  }

 private:
  BrotliDecoderState* const state_;
};

}  // namespace

std::optional<Coding> ParseCoding(std::string_view content_encoding) {
  const std::string_view name = TrimOws(content_encoding);
  if (name.empty() || EqualsIgnoreCase(name, "identity")) return Coding::kIdentity;
  if (EqualsIgnoreCase(name, "gzip") || EqualsIgnoreCase(name, "x-gzip")) return Coding::kGzip;
  if (EqualsIgnoreCase(name, "deflate")) return Coding::kDeflate;
  if (EqualsIgnoreCase(name, "zstd")) return Coding::kZstd;
  if (EqualsIgnoreCase(name, "br")) return Coding::kBrotli;
  return std::nullopt;
}

std::unique_ptr<Decoder> MakeDecoder(Coding coding) {
  if (coding == Coding::kZstd) return std::make_unique<ZstdDecoder>();
  if (coding == Coding::kBrotli) return std::make_unique<BrotliDecoder>();
  return std::make_unique<ZlibDecoder>(coding);
}

absl::StatusOr<std::string> Decompress(Coding coding, std::string_view in, size_t bytes_max) {
  std::string out;
  if (coding == Coding::kIdentity) {
    if (in.size() > bytes_max)
      return Error(absl::StatusCode::kOutOfRange, "over {} bytes", bytes_max);
    return std::string(in);
  }
  const std::unique_ptr<Decoder> decoder = MakeDecoder(coding);
  size_t size = 0;
  for (;;) {
    // One byte more than allowed tells "exactly full" from "too long".
    out.resize(std::min(bytes_max + 1, std::max<size_t>(size * 2, 64 << 10)));
    const std::span<char> space = std::span(out).subspan(size);
    absl::StatusOr<size_t> made = decoder->Decode(in, space);
    if (!made.ok()) return made.status();
    size += *made;
    if (size > bytes_max) {
      return Error(absl::StatusCode::kOutOfRange, "inflates to more than {} bytes", bytes_max);
    }
    if (*made < space.size()) break;
  }
  RETURN_IF_ERROR(decoder->Finish());
  out.resize(size);
  return out;
}

std::string CompressGzip(std::string_view in, int level) {
  z_stream stream = {};
  deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out;
  size_t written = 0;
  int result = Z_OK;
  while (result == Z_OK) {
    const size_t step = std::min(in.size(), kZlibStep);
    out.resize(written + std::max<size_t>(4096, step / 4));
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream.avail_in = static_cast<uInt>(step);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + written);
    stream.avail_out = static_cast<uInt>(out.size() - written);
    result = deflate(&stream, step == in.size() ? Z_FINISH : Z_NO_FLUSH);
    if (result == Z_BUF_ERROR) result = Z_OK;  // Only the output was full.
    in.remove_prefix(step - stream.avail_in);
    written = out.size() - stream.avail_out;
  }
  deflateEnd(&stream);
  out.resize(written);
  return out;
}

std::string CompressZstd(std::string_view in, int level) {
  std::string out(ZSTD_compressBound(in.size()), '\0');
  const size_t size = ZSTD_compress(out.data(), out.size(), in.data(), in.size(), level);
  out.resize(ZSTD_isError(size) ? 0 : size);
  return out;
}

}  // namespace pitot
