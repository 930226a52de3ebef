"""What the guide shows of this fake happens."""

from __future__ import annotations

from tests.integration.docs.documents import GUIDE, SETTINGS, first_cells, section, titled


def test_a_model_that_calls_a_tool(fakes, fake, client, problems):
    exec(titled("a model that calls a tool"), {"fakes": fakes, "client": client})
    fake.assert_called(times=2)
    assert problems() == []


def test_the_table_of_scripts_names_every_method(fake):
    documented = {cell.partition("(")[0] for cell in first_cells(section(GUIDE, "### The fake of OpenAI"))}
    assert documented == {name for name in dir(fake) if name.startswith("reply")}


def test_its_options_are_documented(fake):
    documented = first_cells(section(SETTINGS, "## `[tool.seatrial.fakes]`").partition("kind `openai`")[2])
    assert documented == list(fake.options)
