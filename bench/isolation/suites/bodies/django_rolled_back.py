"""The same through Django's ORM and rolled back: what TestCase does, as pytest-django offers it."""

import pytest

from bench.isolation.suites.server import NUMBERS
from bench.isolation.suites.shop.models import Company


@pytest.mark.django_db
@pytest.mark.parametrize("number", NUMBERS)
def test_insert(number: int) -> None:
    Company.objects.create(slug="acme", name=str(number))
    assert Company.objects.count() == 1
