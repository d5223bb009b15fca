// What the processor and the operating system support, found with cpuid rather than compiler builtins, which MSVC
// lacks.
#pragma once

namespace serkit::dispatch {

// AVX2 and FMA, with the wide registers saved by the operating system. False on other architectures.
bool cpu_has_avx2();

}  // namespace serkit::dispatch
