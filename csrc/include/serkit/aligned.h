// Scratch memory for kernels. Lanes are 32 bytes: from a cache line's beginning no load or store crosses a line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace serkit {

class AlignedFloats {
 public:
  // At least `count` floats; what was there is lost where it has to grow.
  float* reserve(size_t count) {
    if (memory_.size() < count + kPad) memory_.resize(count + kPad);
    const auto at = reinterpret_cast<uintptr_t>(memory_.data());
    return memory_.data() + (kLine - at % kLine) % kLine / sizeof(float);
  }

 private:
  static constexpr size_t kLine = 64, kPad = kLine / sizeof(float);
  std::vector<float> memory_;
};

}  // namespace serkit
