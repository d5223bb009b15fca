// The one table of kernels, chosen once: the fastest instruction set of this machine, or the one SERKIT_ISA names.
#pragma once

#include <string>
#include <vector>

#include "kernels/attention.h"
#include "kernels/spectral.h"

namespace serkit::dispatch {

// One member a set of kernels.
struct KernelTable {
  const char* isa;
  const kernels::SignalKernels* signal;
  const kernels::SpectralKernels* spectral;
  const kernels::AttentionKernels<float>* attention_f32;
  const kernels::AttentionKernels<double>* attention_f64;
};

// The table in use. The first call reads SERKIT_ISA and throws std::invalid_argument, with a sentence that names what
// is allowed, if it names no instruction set of this build and this machine.
const KernelTable& active();

// Names that SERKIT_ISA may have here, the one taken without it last.
std::vector<std::string> supported();

}  // namespace serkit::dispatch
