// Attention pooling over the valid frames of a padded batch, forward and backward, T = float or double, H heads.
//
// linear:   e_ht = u_h . x_t            additive: e_ht = u_h . tanh(W_h x_t + bias_h)
// weights_h = softmax(scale_h * e_h) over t < lengths[b], 0 elsewhere; pooled_h = sum_t weights_ht x_t.
//
// Frames at or after lengths[b] are never read. Arrays are C-contiguous. `hidden` holds the valid frames of all samples
// one after the other (packed), tanh(W_h x_t + bias_h) for all heads side by side.
// Every result is the same to the bit for any number of threads; a sample's results do not depend on its neighbours.
#pragma once

#include <cstdint>

namespace serkit {

struct AttentionShape {
  int64_t batch;
  int64_t frames;  // of the padded batch
  int64_t dim;
  int64_t heads;
  int64_t hidden;          // units of a head; 0: linear form
  const int64_t* lengths;  // [batch], 1..frames
};

template <typename T>
struct AttentionParameters {
  const T* weight;  // [heads, hidden, dim], additive form only
  const T* bias;    // [heads, hidden], additive form only
  const T* query;   // u: [heads, hidden], or [heads, dim] in the linear form
  const T* scale;   // [heads]
};

template <typename T>
struct AttentionGradients {
  T* x;       // [batch, frames, dim], exactly 0 in padding
  T* weight;  // as in AttentionParameters
  T* bias;
  T* query;
};

// x: [batch, frames, dim]; pooled: [batch, heads, dim]; weights: [batch, heads, frames]; hidden: [batch * frames,
// heads * hidden] of which the first sum(lengths) rows are written and the rest set to 0, or null where no gradient
// will be asked for.
template <typename T>
void attention_forward(const AttentionShape& shape, const AttentionParameters<T>& parameters, const T* x, T* pooled,
                       T* weights, T* hidden, int threads);

// grad_pooled: [batch, heads, dim] or null (zero); grad_weights: [batch, heads, frames] or null (zero), its padding is
// not read. weights and hidden are the forward pass's. Sums over samples are taken in their order.
template <typename T>
void attention_backward(const AttentionShape& shape, const AttentionParameters<T>& parameters, const T* x,
                        const T* weights, const T* hidden, const T* grad_pooled, const T* grad_weights,
                        const AttentionGradients<T>& out, int threads);

}  // namespace serkit
