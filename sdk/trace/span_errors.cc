// What a span records of an exception.
#include <cxxabi.h>

#include <new>
#include <string>
#include <system_error>
#include <typeinfo>

#include "pitot/span.h"
#include "sdk/base/clock.h"
#include "sdk/base/exceptions.h"
#include "sdk/trace/record.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr int kNestedMax = 8;
constexpr std::string_view kErrorType = "error.type";
constexpr std::string_view kErrorCategory = "pitot.error_category";

ErrorCategory CategoryOf(const std::exception& error) {
  if (const auto* system = dynamic_cast<const std::system_error*>(&error)) {
    return CategoryOfCode(system->code(), ErrorCategory::kUnknown);
  }
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
      dynamic_cast<const std::logic_error*>(&error) != nullptr) {
    return ErrorCategory::kInternal;
  }
  return ErrorCategory::kUnknown;
}

struct Caught {
  std::string type;
  std::string message;
  ErrorCategory category = ErrorCategory::kUnknown;
  std::exception_ptr nested = {};
};

std::exception_ptr NestedIn(const std::exception& error) {
  const auto* nested = dynamic_cast<const std::nested_exception*>(&error);
  return nested == nullptr ? nullptr : nested->nested_ptr();
}

Caught Look(const std::exception& error) {
  return {TypeName(&typeid(error)), error.what(), CategoryOf(error), NestedIn(error)};
}

Caught Look(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return Look(e);
  } catch (const std::string& message) {
    return {"std::string", message};
  } catch (const char* message) {
    return {"char const*", message == nullptr ? "" : message};
  } catch (...) {
    return {TypeName(abi::__cxa_current_exception_type()), ""};
  }
}

void Record(SpanRecord& record, std::string_view type, std::string_view message,
            ErrorCategory category) {
  if (record.status != SpanStatus::kError) {
    record.SetStatus(SpanStatus::kError, message);
    if (record.Find(kErrorType) == nullptr && !type.empty()) record.Set(kErrorType, type);
    if (record.Find(kErrorCategory) == nullptr) {
      record.Set(kErrorCategory,
                 Name(category == ErrorCategory::kNone ? ErrorCategory::kUnknown : category));
    }
  }
  const Attribute described[] = {{"exception.type", type}, {"exception.message", message}};
  record.AddEvent(UnixNow(), "exception", described);
}

void RecordAll(SpanRecord& record, Caught caught) {
  for (int depth = 1;; ++depth) {
    Record(record, caught.type, caught.message, caught.category);
    if (caught.nested == nullptr || depth == kNestedMax) return;
    caught = Look(std::exception_ptr(caught.nested));
  }
}

}  // namespace

Span& Span::fail(const std::exception& error) {
  if (record_ == nullptr) return *this;
  try {
    RecordAll(*record_, Look(error));
  } catch (...) {  // Out of memory while saying so.
    Record(*record_, "", "", ErrorCategory::kNone);
  }
  return *this;
}

Span& Span::fail(std::exception_ptr error) {
  if (record_ == nullptr) return *this;
  if (error == nullptr) return status(SpanStatus::kError);
  try {
    RecordAll(*record_, Look(error));
  } catch (...) {
    Record(*record_, "", "", ErrorCategory::kNone);
  }
  return *this;
}

Span& Span::fail(std::string_view type, std::string_view message, ErrorCategory category) {
  if (record_ != nullptr) Record(*record_, type, message, category);
  return *this;
}

// An exception leaves the scope: it can be seen that it does, not what it is.
void Span::fail_unwound() noexcept {
  if (record_->status == SpanStatus::kError) return;
  record_->SetStatus(SpanStatus::kError, "left by an exception");
  if (record_->Find(kErrorType) == nullptr) record_->Set(kErrorType, "exception");
  if (record_->Find(kErrorCategory) == nullptr) {
    record_->Set(kErrorCategory, Name(ErrorCategory::kUnknown));
  }
}

}  // namespace sdk
}  // namespace pitot
