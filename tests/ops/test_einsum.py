"""How einsum is computed: every plan gives NumPy's values, and plans are kept."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.ops import _contraction
from minigrad.testing.strategies import arrays, einsum_specs


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let small operands, too, be contracted through matrix products."""
    monkeypatch.setattr(_contraction, "_SMALL", 0)
    _contraction._plan.cache_clear()
    yield
    _contraction._plan.cache_clear()


@pytest.mark.usefixtures("planned")
def test_plans_give_numpys_values() -> None:
    @settings(max_examples=300)
    @given(data=st.data())
    def check(data: Any) -> None:
        subscripts, shapes = data.draw(einsum_specs(max_operands=4))
        operands = [data.draw(arrays(shape)) for shape in shapes]
        y, expected = mg.einsum(subscripts, *operands).numpy(), np.einsum(subscripts, *operands)
        assert y.shape == np.shape(expected)
        np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)

    check()


SPECS = [
    "ij,jk->ik",
    "ij,kj->ik",
    "ji,jk->ki",
    "bij,bjk->bik",
    "bhqd,bhkd->bhqk",
    "ijk,jil->kl",
    "ij,j->i",
    "i,ij->j",
    "ij,ij->",
    "ij,ij->i",
    "bi,bij->bj",
    "i,j->ij",
    "ij,jk,kl->il",
    "ab,bc,cd,de->ae",
    "iij,jk->ik",
    "ijl,jk->ik",
]


@pytest.mark.parametrize("subscripts", SPECS)
@pytest.mark.parametrize("size", [2, 9, 20])
def test_common_contractions(subscripts: str, size: int) -> None:
    rng = np.random.default_rng(size)
    sizes = {c: size + i % 3 for i, c in enumerate(sorted(set(subscripts) - set(",->")))}
    terms = subscripts.split("->")[0].split(",")
    operands = [rng.normal(size=tuple([sizes[c] for c in term])) for term in terms]
    np.testing.assert_allclose(
        mg.einsum(subscripts, *operands).numpy(), np.einsum(subscripts, *operands), rtol=1e-10, atol=1e-10
    )


def test_plans_are_bounded_and_reused() -> None:
    assert _contraction._plan.cache_info().maxsize is not None
    a = np.ones((20, 20))
    mg.einsum("ij,jk,kl->il", a, a, a)
    before = _contraction._plan.cache_info().misses
    mg.einsum("ij,jk,kl->il", a, a, a)
    assert _contraction._plan.cache_info().misses == before


def test_errors() -> None:
    with pytest.raises(TypeError, match="einsum: the subscripts must be a str, got ndarray"):
        mg.einsum(np.ones(2), [0])
    with pytest.raises(ValueError, match=r"einsum: label 'j' .* has sizes 3 and 4"):
        mg.einsum("ij,jk", np.ones((2, 3)), np.ones((4, 2)))
