"""A causal dilated convolution over the recent readings of a life, beside the whole-history features of the network.

Readings are z-scores in their regime (`features.transforms.scores`). Blocks of two taps, the present and one dilation
ago, lie one upon the other with a residual connection (van den Oord et al. 2016, "WaveNet: a generative model for raw
audio", arXiv:1609.03499; Bai, Kolter & Koltun 2018, "An empirical evaluation of generic convolutional and recurrent
networks for sequence modeling", arXiv:1803.01271). Each block is padded with zeros on the left alone, so nothing looks
ahead, and the zeros are the state of a life that begins: `models.prognosis.dilated_stream` goes on from any state, one
reading at a time, to the same numbers.

Only the benchmark `bench dilated` and tests use it: what it gains is measured there (docs/adr/0014).
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.prognosis.dilated_stream import LARGEST_INPUT, DilatedWeights
from models.prognosis.network import HazardLogits, NetworkShape

_SMALLEST_SPREAD = 1e-6
_PLACES_AT_ONCE = 40_000


@dataclass(frozen=True, slots=True)
class DilatedShape:
    """How large a stack is.

    Attributes:
        sensors: Sensors of a reading.
        inputs: Combinations of them that it sees, for example along wear directions.
        members: Stacks side by side, one for each member of the ensemble.
        channels: Width of a block.
        dilations: Of each block, readings.
    """

    sensors: int
    inputs: int
    members: int
    channels: int = 8
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)

    @property
    def reach(self) -> int:
        """How many readings the last one's output hangs on, itself among them."""
        return 1 + sum(self.dilations)


class DilatedStack(nn.Module):
    """Sequences of z-scores to channels, a row of stacks for all members."""

    def __init__(self, shape: DilatedShape) -> None:
        super().__init__()
        blocks, members, channels = len(shape.dilations), shape.members, shape.channels
        self.shape = shape
        self.mixing = nn.Buffer(torch.eye(shape.sensors, shape.inputs))
        self.shares = nn.Buffer(torch.eye(shape.sensors, shape.inputs))
        self.entry = nn.Parameter(torch.empty(members, 2 * shape.inputs, channels))
        self.entry_bias = nn.Parameter(torch.zeros(members, channels))
        self.now = nn.Parameter(torch.empty(blocks, members, channels, channels))
        self.before = nn.Parameter(torch.empty(blocks, members, channels, channels))
        self.bias = nn.Parameter(torch.zeros(blocks, members, channels))
        nn.init.normal_(self.entry, std=(1.0 / (2 * shape.inputs)) ** 0.5)
        for weight in (self.now, self.before):
            nn.init.normal_(weight, std=(0.5 / channels) ** 0.5)

    def mix_by(self, matrix: NDArray[np.float64], scores: NDArray[np.float32]) -> None:
        """Let the stack see combinations of sensors, each with a root mean square of 1 over training readings.

        Args:
            matrix: From z-scores to combinations, for example `models.prognosis.wear.wear_directions`.
                Shape (sensor, input).
            scores: Training readings. Shape (..., sensor).
        """
        flat = scores.reshape(-1, scores.shape[-1]).astype(np.float64)
        flat = np.nan_to_num(flat[~np.isnan(flat).all(axis=1)])
        spread = np.sqrt(np.mean((flat @ matrix) ** 2, axis=0)) if len(flat) else np.ones(matrix.shape[1])
        scaled = matrix / np.where(spread > _SMALLEST_SPREAD, spread, 1.0)
        self.mixing.copy_(torch.from_numpy(scaled))
        self.shares.copy_(torch.from_numpy(np.abs(scaled) / np.abs(scaled).sum(axis=0)))

    def forward(self, scores: Tensor) -> Tensor:
        """Return what is told after every reading. From (life, time, sensor) to (member, life, time, channel).

        NaN is unknown. A life shorter than others is filled up after its end, with anything: nothing before it changes.
        """
        is_known = ~torch.isnan(scores)
        values = torch.where(is_known, scores, torch.zeros_like(scores))
        mixed = (values @ self.mixing).clamp(-LARGEST_INPUT, LARGEST_INPUT)
        told = torch.cat([mixed, is_known.to(values.dtype) @ self.shares], dim=-1)  # (life, time, 2 × input)
        hidden = torch.einsum("lti,mic->mltc", told, self.entry) + self.entry_bias[:, None, None]
        for dilation, now, before, bias in zip(self.shape.dilations, self.now, self.before, self.bias, strict=True):
            hidden = hidden + nn.functional.silu(self._change(hidden, dilation, now, before, bias))
        return hidden

    def weights(self) -> DilatedWeights:
        """Return what the streaming twin needs, as arrays."""
        names = ("mixing", "shares", "entry", "entry_bias", "now", "before", "bias")
        arrays = {name: getattr(self, name).detach().numpy().copy() for name in names}
        return DilatedWeights(**arrays, dilations=self.shape.dilations)

    def _change(self, hidden: Tensor, dilation: int, now: Tensor, before: Tensor, bias: Tensor) -> Tensor:
        length = hidden.shape[2]
        earlier = nn.functional.pad(hidden, (0, 0, dilation, 0))[:, :, :length]
        return hidden @ now[:, None] + earlier @ before[:, None] + bias[:, None, None]


class DilatedHazards(nn.Module):
    """The network of `HazardLogits`, told beside the feature vectors what a stack makes of the readings up to the row.

    At first nothing of the stack counts, so training begins at the network without it.
    """

    def __init__(self, head: NetworkShape, stack: DilatedShape) -> None:
        super().__init__()
        self.dropout = head.dropout
        self.head = HazardLogits(head)
        self.stack = DilatedStack(stack)
        self.joint = nn.Parameter(torch.zeros(head.members, stack.channels, head.hidden[0]))

    def forward(self, vectors: Tensor, scores: Tensor, life: Tensor, place: Tensor) -> Tensor:
        """Return logits. Shape (member, batch, time).

        Args:
            vectors: Raw feature vectors. Shape (batch, feature).
            scores: Readings of the lives that the rows are of. Shape (life, time, sensor).
            life: Life of each row, an index into the readings. Shape (batch,).
            place: The reading at which each row stands. Shape (batch,).
        """
        told = self.stack(scores)[:, life, place]  # (member, batch, channel)
        told = nn.functional.dropout(told, self.dropout, self.training)
        return self.head(vectors, told @ self.joint)  # type: ignore[no-any-return]  # a module's call is untyped


def dilated_survival(
    model: DilatedHazards,
    vectors: NDArray[np.float32],
    scores: NDArray[np.float32],
    life: NDArray[np.int64],
    place: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the mean survival over members as arrays, a few lives at a time. Shape (batch, time).

    Args:
        model: Trained.
        vectors: Shape (batch, feature).
        scores: Shape (life, time, sensor).
        life: Shape (batch,).
        place: Shape (batch,).
    """
    model.eval()
    survival = np.empty((len(vectors), model.head.biases[-1].shape[-1]))
    at_once = max(1, _PLACES_AT_ONCE // max(1, scores.shape[1]))
    with torch.no_grad():
        for first in range(0, len(scores), at_once):
            rows = np.flatnonzero((life >= first) & (life < first + at_once))
            own = torch.from_numpy(scores[first : first + at_once])
            where = torch.from_numpy(life[rows] - first), torch.from_numpy(place[rows])
            logits = model(torch.from_numpy(vectors[rows]), own, *where)
            curves = torch.exp(torch.cumsum(nn.functional.logsigmoid(-logits), dim=-1))
            survival[rows] = curves.mean(dim=0).numpy()
    return survival
