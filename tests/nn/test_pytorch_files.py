"""PyTorch's states in models of ours, and back: layouts, names, and files that do not fit."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import layers

IMAGE = (2, 3, 8, 8)


def numbers(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def filled(shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    return {name: numbers(*shape, seed=i) for i, (name, shape) in enumerate(shapes.items())}


def state_of(model: nn.Module) -> dict[str, Any]:
    return model.state_dict()


def unchanged(model: nn.Module, before: dict[str, Any]) -> bool:
    return all(np.array_equal(value, before[name], equal_nan=True) for name, value in model.state_dict().items())


def made(kind: type[nn.Module]) -> nn.Module:
    """A layer of a class, from the first arguments that suit it."""
    for args in ((), (2,), (2, 1), (2, 2), (2, 2, 1), (1, 2), (0.5, 0.5), (np.sin,), ((2,),)):
        try:
            return kind(*args)
        except (TypeError, ValueError):
            continue
    raise AssertionError(f"no arguments for {kind.__name__}: add some above")


def test_the_table_names_every_layer_with_parameters() -> None:
    kinds = [getattr(layers, name) for name in layers.__all__]
    with_parameters = {kind for kind in kinds if any("." not in name for name, _ in made(kind).named_parameters())}
    # An InstanceNorm2d learns something only if it is asked to.
    assert with_parameters | {layers.InstanceNorm2d} == set(nn.pytorch.TRANSPOSED)


LAYERS: dict[str, tuple[Callable[[], nn.Module], Callable[[Any], Any], tuple[int, ...]]] = {
    "linear": (lambda: nn.Affine(5, 3), lambda t: t.Linear(5, 3), (4, 5)),
    "linear without bias": (lambda: nn.Affine(5, 3, False), lambda t: t.Linear(5, 3, False), (4, 5)),
    "conv1d": (lambda: nn.Conv1d(4, 6, 3, groups=2), lambda t: t.Conv1d(4, 6, 3, groups=2), (2, 4, 7)),
    "conv2d": (lambda: nn.Conv2d(3, 4, (3, 2), padding=1), lambda t: t.Conv2d(3, 4, (3, 2), padding=1), IMAGE),
    "conv3d": (lambda: nn.Conv3d(2, 3, 2), lambda t: t.Conv3d(2, 3, 2), (2, 2, 4, 4, 4)),
    "conv transpose 1d": (lambda: nn.ConvTranspose1d(4, 2, 3), lambda t: t.ConvTranspose1d(4, 2, 3), (2, 4, 5)),
    "conv transpose 2d": (
        lambda: nn.ConvTranspose2d(4, 6, 3, stride=2, groups=2),
        lambda t: t.ConvTranspose2d(4, 6, 3, stride=2, groups=2),
        (2, 4, 5, 5),
    ),
    "conv transpose 3d": (lambda: nn.ConvTranspose3d(2, 3, 2), lambda t: t.ConvTranspose3d(2, 3, 2), (2, 2, 3, 3, 3)),
    "batch norm 1d": (lambda: nn.BatchNorm1d(5), lambda t: t.BatchNorm1d(5), (4, 5)),
    "batch norm 2d": (lambda: nn.BatchNorm2d(3), lambda t: t.BatchNorm2d(3), IMAGE),
    "batch norm 3d": (lambda: nn.BatchNorm3d(3), lambda t: t.BatchNorm3d(3), (2, 3, 2, 2, 2)),
    "instance norm": (
        lambda: nn.InstanceNorm2d(3, affine=True, track_running_stats=True),
        lambda t: t.InstanceNorm2d(3, affine=True, track_running_stats=True),
        IMAGE,
    ),
    "group norm": (lambda: nn.GroupNorm(2, 4), lambda t: t.GroupNorm(2, 4), (2, 4, 3)),
    "layer norm": (lambda: nn.LayerNorm((3, 4)), lambda t: t.LayerNorm((3, 4)), (2, 3, 4)),
    "rms norm": (lambda: nn.RMSNorm(4), lambda t: t.RMSNorm(4), (2, 3, 4)),
    "prelu": (lambda: nn.PReLU(3), lambda t: t.PReLU(3), IMAGE),
    "rnn": (lambda: nn.RNN(5, 4, 2), lambda t: t.RNN(5, 4, 2, batch_first=True), (2, 6, 5)),
    "lstm": (
        lambda: nn.LSTM(5, 4, 2, bidirectional=True),
        lambda t: t.LSTM(5, 4, 2, bidirectional=True, batch_first=True),
        (2, 6, 5),
    ),
    "gru": (lambda: nn.GRU(5, 4, 2), lambda t: t.GRU(5, 4, 2, batch_first=True), (2, 6, 5)),
    "rnn cell": (lambda: nn.RNNCell(5, 4), lambda t: t.RNNCell(5, 4), (2, 5)),
    "lstm cell": (lambda: nn.LSTMCell(5, 4), lambda t: t.LSTMCell(5, 4), (2, 5)),
    "gru cell": (lambda: nn.GRUCell(5, 4), lambda t: t.GRUCell(5, 4), (2, 5)),
    "transformer": (
        lambda: nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0),
        lambda t: t.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True),
        (2, 5, 8),
    ),
}


def shaken(theirs: Any) -> Any:
    """A PyTorch module whose parameters and buffers are no defaults, in evaluation."""
    import torch

    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for value in theirs.state_dict().values():
            if value.is_floating_point():
                value.copy_(torch.rand(value.shape, generator=random) * 0.5 + 0.1)
            else:
                value.fill_(7)
    return theirs.eval()


def first(output: Any) -> Any:
    while isinstance(output, tuple):
        output = output[0]
    return output


@pytest.mark.parametrize("name", LAYERS)
def test_layers_compute_what_pytorch_s_do_and_go_back(name: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle")
    save = pytest.importorskip("safetensors.torch", reason="the files are safetensors").save_file
    make, their_make, shape = LAYERS[name]
    ours, theirs = make().eval(), shaken(their_make(torch.nn))
    x = numbers(*shape)
    save(theirs.state_dict(), tmp_path / "theirs.safetensors")
    assert nn.pytorch.load(ours, tmp_path / "theirs.safetensors") == ([], [])
    with torch.no_grad():
        expected = first(theirs(torch.tensor(x))).numpy()
    np.testing.assert_allclose(first(ours(x)).data, expected, rtol=1e-4, atol=1e-5)
    back = their_make(torch.nn)
    back.load_state_dict({key: torch.from_numpy(value) for key, value in nn.pytorch.state_dict(ours).items()})
    for key, value in back.state_dict().items():
        assert torch.equal(value, theirs.state_dict()[key]), key


def test_embedding_and_attention() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle")
    table, their_table = nn.Embedding(6, 4), torch.nn.Embedding(6, 4)
    nn.pytorch.load(table, their_table.state_dict())
    np.testing.assert_array_equal(table([[1, 5]]).data, their_table(torch.tensor([[1, 5]])).detach().numpy())
    ours, theirs = nn.MultiHeadAttention(8, 2), shaken(torch.nn.MultiheadAttention(8, 2, batch_first=True))
    nn.pytorch.load(ours, theirs.state_dict())
    x, y = numbers(2, 3, 8), numbers(2, 5, 8, seed=1)
    a, b = torch.tensor(x), torch.tensor(y)
    np.testing.assert_allclose(ours(x, y).data, theirs(a, b, b)[0].detach().numpy(), rtol=1e-4)


# ------------------------------------------------------------------------------------------------------------ names
def vgg_like() -> nn.Sequential:
    return nn.Sequential(
        *itertools.chain(*[(nn.Conv2d(2, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU()) for _ in range(12)]),
        nn.Flatten(),
        nn.Affine(8, 3),
    )


def test_modules_are_paired_in_the_order_of_numbers_not_of_text() -> None:
    source, model = vgg_like(), vgg_like()
    for i, p in enumerate(source.parameters()):
        p.assign(numbers(*p.shape, seed=i))
    state = {f"net.{k}": v for k, v in nn.pytorch.state_dict(source).items()}
    # As a file has it, and old ones do: sorted, and without the counts.
    state = {k: state[k] for k in sorted(state) if not k.endswith("num_batches_tracked")}
    loaded = nn.pytorch.load(model, state)
    assert loaded.unexpected == []
    assert [name.rpartition(".")[2] for name in loaded.missing] == ["num_batches_tracked"] * 12
    assert unchanged(model, source.state_dict())


def test_ambiguous_names_load_nothing() -> None:
    model = nn.Sequential(nn.Affine(3, 3), nn.ReLU(), nn.Affine(3, 3))
    before = state_of(model)
    state = filled({f"{n}.{leaf}": s for n in ("up", "down") for leaf, s in (("weight", (3, 3)), ("bias", (3,)))})
    with pytest.raises(
        ValueError,
        match=r"(?s)nothing was loaded:.*pass names=.*bias \(3,\), weight \(3, 3\): the names 'up', 'down' do not tell "
        r"which is which of '0', '2'",
    ):
        nn.pytorch.load(model, state)
    assert unchanged(model, before)
    nn.pytorch.load(model, state, names={"up": "0", "down": "2"})
    np.testing.assert_array_equal(model[0].weight.data, state["up.weight"].T)
    np.testing.assert_array_equal(model[2].weight.data, state["down.weight"].T)


def test_names_map_prefixes_of_whole_parts_the_longest_first() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            self.body = nn.Sequential(nn.Affine(2, 2), nn.Affine(2, 2, bias=False))
            self.scale = nn.Parameter([1.0, 2.0], dtype=np.float32)

    model = Net()
    state = filled({"module.a.weight": (2, 2), "module.a.bias": (2,), "module.a.1.w": (2, 2), "module.s": (2,),
                    "module.aux.weight": (9, 9)})  # fmt: skip
    names = {"module": "", "module.a": "body.0", "module.a.1.w": "body.1.weight", "module.s": "scale",
             "module.aux": None}  # fmt: skip
    assert nn.pytorch.load(model, state, names) == ([], [])
    np.testing.assert_array_equal(model.body[1].weight.data, state["module.a.1.w"].T)
    np.testing.assert_array_equal(model.scale.data, state["module.s"])
    back = nn.pytorch.state_dict(model, {k: v for k, v in names.items() if v})
    assert {k: v.shape for k, v in back.items()} == {k: v.shape for k, v in state.items() if "aux" not in k}
    for bad, message in [({"a": 3}, "text to text"), (["a"], "must be a mapping")]:
        with pytest.raises(TypeError, match=message):
            nn.pytorch.load(model, state, bad)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"'x.weight' and 'y.weight' are both to be 'weight'"):
        nn.pytorch.load(nn.Affine(1, 1), filled({"x.weight": (1, 1), "y.weight": (1, 1)}), {"x": "", "y": ""})
    with pytest.raises(ValueError, match=r"two arrays would have the name 'a.weight'"):
        nn.pytorch.state_dict(model.body, {"a.weight": "0.weight", "a": "1"})


def test_all_differences_are_listed_and_nothing_is_loaded() -> None:
    model = nn.Sequential(nn.Affine(2, 3), nn.Affine(3, 1))
    before = state_of(model)
    state = filled({"0.weight": (3, 2), "0.bias": (4,), "1.weight": (3, 1), "2.bias": (1,)})
    with pytest.raises(ValueError, match="nothing was loaded") as caught:
        nn.pytorch.load(model, state)
    for part in (
        "missing: '1.bias'", "unexpected: '2.bias'", "'0.bias' for '0.bias': expected shape (3,), got (4,)",
        "'1.weight' for '1.weight': expected shape (1, 3) in PyTorch's layout, got (3, 1)",
    ):  # fmt: skip
        assert part in str(caught.value)
    assert unchanged(model, before)
    del state["0.bias"], state["1.weight"]
    assert nn.pytorch.load(model, state, strict=False) == (["0.bias", "1.weight", "1.bias"], ["2.bias"])
    np.testing.assert_array_equal(model[0].weight.data, state["0.weight"].T)
    with pytest.raises(ValueError, match="no name is the same on both sides"):
        nn.pytorch.load(model, {"x": np.ones(1)}, names={}, strict=False)
    with pytest.raises(ValueError, match=r"with bias \(3,\), weight \(3, 2\): '0' in the model, none in the state"):
        nn.pytorch.load(model, {"x": np.ones(1)})


def test_what_is_shared_has_all_its_names() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            self.embedding, self.head = nn.Embedding(5, 3), nn.Affine(5, 3, bias=False)
            self.also = self.embedding

    model = Tied()
    both = numbers(5, 3)
    assert set(nn.pytorch.state_dict(model)) == {"embedding.weight", "also.weight", "head.weight"}
    own = nn.pytorch.state_dict(model)
    # PyTorch has both names; a file without duplicates has either.
    for names in (["embedding.weight"], ["also.weight"], ["embedding.weight", "also.weight"]):
        nn.pytorch.load(model, {**dict.fromkeys(names, both), "head.weight": own["head.weight"]})
        np.testing.assert_array_equal(model.embedding.weight.data, both)
        both = both + 1
    with pytest.raises(ValueError, match=r"'also.weight' differs from another array for 'embedding.weight', which"):
        nn.pytorch.load(model, {**own, "also.weight": own["also.weight"] + 1})


# ------------------------------------------------------------------------------------------------------ torchvision
def resnet18_keys(classes: int = 1000) -> dict[str, tuple[int, ...]]:
    """The names and shapes of torchvision's resnet18, in its order."""
    keys: dict[str, tuple[int, ...]] = {"conv1.weight": (64, 3, 7, 7)}

    def norm(name: str, n: int) -> None:
        keys.update({f"{name}.{leaf}": (n,) for leaf in ("weight", "bias", "running_mean", "running_var")})
        keys[f"{name}.num_batches_tracked"] = ()

    norm("bn1", 64)
    before = 64
    for stage, filters in enumerate((64, 128, 256, 512), 1):
        for block in range(2):
            at = f"layer{stage}.{block}"
            for i in (1, 2):
                keys[f"{at}.conv{i}.weight"] = (filters, before if i == 1 else filters, 3, 3)
                norm(f"{at}.bn{i}", filters)
            if block == 0 and stage > 1:
                keys[f"{at}.downsample.0.weight"] = (filters, before, 1, 1)
                norm(f"{at}.downsample.1", filters)
            before = filters
    keys["fc.weight"], keys["fc.bias"] = (classes, 512), (classes,)
    return keys


def zeros_of(shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    """Arrays without memory that say which they are."""
    return {
        name: np.broadcast_to(np.asarray(i, np.int64 if name.endswith("tracked") else np.float32), shape)
        for i, (name, shape) in enumerate(shapes.items())
    }


def test_torchvision_s_resnet18_loads_and_goes_back() -> None:
    keys = resnet18_keys(10)
    assert len(keys) == 122
    model = nn.models.ResNet(18, classes=10, init=nn.init.zeros)
    state = zeros_of(keys)
    assert nn.pytorch.load(model, {k: state[k] for k in sorted(state)}) == ([], [])
    block = model.stages.stage3[0]
    order = list(keys)
    assert block.sum.shortcut.conv.weight.data[0, 0, 0, 0] == order.index("layer3.0.downsample.0.weight")
    assert block.sum.body.norm2.running_var.data[0] == order.index("layer3.0.bn2.running_var")
    back = nn.pytorch.state_dict(model, nn.pytorch.torchvision_names(model))
    assert {k: v.shape for k, v in back.items()} == keys
    for name, value in back.items():
        assert np.all(value == order.index(name)), name
    before = state_of(model)
    with pytest.raises(ValueError, match=r"'fc.bias' for 'classifier.affine.bias': expected shape \(10,\), got \(9,\)"):
        nn.pytorch.load(model, {**state, "fc.bias": np.ones(9, np.float32)})
    assert unchanged(model, before)
    body = {**nn.pytorch.torchvision_names(model), "fc": None}
    assert nn.pytorch.load(model, state, body, strict=False).missing == [
        "classifier.affine.weight", "classifier.affine.bias"
    ]  # fmt: skip


def test_torchvision_s_vgg_and_alexnet() -> None:
    def two(name: str, *shape: int) -> dict[str, tuple[int, ...]]:
        return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}

    vgg = nn.models.VGG(11, 10, size=32, init=nn.init.zeros)
    channels = [(3, 64), (64, 128), (128, 256), (256, 256), (256, 512), (512, 512), (512, 512), (512, 512)]
    keys: dict[str, tuple[int, ...]] = {}
    for i, (a, b) in zip((0, 3, 6, 8, 11, 13, 16, 18), channels, strict=True):
        keys |= two(f"features.{i}", b, a, 3, 3)
    keys |= two("classifier.0", 4096, 512) | two("classifier.3", 4096, 4096) | two("classifier.6", 10, 4096)
    assert nn.pytorch.load(vgg, zeros_of(keys)) == ([], [])
    assert vgg.features.conv4_1.bias.data[0] == list(keys).index("features.11.bias")
    alexnet = nn.models.AlexNet(10, size=63, towers=1, init=nn.init.zeros)
    keys = {}
    for i, shape in {0: (64, 3, 11, 11), 3: (192, 64, 5, 5), 6: (384, 192, 3, 3), 8: (256, 384, 3, 3),
                     10: (256, 256, 3, 3)}.items():  # fmt: skip
        keys |= two(f"features.{i}", *shape)
    keys |= two("classifier.1", 4096, 256) | two("classifier.4", 4096, 4096) | two("classifier.6", 10, 4096)
    assert nn.pytorch.load(alexnet, zeros_of(keys)) == ([], [])
    assert alexnet.classifier.affine1.bias.data[0] == list(keys).index("classifier.1.bias")
    with pytest.raises(ValueError, match="this one has two"):
        nn.pytorch.torchvision_names(nn.models.AlexNet(2, size=63, init=nn.init.zeros))
    with pytest.raises(TypeError, match="expected a ResNet, VGG or AlexNet"):
        nn.pytorch.torchvision_names(nn.models.LeNet5())


# --------------------------------------------------------------------------------------------------- numbers, files
def test_other_floating_types_are_converted(tmp_path: Path) -> None:
    half = {"weight": numbers(3, 2).astype(np.float16), "bias": np.ones(3, np.float16)}
    model = nn.Affine(2, 3)
    nn.save(half, tmp_path / "half.npz")
    nn.pytorch.load(model, tmp_path / "half.npz")
    np.testing.assert_array_equal(model.weight.data, half["weight"].T.astype(np.float32), strict=True)
    small = nn.Affine(2, 3, dtype=np.float16)
    nn.pytorch.load(small, {"weight": numbers(3, 2), "bias": np.array([np.inf, np.nan, 0], np.float32)})
    assert small.weight.dtype == np.float16
    before = state_of(small)
    with pytest.raises(ValueError, match=r"'weight' for 'weight': float16 cannot hold its numbers, .* 70000"):
        nn.pytorch.load(small, {"weight": np.full((3, 2), 7e4), "bias": np.zeros(3)})
    with pytest.raises(ValueError, match="'weight' for 'weight': expected dtype float16, got int64"):
        nn.pytorch.load(small, {"weight": np.ones((3, 2), int), "bias": np.zeros(3)})
    assert unchanged(small, before)


def test_bfloat16_of_torch(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle")
    save = pytest.importorskip("safetensors.torch", reason="the files are safetensors").save_file
    theirs = shaken(torch.nn.Linear(3, 2)).to(torch.bfloat16)
    save(theirs.state_dict(), tmp_path / "brain.safetensors")
    for source in (tmp_path / "brain.safetensors", theirs.state_dict()):
        model = nn.Affine(3, 2)
        nn.pytorch.load(model, source)
        np.testing.assert_array_equal(model.weight.data, theirs.weight.detach().float().numpy().T)


def test_bad_sources_leave_the_model_untouched(tmp_path: Path) -> None:
    model = nn.Affine(2, 3)
    before = state_of(model)
    nn.save(nn.pytorch.state_dict(model), tmp_path / "cut.npz")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "cut.npz").read_bytes()[:-30])
    cases: list[tuple[Any, type[Exception], str]] = [
        (tmp_path / "cut.npz", ValueError, "not a readable .npz file"),
        (tmp_path / "none.safetensors", FileNotFoundError, "there is no file"),
        ("model.pt", ValueError, "can hold code, which is never run here"),
        (model, TypeError, r"got Affine; pass its .state_dict\(\)"),
        ({3: np.ones(1)}, TypeError, "names must be text, got 3"),
        ({"weight": np.array([None])}, TypeError, "'weight' must hold real numbers, got dtype object"),
    ]
    for source, error, message in cases:
        with pytest.raises(error, match=message):
            nn.pytorch.load(model, source)
    assert unchanged(model, before)
    with pytest.raises(TypeError, match=r"nn.pytorch.load: expected a Module, got dict"):
        nn.pytorch.load({}, {})  # type: ignore[arg-type]
    nn.pytorch.load(model, {"weight": mg.Tensor(np.ones((3, 2))), "bias": np.zeros(3)})
    assert model.weight.data.all()
