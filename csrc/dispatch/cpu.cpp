#include "dispatch/cpu.h"

#if defined(__x86_64__) || defined(_M_X64)
#define SERKIT_X86_64 1
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

#include <initializer_list>

namespace serkit::dispatch {

#ifdef SERKIT_X86_64
namespace {

struct Registers {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

Registers cpuid(unsigned leaf, unsigned part = 0) {
  Registers r;
#if defined(_MSC_VER)
  int values[4];
  __cpuidex(values, static_cast<int>(leaf & 0x80000000u), 0);  // the highest leaf of this kind
  if (static_cast<unsigned>(values[0]) < leaf) return r;
  __cpuidex(values, static_cast<int>(leaf), static_cast<int>(part));
  r.eax = static_cast<unsigned>(values[0]);
  r.ebx = static_cast<unsigned>(values[1]);
  r.ecx = static_cast<unsigned>(values[2]);
  r.edx = static_cast<unsigned>(values[3]);
#else
  __get_cpuid_count(leaf, part, &r.eax, &r.ebx, &r.ecx, &r.edx);  // leaves zeros where the leaf does not exist
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

bool cpu_has_avx512() {
  if (!cpu_has_avx2()) return false;
  const unsigned opmask_and_zmm = 0xe0;
  if ((saved_states() & opmask_and_zmm) != opmask_and_zmm) return false;
  const unsigned f = 16, dq = 17, bw = 30, vl = 31;
  const unsigned features = cpuid(7).ebx;
  return bit(features, f) && bit(features, dq) && bit(features, bw) && bit(features, vl);
}

int first_level_cache() {
  // Intel's and AMD's leaf have one layout: caches one after the other, type 1 data, 0 no more.
  for (const unsigned leaf : {0x4u, 0x8000001du}) {
    for (unsigned part = 0; part < 16; ++part) {
      const Registers r = cpuid(leaf, part);
      const unsigned type = r.eax & 0x1f, level = r.eax >> 5 & 0x7;
      if (type == 0) break;
      if (type != 1 || level != 1) continue;
      const unsigned line = (r.ebx & 0xfff) + 1, partitions = (r.ebx >> 12 & 0x3ff) + 1, ways = (r.ebx >> 22) + 1;
      return static_cast<int>(line * partitions * ways * (r.ecx + 1));
    }
  }
  return 0;
}
#else
bool cpu_has_avx2() { return false; }
bool cpu_has_avx512() { return false; }
int first_level_cache() { return 0; }
#endif

}  // namespace serkit::dispatch
