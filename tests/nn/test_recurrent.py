from __future__ import annotations

import pytest
import torch

from serkit.nn import BLSTM, GRU, count_parameters


def test_padding_and_batch_mates_do_not_change_valid_frames() -> None:
    torch.manual_seed(0)
    net = BLSTM(6, 5)
    x = torch.randn(3, 11, 6)
    lengths = torch.tensor([11, 4, 1])
    batch = net(x, lengths)
    for row, n in enumerate(lengths.tolist()):
        alone = net(x[row : row + 1, :n], lengths[row : row + 1])
        # 1e-6: another matrix shape may sum in another order
        torch.testing.assert_close(batch[row : row + 1, :n], alone, rtol=1e-6, atol=1e-6)


def test_equals_torch_bidirectional_lstm() -> None:
    torch.manual_seed(0)
    net, reference = BLSTM(6, 5), torch.nn.LSTM(6, 5, batch_first=True, bidirectional=True)
    for name, value in net.ahead.named_parameters():
        getattr(reference, name).data = value.data
    for name, value in net.back.named_parameters():
        getattr(reference, f"{name}_reverse").data = value.data
    x = torch.randn(2, 9, 6)
    torch.testing.assert_close(net(x, torch.tensor([9, 9])), reference(x)[0], rtol=1e-6, atol=1e-6)


def test_counts_one_bias_a_gate_in_the_papers_convention() -> None:
    torch_count, spec = count_parameters(BLSTM(768, 128))
    assert spec == 918_528
    assert torch_count == 918_528 + 2 * 4 * 128


def test_forget_gate_starts_open() -> None:
    net = BLSTM(3, 4, forget_bias=1.0)
    for lstm in (net.ahead, net.back):
        assert (lstm.bias_ih_l0 + lstm.bias_hh_l0).tolist() == [0.0] * 4 + [1.0] * 4 + [0.0] * 8


@pytest.mark.parametrize("bidirectional", [False, True])
def test_gru_step_by_step_is_torchs(bidirectional: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    gru = GRU(3, 4, bidirectional=bidirectional, recurrent_dropout=0.5)
    x, lengths = torch.randn(2, 7, 3), torch.tensor([7, 4])
    with torch.no_grad():
        for p in gru.parameters():
            p.add_(0.1 * torch.randn_like(p))  # biases too
    whole = gru.eval()(x, lengths)
    monkeypatch.setattr(torch.nn.functional, "dropout", lambda ones, share: ones)
    # 1e-6: the same sums in another order
    torch.testing.assert_close(gru.train()(x, lengths), whole, rtol=1e-5, atol=1e-6)


def test_gru_drops_the_same_cells_at_every_step() -> None:
    torch.manual_seed(0)
    gru = GRU(3, 4, recurrent_dropout=0.5).train()
    x, lengths = torch.randn(2, 7, 3, requires_grad=True), torch.tensor([7, 7])
    torch.manual_seed(1)
    once = gru(x, lengths)
    torch.manual_seed(1)
    assert torch.equal(once, gru(x, lengths))
    assert not torch.equal(once, gru(x, lengths))
    # the first step has no state to drop
    torch.testing.assert_close(once[:, 0], gru.eval()(x, lengths)[:, 0])


def test_gru_backwards_starts_at_the_last_valid_frame() -> None:
    torch.manual_seed(0)
    gru = GRU(3, 4, bidirectional=True).eval()
    x = torch.randn(1, 9, 3)
    short = gru(x[:, :5], torch.tensor([5]))
    # 1e-6: batches of another shape may sum in another order
    torch.testing.assert_close(gru(x, torch.tensor([5]))[:, :5], short, rtol=1e-5, atol=1e-6)
