#include "kernels/attention.h"

#include "kernels/elementary.h"
#include "kernels/vectors.h"

namespace serkit::kernels::SERKIT_ISA_NAMESPACE {
namespace {  // templates with external linkage would become weak symbols

// A tile of the product, kTileRows x kTileRegisters registers of sums, stays in registers while its terms go by: as
// many as there are, less a row of the panel and the repeated value.
constexpr ptrdiff_t kTileRows = 6;
#if defined(__AVX512F__)
constexpr ptrdiff_t kTileRegisters = 4;
#else
constexpr ptrdiff_t kTileRegisters = 2;
#endif
// A product of fewer terms is bound by its output, which is then written row after row: streams into six rows at once
// measure half as fast.
constexpr ptrdiff_t kFewTerms = 16;

template <typename T>
constexpr ptrdiff_t kPanel = kTileRegisters * kWidth<T>;

template <typename T>
constexpr ptrdiff_t smaller(T a, T b) {
  return a < b ? a : b;
}

bool on_line(const void* p) { return reinterpret_cast<uintptr_t>(p) % 64 == 0; }

template <typename T>
void pack(const T* y, ptrdiff_t row, ptrdiff_t column, ptrdiff_t terms, ptrdiff_t n, T* panels) {
  constexpr ptrdiff_t block = 16;  // a cache line of floats, where a column of y is contiguous
  for (ptrdiff_t first = 0; first < n; first += kPanel<T>, panels += terms * kPanel<T>) {
    const ptrdiff_t columns = smaller(n - first, kPanel<T>);
    const T* from = y + first * column;
    if (columns < kPanel<T>) memset(panels, 0, static_cast<size_t>(terms * kPanel<T>) * sizeof(T));
    if (column == 1) {
      for (ptrdiff_t l = 0; l < terms; ++l) {
        for (ptrdiff_t j = 0; j < columns; ++j) panels[l * kPanel<T> + j] = from[l * row + j];
      }
      continue;
    }
    for (ptrdiff_t l = 0; l < terms; l += block) {
      const ptrdiff_t lines = smaller(terms - l, block);
      for (ptrdiff_t j = 0; j < columns; ++j) {
        for (ptrdiff_t i = l; i < l + lines; ++i) panels[i * kPanel<T> + j] = from[i * row + j * column];
      }
    }
  }
}

// `columns` of the tile's Registers * kWidth are stored.
template <typename T, ptrdiff_t Rows, ptrdiff_t Registers>
void tile(const Factor<T>* factors, ptrdiff_t count, ptrdiff_t panel, ptrdiff_t first, T* out, ptrdiff_t out_row,
          ptrdiff_t columns, Output output) {
  Vector<T> sums[Rows][Registers] = {};
  for (ptrdiff_t f = 0; f < count; ++f) {
    const T* y = factors[f].panels + panel * factors[f].terms * kPanel<T>;
    const ptrdiff_t row = factors[f].row, column = factors[f].column;
    const T* x = factors[f].x + first * row;
    for (ptrdiff_t l = 0; l < factors[f].terms; ++l, x += column, y += kPanel<T>) {
      Vector<T> line[Registers];
      for (ptrdiff_t j = 0; j < Registers; ++j) line[j] = load(y + j * kWidth<T>);
      for (ptrdiff_t i = 0; i < Rows; ++i) {
        const Vector<T> value = repeat(x[i * row]);
        for (ptrdiff_t j = 0; j < Registers; ++j) sums[i][j] += value * line[j];
      }
    }
  }
  // Loops of constant length, each for itself: with a choice inside them the sums would go through memory.
  const auto each = [&](const auto& put) {
    for (ptrdiff_t i = 0; i < Rows; ++i) {
      for (ptrdiff_t j = 0; j < Registers; ++j) put(out + i * out_row + j * kWidth<T>, sums[i][j]);
    }
  };
  if (columns < Registers * kWidth<T>) {
    const T* end = out + columns;
    for (ptrdiff_t i = 0; i < Rows; ++i, out += out_row, end += out_row) {
      for (ptrdiff_t j = 0; j < Registers; ++j) {
        T* at = out + j * kWidth<T>;
        const ptrdiff_t count = smaller(end - at, kWidth<T>);
        store_part(at, output == Output::add ? load_part(at, count) + sums[i][j] : sums[i][j], count);
      }
    }
  } else if (output == Output::set) {
    each([](T* at, Vector<T> sum) { store(at, sum); });
  } else if (output == Output::add) {
    each([](T* at, Vector<T> sum) { store(at, load(at) + sum); });
  } else {
    each([](T* at, Vector<T> sum) { stream(at, sum); });
  }
}

template <typename T, ptrdiff_t Rows>
void tile_of_rows(const Factor<T>* factors, ptrdiff_t count, ptrdiff_t panel, ptrdiff_t first, T* out,
                  ptrdiff_t out_row, ptrdiff_t columns, Output output) {
  switch ((columns + kWidth<T> - 1) / kWidth<T>) {
    case 1:
      return tile<T, Rows, 1>(factors, count, panel, first, out, out_row, columns, output);
#if defined(__AVX512F__)
    case 2:
      return tile<T, Rows, 2>(factors, count, panel, first, out, out_row, columns, output);
    case 3:
      return tile<T, Rows, 3>(factors, count, panel, first, out, out_row, columns, output);
#endif
    default:
      return tile<T, Rows, kTileRegisters>(factors, count, panel, first, out, out_row, columns, output);
  }
}

template <typename T>
void product(const Factor<T>* factors, ptrdiff_t count, T* out, ptrdiff_t out_row, ptrdiff_t m, ptrdiff_t n,
             Output output) {
  if (output == Output::stream && !(on_line(out) && on_line(out + out_row))) output = Output::set;
  ptrdiff_t terms = 0;
  for (ptrdiff_t f = 0; f < count; ++f) terms += factors[f].terms;
  const auto one = [&](ptrdiff_t panel, ptrdiff_t i, ptrdiff_t rows) {
    const ptrdiff_t j = panel * kPanel<T>, columns = smaller(n - j, kPanel<T>);
    T* at = out + i * out_row + j;
    if (rows == kTileRows) {
      tile_of_rows<T, kTileRows>(factors, count, panel, i, at, out_row, columns, output);
    } else if (rows == 3) {
      tile_of_rows<T, 3>(factors, count, panel, i, at, out_row, columns, output);
    } else {
      tile_of_rows<T, 1>(factors, count, panel, i, at, out_row, columns, output);
    }
  };
  const auto rows_at = [&](ptrdiff_t i) -> ptrdiff_t { return m - i >= kTileRows ? kTileRows : m - i >= 3 ? 3 : 1; };
  const ptrdiff_t panels = (n + kPanel<T> - 1) / kPanel<T>;
  if (terms < kFewTerms) {
    for (ptrdiff_t i = 0; i < m; ++i) {
      for (ptrdiff_t panel = 0; panel < panels; ++panel) one(panel, i, 1);
    }
  } else {
    for (ptrdiff_t panel = 0; panel < panels; ++panel) {
      for (ptrdiff_t i = 0; i < m; i += rows_at(i)) one(panel, i, rows_at(i));
    }
  }
  if (output == Output::stream) end_streams();
}

template <typename T>
void clear(T* out, ptrdiff_t n) {
  ptrdiff_t j = 0;
  for (; j < n && !on_line(out + j); ++j) out[j] = T(0);
  for (; j + kWidth<T> <= n; j += kWidth<T>) stream(out + j, Vector<T>{});
  for (; j < n; ++j) out[j] = T(0);
  end_streams();
}

template <typename T>
void tanh_scores(T* z, ptrdiff_t z_row, const T* bias, const T* u, T* scores, ptrdiff_t rows, ptrdiff_t n) {
  for (ptrdiff_t t = 0; t < rows; ++t, z += z_row) {
    Vector<T> sum = {};
    ptrdiff_t j = 0;
    for (; j + kWidth<T> <= n; j += kWidth<T>) {
      const Vector<T> h = tanh_of(load(z + j) + load(bias + j));
      store(z + j, h);
      sum += h * load(u + j);
    }
    if (j < n) {
      const Vector<T> h = tanh_of(load_part(z + j, n - j) + load_part(bias + j, n - j));
      store_part(z + j, h, n - j);
      sum += h * load_part(u + j, n - j);
    }
    scores[t] = sum_of<T>(sum);
  }
}

template <typename T, ptrdiff_t Rows>
void few_row_dots(const T* x, ptrdiff_t x_row, const T* v, T* out, ptrdiff_t n) {
  Vector<T> even[Rows] = {}, odd[Rows] = {};  // two sums a row: one would wait for each addition
  ptrdiff_t j = 0;
  for (; j + 2 * kWidth<T> <= n; j += 2 * kWidth<T>) {
    const Vector<T> v0 = load(v + j), v1 = load(v + j + kWidth<T>);
    for (ptrdiff_t i = 0; i < Rows; ++i) {
      even[i] += load(x + i * x_row + j) * v0;
      odd[i] += load(x + i * x_row + j + kWidth<T>) * v1;
    }
  }
  for (; j < n; j += kWidth<T>) {
    const ptrdiff_t left = smaller(n - j, kWidth<T>);
    const Vector<T> v0 = load_part(v + j, left);
    for (ptrdiff_t i = 0; i < Rows; ++i) even[i] += load_part(x + i * x_row + j, left) * v0;
  }
  for (ptrdiff_t i = 0; i < Rows; ++i) out[i] = sum_of<T>(even[i] + odd[i]);
}

template <typename T>
void row_dots(const T* x, ptrdiff_t x_row, const T* v, T* out, ptrdiff_t rows, ptrdiff_t n) {
  ptrdiff_t t = 0;
  for (; t + 4 <= rows; t += 4) few_row_dots<T, 4>(x + t * x_row, x_row, v, out + t, n);
  for (; t < rows; ++t) few_row_dots<T, 1>(x + t * x_row, x_row, v, out + t, n);
}

// out[j] += sum over a few rows, in their order
template <typename T, ptrdiff_t Rows>
void add_rows(const T* x, ptrdiff_t x_row, const T* weights, T* out, ptrdiff_t n) {
  Vector<T> w[Rows];
  for (ptrdiff_t i = 0; i < Rows; ++i) w[i] = repeat(weights[i]);
  ptrdiff_t j = 0;
  for (; j + kWidth<T> <= n; j += kWidth<T>) {
    Vector<T> sum = load(out + j);
    for (ptrdiff_t i = 0; i < Rows; ++i) sum += w[i] * load(x + i * x_row + j);
    store(out + j, sum);
  }
  if (j < n) {
    Vector<T> sum = load_part(out + j, n - j);
    for (ptrdiff_t i = 0; i < Rows; ++i) sum += w[i] * load_part(x + i * x_row + j, n - j);
    store_part(out + j, sum, n - j);
  }
}

template <typename T>
void weighted_sum(const T* x, ptrdiff_t x_row, const T* weights, T* out, ptrdiff_t rows, ptrdiff_t n) {
  memset(out, 0, static_cast<size_t>(n) * sizeof(T));
  ptrdiff_t t = 0;
  for (; t + 8 <= rows; t += 8) add_rows<T, 8>(x + t * x_row, x_row, weights + t, out, n);
  for (; t < rows; ++t) add_rows<T, 1>(x + t * x_row, x_row, weights + t, out, n);
}

template <typename T>
void softmax(const T* scores, T scale, T* weights, ptrdiff_t rows) {
  // Of the scores before they are scaled: their differences then vanish at the highest whatever the scale is, where
  // a fused product would lie beside its own rounding by more than the exponential takes.
  T highest = scores[0];
  for (ptrdiff_t t = 1; t < rows; ++t) {
    if (scale < T(0) ? scores[t] < highest : scores[t] > highest) highest = scores[t];
  }
  double sum = 0.0;  // thousands of frames: float would lose digits of the normaliser
  for (ptrdiff_t t = 0; t < rows; t += kWidth<T>) {
    const ptrdiff_t left = smaller(rows - t, kWidth<T>);
    store_part(weights + t, exp_of((load_part(scores + t, left) - highest) * scale), left);
    for (ptrdiff_t i = t; i < t + left; ++i) sum += static_cast<double>(weights[i]);
  }
  for (ptrdiff_t t = 0; t < rows; ++t) weights[t] = static_cast<T>(static_cast<double>(weights[t]) / sum);
}

template <typename T>
void softmax_gradient(T* g, const T* weights, T scale, ptrdiff_t rows) {
  double mean = 0.0;
  for (ptrdiff_t t = 0; t < rows; ++t) mean += static_cast<double>(weights[t]) * static_cast<double>(g[t]);
  for (ptrdiff_t t = 0; t < rows; ++t) {
    g[t] = static_cast<T>(static_cast<double>(scale) * static_cast<double>(weights[t]) *
                          (static_cast<double>(g[t]) - mean));
  }
}

template <typename T>
void hidden_gradient(const T* h, ptrdiff_t h_row, const T* u, const T* de, T* dz, ptrdiff_t dz_row, ptrdiff_t rows,
                     ptrdiff_t n) {
  for (ptrdiff_t t = 0; t < rows; ++t, h += h_row, dz += dz_row) {
    const T slope = de[t];
    for (ptrdiff_t j = 0; j < n; ++j) dz[j] = slope * u[j] * ((T(1) - h[j]) * (T(1) + h[j]));
  }
}

}  // namespace

// clang-format off
extern const AttentionKernels<float> attention_f32{
    kPanel<float>, pack<float>, product<float>, clear<float>, tanh_scores<float>, row_dots<float>, weighted_sum<float>,
    softmax<float>, softmax_gradient<float>, hidden_gradient<float>};
extern const AttentionKernels<double> attention_f64{
    kPanel<double>, pack<double>, product<double>, clear<double>, tanh_scores<double>, row_dots<double>, weighted_sum<double>,
    softmax<double>, softmax_gradient<double>, hidden_gradient<double>};
// clang-format on

}  // namespace serkit::kernels::SERKIT_ISA_NAMESPACE
