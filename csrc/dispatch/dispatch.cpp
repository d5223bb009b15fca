#include "dispatch/dispatch.h"

#include <cstdlib>
#include <stdexcept>

#include "dispatch/cpu.h"

namespace serkit::dispatch {
namespace {

// clang-format off
#define SERKIT_TABLE(name) {#name, &kernels::isa_##name::signal, &kernels::isa_##name::spectral, \
                            &kernels::isa_##name::attention_f32, &kernels::isa_##name::attention_f64}
// clang-format on
const KernelTable baseline = SERKIT_TABLE(baseline);
#ifdef SERKIT_HAVE_AVX2
const KernelTable avx2 = SERKIT_TABLE(avx2);
#endif
#ifdef SERKIT_HAVE_AVX512
const KernelTable avx512 = SERKIT_TABLE(avx512);

// 16 frames of 512 points fill 32 KiB: on a core with no more than that as its first-level cache eight lanes are
// faster.
constexpr int kCacheForSixteenLanes = 48 << 10;
#endif
#undef SERKIT_TABLE

// The one to be taken last.
std::vector<const KernelTable*> usable() {
  std::vector<const KernelTable*> tables{&baseline};
#ifdef SERKIT_HAVE_AVX2
  if (cpu_has_avx2()) tables.push_back(&avx2);
#endif
#ifdef SERKIT_HAVE_AVX512
  const bool wide = first_level_cache() >= kCacheForSixteenLanes;
  if (cpu_has_avx512()) tables.insert(wide ? tables.end() : tables.end() - 1, &avx512);
#endif
  return tables;
}

const KernelTable& choose() {
  const auto tables = usable();
  const char* forced = std::getenv("SERKIT_ISA");
  if (forced == nullptr || *forced == '\0') return *tables.back();
  std::string allowed;
  for (const KernelTable* table : tables) {
    if (std::string(forced) == table->isa) return *table;
    allowed += (allowed.empty() ? "" : ", ") + std::string(table->isa);
  }
  throw std::invalid_argument("SERKIT_ISA is '" + std::string(forced) + "', but this build on this machine has " +
                              allowed + "; unset it to take the fastest.");
}

}  // namespace

const KernelTable& active() {
  static const KernelTable& table = choose();  // a throwing initialiser runs again at the next call
  return table;
}

std::vector<std::string> supported() {
  std::vector<std::string> names;
  for (const KernelTable* table : usable()) names.emplace_back(table->isa);
  return names;
}

}  // namespace serkit::dispatch
