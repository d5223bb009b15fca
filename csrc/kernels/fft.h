// The complex FFT over lanes: mixed radix, in place, decimation in frequency. The result is in digit-reversed order,
// which whoever reads it undoes with FftTables::place: that costs an index where a permutation would cost a pass, and
// in place the working set of a 512-point transform is 16 KiB, half a first-level cache.
#pragma once

#include "kernels/lanes.h"

namespace serkit::kernels::SERKIT_ISA_NAMESPACE {
namespace {  // templates with external linkage would become weak symbols

template <bool kTurn>
inline void put(float* to, Complex a, const float* w) {
  store_complex(to, kTurn ? times(a, w) : a);
}

struct Radix2 {
  static constexpr int radix = 2;

  template <bool kTurn>
  static void butterfly(float* x, ptrdiff_t step, const float* w) {
    const Complex a0 = load_complex(x), a1 = load_complex(x + step);
    store_complex(x, a0 + a1);
    put<kTurn>(x + step, a0 - a1, w);
  }
};

struct Radix3 {
  static constexpr int radix = 3;

  template <bool kTurn>
  static void butterfly(float* x, ptrdiff_t step, const float* w) {
    const Complex a0 = load_complex(x), a1 = load_complex(x + step), a2 = load_complex(x + 2 * step);
    const Complex sum = a1 + a2, gap = (a1 - a2) * fill(0.866025403784438647f), centre = a0 - sum * fill(0.5f);
    store_complex(x, a0 + sum);
    put<kTurn>(x + step, minus_i(centre, gap), w);
    put<kTurn>(x + 2 * step, plus_i(centre, gap), w + 2);
  }
};

struct Radix4 {
  static constexpr int radix = 4;

  template <bool kTurn>
  static void butterfly(float* x, ptrdiff_t step, const float* w) {
    const Complex a0 = load_complex(x), a1 = load_complex(x + step);
    const Complex a2 = load_complex(x + 2 * step), a3 = load_complex(x + 3 * step);
    const Complex even = a0 + a2, even_gap = a0 - a2, odd = a1 + a3, odd_gap = a1 - a3;
    store_complex(x, even + odd);
    put<kTurn>(x + step, minus_i(even_gap, odd_gap), w);
    put<kTurn>(x + 2 * step, even - odd, w + 2);
    put<kTurn>(x + 3 * step, plus_i(even_gap, odd_gap), w + 4);
  }
};

struct Radix5 {
  static constexpr int radix = 5;

  template <bool kTurn>
  static void butterfly(float* x, ptrdiff_t step, const float* w) {
    const Lanes cos72 = fill(0.309016994374947424f), cos144 = fill(-0.809016994374947424f);
    const Lanes sin72 = fill(0.951056516295153572f), sin144 = fill(0.587785252292473129f);
    const Complex a0 = load_complex(x), a1 = load_complex(x + step), a2 = load_complex(x + 2 * step);
    const Complex a3 = load_complex(x + 3 * step), a4 = load_complex(x + 4 * step);
    const Complex near = a1 + a4, far = a2 + a3, near_gap = a1 - a4, far_gap = a2 - a3;
    const Complex real1 = a0 + near * cos72 + far * cos144, real2 = a0 + near * cos144 + far * cos72;
    const Complex gap1 = near_gap * sin72 + far_gap * sin144, gap2 = near_gap * sin144 - far_gap * sin72;
    store_complex(x, a0 + near + far);
    put<kTurn>(x + step, minus_i(real1, gap1), w);
    put<kTurn>(x + 2 * step, minus_i(real2, gap2), w + 2);
    put<kTurn>(x + 3 * step, plus_i(real2, gap2), w + 4);
    put<kTurn>(x + 4 * step, plus_i(real1, gap1), w + 6);
  }
};

struct Radix8 {
  static constexpr int radix = 8;

  template <bool kTurn>
  static void butterfly(float* x, ptrdiff_t step, const float* w) {
    const Lanes root_half = fill(0.707106781186547524f);
    const Complex a0 = load_complex(x), a4 = load_complex(x + 4 * step);
    const Complex a1 = load_complex(x + step), a5 = load_complex(x + 5 * step);
    const Complex a2 = load_complex(x + 2 * step), a6 = load_complex(x + 6 * step);
    const Complex a3 = load_complex(x + 3 * step), a7 = load_complex(x + 7 * step);
    const Complex b0 = a0 + a4, b1 = a1 + a5, b2 = a2 + a6, b3 = a3 + a7;
    const Complex c0 = a0 - a4, d1 = a1 - a5, d2 = a2 - a6, d3 = a3 - a7;
    {
      const Complex even = b0 + b2, even_gap = b0 - b2, odd = b1 + b3, odd_gap = b1 - b3;
      store_complex(x, even + odd);
      put<kTurn>(x + 2 * step, minus_i(even_gap, odd_gap), w + 2);
      put<kTurn>(x + 4 * step, even - odd, w + 6);
      put<kTurn>(x + 6 * step, plus_i(even_gap, odd_gap), w + 10);
    }
    // d1 times (1 - i) / sqrt(2), d2 times -i, d3 times (-1 - i) / sqrt(2)
    const Complex c1 = Complex{d1.re + d1.im, d1.im - d1.re} * root_half;
    const Complex c3 = Complex{d3.im - d3.re, fill(0.0f) - (d3.re + d3.im)} * root_half;
    const Complex even = minus_i(c0, d2), even_gap = plus_i(c0, d2), odd = c1 + c3, odd_gap = c1 - c3;
    put<kTurn>(x + step, even + odd, w);
    put<kTurn>(x + 3 * step, minus_i(even_gap, odd_gap), w + 4);
    put<kTurn>(x + 5 * step, even - odd, w + 8);
    put<kTurn>(x + 7 * step, plus_i(even_gap, odd_gap), w + 12);
  }
};

template <typename Radix>
void fft_pass(const FftStage& s, int points, Ahead& ahead, float* x) {
  const ptrdiff_t step = kComplex * s.span, block = Radix::radix * step, end = kComplex * points;
  for (ptrdiff_t b = 0; b < end; b += block) {
    ask(ahead);
    Radix::template butterfly<false>(x + b, step, s.twiddles);
  }
  const float* w = s.twiddles;
  for (int j = 1; j < s.span; ++j, w += 2 * (Radix::radix - 1)) {
    for (ptrdiff_t b = kComplex * j; b < end; b += block) {
      ask(ahead);
      Radix::template butterfly<true>(x + b, step, w);
    }
  }
}

void complex_fft(const FftTables& t, Ahead& ahead, float* x) {
  for (int i = 0; i < t.n_stages; ++i) {
    const FftStage& s = t.stages[i];
    if (s.radix == 8) {
      fft_pass<Radix8>(s, t.points, ahead, x);
    } else if (s.radix == 4) {
      fft_pass<Radix4>(s, t.points, ahead, x);
    } else if (s.radix == 2) {
      fft_pass<Radix2>(s, t.points, ahead, x);
    } else if (s.radix == 3) {
      fft_pass<Radix3>(s, t.points, ahead, x);
    } else {
      fft_pass<Radix5>(s, t.points, ahead, x);
    }
  }
}

}  // namespace
}  // namespace serkit::kernels::SERKIT_ISA_NAMESPACE
