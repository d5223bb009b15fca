from __future__ import annotations

import torch

from serkit.nn import BLSTM, count_parameters


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
