"""Networks that are trained once for all tests of compression."""

from copy import deepcopy

import pytest

from train.determinism import deterministic

from . import small


@pytest.fixture(autouse=True)
def _determinism():
    with deterministic():
        yield


@pytest.fixture(scope="session")
def parts():
    return small.parts()


@pytest.fixture(scope="session")
def _networks(parts):
    with deterministic():
        return {text: small.trained(text, parts) for text in (small.CONV, small.DENSE)}


@pytest.fixture
def conv(_networks):
    return deepcopy(_networks[small.CONV])


@pytest.fixture
def dense(_networks):
    return deepcopy(_networks[small.DENSE])
