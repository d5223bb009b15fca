#include "serkit/attention.h"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <optional>
#include <stdexcept>
#include <string>

#include <pybind11/stl.h>

#include "bindings/bindings.h"

namespace serkit::bindings {
namespace {

namespace py = pybind11;

template <typename T>
using Array = py::array_t<T, py::array::c_style>;
template <typename T>
using Optional = std::optional<Array<T>>;

// serkit/kernels/native/attention.py speaks to users; this is the last line against memory errors.
void require(bool condition, const char* what) {
  if (!condition) throw std::invalid_argument(std::string("attention: ") + what);
}

template <typename T>
const T* data(const Optional<T>& array, int64_t size, const char* what) {
  if (!array) return nullptr;
  require(array->size() == size, what);
  return array->data();
}

template <typename T>
T* writable(Optional<T>& array, int64_t size, const char* what) {
  if (!array) return nullptr;
  require(array->size() == size, what);
  return array->mutable_data();  // throws if the array is read-only
}

template <typename T>
AttentionShape shape_of(const Array<T>& x, const Array<int64_t>& lengths, const Array<T>& query,
                        const Optional<T>& weight, const Optional<T>& bias, const Array<T>& scale) {
  require(x.ndim() == 3 && lengths.ndim() == 1 && lengths.shape(0) == x.shape(0), "x is [B, T, D], lengths [B]");
  const int64_t heads = scale.size();
  require(heads >= 1 && query.size() >= heads && query.size() % heads == 0, "u has as many rows as there are scales");
  AttentionShape s{x.shape(0), x.shape(1), x.shape(2), heads, weight ? query.size() / heads : 0, lengths.data()};
  for (int64_t b = 0; b < s.batch; ++b) require(s.lengths[b] >= 1 && s.lengths[b] <= s.frames, "length out of range");
  require(weight.has_value() == bias.has_value(), "W and b come together");
  if (!weight) require(query.size() == heads * s.dim, "theta is [H, D]");
  return s;
}

template <typename T>
AttentionParameters<T> parameters_of(const AttentionShape& s, const Array<T>& query, const Optional<T>& weight,
                                     const Optional<T>& bias, const Array<T>& scale) {
  return {data(weight, s.heads * s.hidden * s.dim, "W is [H, A, D]"), data(bias, s.heads * s.hidden, "b is [H, A]"),
          query.data(), scale.data()};
}

template <typename T>
void forward(const Array<T>& x, const Array<int64_t>& lengths, const Array<T>& query, const Optional<T>& weight,
             const Optional<T>& bias, const Array<T>& scale, Array<T> pooled, Array<T> weights, Optional<T> hidden,
             int threads) {
  const AttentionShape s = shape_of(x, lengths, query, weight, bias, scale);
  const AttentionParameters<T> p = parameters_of(s, query, weight, bias, scale);
  require(pooled.size() == s.batch * s.heads * s.dim && weights.size() == s.batch * s.heads * s.frames,
          "wrong size of an output");
  T* h = writable(hidden, s.batch * s.frames * s.heads * s.hidden, "hidden is [B * T, H * A]");
  const T* from = x.data();
  T *c = pooled.mutable_data(), *alpha = weights.mutable_data();
  py::gil_scoped_release unlocked;
  attention_forward(s, p, from, c, alpha, h, threads);
}

template <typename T>
void backward(const Array<T>& x, const Array<int64_t>& lengths, const Array<T>& query, const Optional<T>& weight,
              const Optional<T>& bias, const Array<T>& scale, const Array<T>& weights, const Optional<T>& hidden,
              const Optional<T>& grad_pooled, const Optional<T>& grad_weights, Array<T> dx, Array<T> dquery,
              Optional<T> dweight, Optional<T> dbias, int threads) {
  const AttentionShape s = shape_of(x, lengths, query, weight, bias, scale);
  const AttentionParameters<T> p = parameters_of(s, query, weight, bias, scale);
  require(weights.size() == s.batch * s.heads * s.frames, "weights is [B, H, T]");
  require(dx.size() == x.size() && dquery.size() == query.size(), "wrong size of a gradient");
  require(!weight || (hidden && dweight && dbias), "the additive form needs hidden, dW and db");
  const T* h = data(hidden, s.batch * s.frames * s.heads * s.hidden, "hidden is [B * T, H * A]");
  const T* dc = data(grad_pooled, s.batch * s.heads * s.dim, "grad_pooled is [B, H, D]");
  const T* da = data(grad_weights, s.batch * s.heads * s.frames, "grad_weights is [B, H, T]");
  const AttentionGradients<T> out{dx.mutable_data(), writable(dweight, s.heads * s.hidden * s.dim, "dW is [H, A, D]"),
                                  writable(dbias, s.heads * s.hidden, "db is [H, A]"), dquery.mutable_data()};
  const T *from = x.data(), *alpha = weights.data();
  py::gil_scoped_release unlocked;
  attention_backward(s, p, from, alpha, h, dc, da, out, threads);
}

template <typename T>
void bind(py::module_& m) {
  const auto array = [](const char* name) { return py::arg(name).noconvert(); };
  m.def("attention_forward", &forward<T>, array("x"), array("lengths"), array("query"), array("weight"), array("bias"),
        array("scale"), array("pooled"), array("weights"), array("hidden"), py::arg("threads"));
  m.def("attention_backward", &backward<T>, array("x"), array("lengths"), array("query"), array("weight"),
        array("bias"), array("scale"), array("weights"), array("hidden"), array("grad_pooled"), array("grad_weights"),
        array("dx"), array("dquery"), array("dweight"), array("dbias"), py::arg("threads"));
}

}  // namespace

void bind_attention(py::module_& m) {
  bind<float>(m);
  bind<double>(m);
}

}  // namespace serkit::bindings
