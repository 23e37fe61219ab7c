#include "http/read_buffer.h"

namespace pitot {

void ReadBuffer::Consume(size_t bytes) {
  begin_ += bytes;
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (data_.size() > kept_bytes_) std::vector<char>().swap(data_);
  }
}

std::span<char> ReadBuffer::Space(size_t bytes_min) {
  if (data_.size() - end_ < bytes_min) {
    data_.erase(data_.begin(), data_.begin() + static_cast<ptrdiff_t>(begin_));
    end_ -= begin_;
    begin_ = 0;
    if (data_.size() - end_ < bytes_min) data_.resize(end_ + bytes_min);
  }
  return {data_.data() + end_, data_.size() - end_};
}

}  // namespace pitot
