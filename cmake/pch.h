// Precompiled for every folder but the pure ones shared with the SDK: headers that nearly every
// source pulls in anyway. Nothing here may be relied on; sources include what they use.
#pragma once
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>
