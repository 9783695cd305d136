"""Two networks learn to write, letter by letter, from Shakespeare's sonnets: an LSTM and a Transformer.

    python examples/language_model.py                  half a minute; --epochs 20 writes better

A language model gives each character the probability to come next. The LSTM reads one character after the other, and
carries what it needs in a state; the Transformer looks back at the last 64 with attention. Both are judged by sonnets
that they have not seen: by the bits that a character costs, the mean of -log2 of its probability, and by 2 to that
power, the perplexity, among how many equally likely characters they might as well have guessed. Then they write.

Drawn: the learning curves.

Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; Vaswani et al., Attention Is All You Need, 2017; to
learn from characters, Karpathy, The Unreasonable Effectiveness of Recurrent Neural Networks, 2015.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg
from lesson import figure, parser, save
from minigrad import nn
from minigrad.viz import plots

TEXT = Path(__file__).resolve().parent / "data" / "sonnets" / "sonnets.txt"
CONTEXT = 64
BATCH = 16
PROMPT = "\n\nShall I "

Codes = np.ndarray[Any, np.dtype[np.int64]]


class Text:
    """A text as numbers, one for each different character, of which the last tenth is kept for testing."""

    def __init__(self, text: str) -> None:
        self.characters = sorted(set(text))
        codes = self.encode(text)
        cut = len(codes) * 9 // 10
        self.train, self.test = codes[:cut], codes[cut:]

    def encode(self, text: str) -> Codes:
        """Return the numbers of the characters."""
        return np.array([self.characters.index(c) for c in text])

    def decode(self, codes: Any) -> str:
        """Return the characters of the numbers."""
        return "".join(self.characters[i] for i in codes)


def windows(codes: Codes, step: int) -> tuple[Codes, Codes]:
    """Return excerpts that begin every so many characters, and for each of their characters the one that follows."""
    found = np.lib.stride_tricks.sliding_window_view(codes, CONTEXT + 1)[::step]
    return found[:, :-1], found[:, 1:]


class CharacterLSTM(nn.Module):
    """Vectors for the characters, an LSTM, and the scores of what comes next."""

    def __init__(self, vocabulary: int, width: int, rng: np.random.Generator) -> None:
        self.embedding = nn.Embedding(vocabulary, width, rng=rng)
        self.lstm = nn.LSTM(width, width, batch_first=True, rng=rng)
        self.head = nn.Affine(width, vocabulary, rng=rng)

    def forward(self, codes: Any) -> mg.Tensor:
        """Return the scores, shape (n, length, vocabulary), of what follows characters of shape (n, length)."""
        states, _ = self.lstm(self.embedding(codes))
        scores: mg.Tensor = self.head(states)
        return scores

    def generate(self, prompt: Any, n: int, temperature: float, *, rng: np.random.Generator) -> Codes:
        """Return the prompt, continued by `n` characters, as :meth:`nn.models.TransformerLM.generate` does."""
        codes, state = list(prompt), None
        with mg.no_grad():
            new = np.array([prompt])
            for _ in range(n):
                # The state is all that it knows of what came before: each character is read once.
                states, state = self.lstm(self.embedding(new), state)
                scores = self.head(states[0, -1])
                probabilities = mg.softmax(scores / temperature).numpy().astype(float)
                codes.append(int(rng.choice(len(probabilities), p=probabilities / probabilities.sum())))
                new = np.array([codes[-1:]])
        return np.array(codes)


def models(vocabulary: int, seed: int = 0) -> dict[str, Any]:
    """Return the two networks, untrained."""
    rng = np.random.default_rng(seed)
    return {
        "LSTM": CharacterLSTM(vocabulary, 128, rng),
        "Transformer": nn.models.TransformerLM(
            vocabulary, CONTEXT, width=64, heads=4, layers=2, init=nn.init.xavier_normal, rng=rng
        ),
    }


def loss(scores: Any, codes: Any) -> mg.Tensor:
    """Return the mean cross-entropy per character, in nats."""
    return nn.functional.cross_entropy(scores.reshape(-1, scores.shape[-1]), codes.reshape(-1))


def train(model: nn.Module, text: Text, epochs: int, seed: int = 0) -> nn.History:
    """Train with Adam; the learning rate rises, then falls to 0."""
    x, t = windows(text.train, CONTEXT // 2)
    optimizer = nn.Adam(model.parameters(), lr=5e-3)
    schedule = nn.schedules.OneCycle(epochs * math.ceil(len(x) / BATCH), rise=0.1)
    callback = nn.callbacks.Schedule(nn.Scheduler(optimizer, schedule), per="step")
    trainer = nn.Trainer(model, loss, optimizer, callbacks=[callback], seed=seed)
    return trainer.fit(
        (x, t), epochs, validation=windows(text.test, CONTEXT), batch_size=BATCH, clip_norm=1.0, progress=False
    )


def frequency_bits(text: Text) -> float:
    """Return the bits per test character of a model that knows only how frequent each is."""
    counts = np.bincount(text.train, minlength=len(text.characters)) + 1
    return float(-np.log2(counts / counts.sum())[text.test].mean())


def write(model: Any, text: Text, length: int = 240, seed: int = 0) -> str:
    """Return what a network makes of the prompt; a temperature below 1 keeps to what it is more sure of."""
    rng = np.random.default_rng(seed)
    return text.decode(model.generate(text.encode(PROMPT), length, 0.7, rng=rng)).strip()


def main(arguments: list[str] | None = None) -> None:
    """Let both write, train them, let them write again, and draw."""
    options_parser = parser(__doc__)
    options_parser.add_argument("--epochs", type=int, default=5)
    options = options_parser.parse_args(arguments)
    text = Text(TEXT.read_text("ascii"))
    print(f"{len(text.train):,} characters to learn from, {len(text.test):,} to test with")
    print(f"bits per character: {math.log2(len(text.characters)):.2f} for pure chance, ", end="")
    print(f"{frequency_bits(text):.2f} by how frequent each is")

    curves, bits = {}, {}
    for name, model in models(len(text.characters), options.seed).items():
        print(f"\n--- {name}, {model.count_parameters():,} parameters; untrained, it writes:")
        print(write(model, text, 80, options.seed))
        history = train(model, text, options.epochs, options.seed)
        curves[name] = np.array(history.losses) / math.log(2)
        bits[name] = [value / math.log(2) for value in history["val_loss"]]
        print(f"--- after {options.epochs} epochs and {sum(history.seconds):.0f} s, ", end="")
        print(f"{bits[name][-1]:.2f} bits per character, perplexity {2 ** bits[name][-1]:.1f}:")
        print(write(model, text, seed=options.seed))

    drawing = figure(10, 4)
    left, right = drawing.subplots(1, 2)
    ylabel = "bits per character"
    plots.learning_curves(curves, smooth=20, xlabel="step", ylabel=ylabel, title="Training", ax=left)
    plots.learning_curves(bits, title="Sonnets not seen in training", ax=right)
    save(drawing, options.out, "language_model_curves")


if __name__ == "__main__":
    main()
