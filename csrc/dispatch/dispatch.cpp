#include "dispatch/dispatch.h"

#include <cstdlib>
#include <stdexcept>

#include "dispatch/cpu.h"

namespace serkit::dispatch {
namespace {

const KernelTable baseline{"baseline", &kernels::isa_baseline::signal, &kernels::isa_baseline::spectral,
                           &kernels::isa_baseline::attention_f32, &kernels::isa_baseline::attention_f64};
#ifdef SERKIT_HAVE_AVX2
const KernelTable avx2{"avx2", &kernels::isa_avx2::signal, &kernels::isa_avx2::spectral,
                       &kernels::isa_avx2::attention_f32, &kernels::isa_avx2::attention_f64};
#endif

std::vector<const KernelTable*> usable() {
  std::vector<const KernelTable*> tables{&baseline};
#ifdef SERKIT_HAVE_AVX2
  if (cpu_has_avx2()) tables.push_back(&avx2);
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
                              allowed + "; unset it to take the widest.");
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
