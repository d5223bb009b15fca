"""Do the ops keep torch's contract for custom operators: schema, fake shapes, autograd, tracing?"""

from __future__ import annotations

import torch

from serkit.ops import attention as ops

LENGTHS = torch.tensor([4, 2])


def test_opcheck() -> None:
    g = torch.Generator().manual_seed(0)
    x, w, b, u, theta, dc, da = (
        torch.randn(n, generator=g) for n in ((2, 4, 3), (5, 3), (5,), (5,), (3,), (2, 3), (2, 4))
    )
    weights, hidden = torch.softmax(da, 1), torch.rand(8, 5, generator=g)
    for t in (x, w, b, u, theta):
        t.requires_grad_()
    torch.library.opcheck(ops._additive, (x, LENGTHS, u, w, b, [0.3], True))
    torch.library.opcheck(ops._additive, (x.detach(), LENGTHS, u.detach(), w.detach(), b.detach(), [0.3], False))
    torch.library.opcheck(ops._linear, (x, LENGTHS, theta, [1.0]))
    plain = [t.detach() for t in (x, u, w, b, theta)]
    torch.library.opcheck(ops._additive_backward, (plain[0], LENGTHS, *plain[1:4], [0.3], weights, hidden, dc, None))
    torch.library.opcheck(ops._linear_backward, (plain[0], LENGTHS, plain[4], [1.0], weights, None, da))


def test_opcheck_of_heads() -> None:
    g = torch.Generator().manual_seed(0)
    x, w, b, u, theta = (torch.randn(n, generator=g) for n in ((2, 4, 3), (2, 5, 3), (2, 5), (2, 5), (2, 3)))
    for t in (x, w, b, u, theta):
        t.requires_grad_()
    torch.library.opcheck(ops._additive, (x, LENGTHS, u, w, b, [0.3, 0.8], True))
    torch.library.opcheck(ops._linear, (x, LENGTHS, theta, [1.0, 2.0]))


def test_compiled_whole_and_equal() -> None:
    g = torch.Generator().manual_seed(0)
    x, w, b, u = (torch.randn(n, generator=g).requires_grad_() for n in ((2, 4, 3), (5, 3), (5,), (5,)))
    compiled = torch.compile(
        lambda *a: ops.attention_pool(a[0], LENGTHS, *a[1:], 0.3), fullgraph=True, backend="aot_eager"
    )
    results = []
    for pool in (compiled, lambda *a: ops.attention_pool(a[0], LENGTHS, *a[1:], 0.3)):
        pooled, weights = pool(x, w, b, u)
        results.append((pooled, weights, *torch.autograd.grad(pooled.sum() + weights.square().sum(), (x, w, b, u))))
    for got, want in zip(*results, strict=True):
        assert torch.equal(got, want)  # the same kernels run in both
