// What the processor and the operating system support, found with cpuid rather than compiler builtins, which MSVC
// lacks.
#pragma once

namespace serkit::dispatch {

// AVX2 and FMA, with the wide registers saved by the operating system. False on other architectures.
bool cpu_has_avx2();

// AVX-512 F, VL, DQ and BW, likewise.
bool cpu_has_avx512();

// Bytes of a core's first-level data cache, 0 where that cannot be told.
int first_level_cache();

}  // namespace serkit::dispatch
