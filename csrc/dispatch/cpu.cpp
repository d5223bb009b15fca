#include "dispatch/cpu.h"

#if defined(__x86_64__) || defined(_M_X64)
#define SERKIT_X86_64 1
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

namespace serkit::dispatch {

#ifdef SERKIT_X86_64
namespace {

struct Registers {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

Registers cpuid(unsigned leaf) {
  Registers r;
#if defined(_MSC_VER)
  int values[4];
  __cpuidex(values, 0, 0);
  if (static_cast<unsigned>(values[0]) < leaf) return r;
  __cpuidex(values, static_cast<int>(leaf), 0);
  r.eax = static_cast<unsigned>(values[0]);
  r.ebx = static_cast<unsigned>(values[1]);
  r.ecx = static_cast<unsigned>(values[2]);
  r.edx = static_cast<unsigned>(values[3]);
#else
  __get_cpuid_count(leaf, 0, &r.eax, &r.ebx, &r.ecx, &r.edx);  // leaves zeros where the leaf does not exist
#endif
  return r;
}

// XCR0: the register states that the operating system saves at a context switch.
unsigned saved_states() {
#if defined(_MSC_VER)
  return static_cast<unsigned>(_xgetbv(0));
#else
  unsigned low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
#endif
}

bool bit(unsigned word, int position) { return (word >> position) & 1u; }

}  // namespace

bool cpu_has_avx2() {
  const Registers features = cpuid(1);
  const bool fma = bit(features.ecx, 12), osxsave = bit(features.ecx, 27), avx = bit(features.ecx, 28);
  if (!(fma && osxsave && avx)) return false;
  const unsigned xmm_and_ymm = 0x6;
  if ((saved_states() & xmm_and_ymm) != xmm_and_ymm) return false;
  return bit(cpuid(7).ebx, 5);
}
#else
bool cpu_has_avx2() { return false; }
#endif

}  // namespace serkit::dispatch
