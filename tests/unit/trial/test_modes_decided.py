"""Which fakes are live: what is asked for, what the tables say, what a live run needs."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from seatrial.config import load_settings
from seatrial.errors import SettingsError
from seatrial.trial.environment import Environment
from seatrial.trial.modes import decide_modes
from seatrial.trial.network import make_guard

TABLES = """
[tool.seatrial.env]
OPENAI_BASE_URL = "{fakes.openai.url}/v1"
PAYMENTS_URL = "{fakes.payments.url}"
OPENAI_API_KEY = "not-a-key"
[tool.seatrial.fakes]
openai = { live = { url = "https://api.openai.com/", env = ["OPENAI_API_KEY", "OPENAI_ORG"] } }
payments = { kind = "openai", live = { url = "$PAYMENTS_URL", env = ["PAYMENTS_KEY"] } }
local = { kind = "openai", mode = "mock" }
"""
EVERYTHING = {
    "OPENAI_API_KEY": "sk-real",
    "OPENAI_ORG": "org",
    "PAYMENTS_URL": "http://pay.internal:8080/base",
    "PAYMENTS_KEY": "pk-real",
}


@pytest.fixture
def decide(tmp_path: Path):
    def decide(option=None, tables=TABLES, **environ):
        file = tmp_path / "pyproject.toml"
        file.write_text("[tool.seatrial]\n" + tables, encoding="utf-8")
        return decide_modes(load_settings(file), option=option, environ=environ)

    return decide


def refusal(decide, *arguments, **keywords) -> SettingsError:
    with pytest.raises(SettingsError) as refused:
        decide(*arguments, **keywords)
    return refused.value


@pytest.mark.parametrize("word", ["", "mock", "ci", "integration", "openai", "a=b"])
def test_every_fake_is_mocked_unless_a_mode_of_ours_is_asked_for(decide, word):
    modes = decide(TEST_MODE=word)
    assert modes.live == {}
    assert modes.mocked == ("openai", "payments", "local")
    assert modes.kept == ()
    assert (modes.is_live(), modes.is_mocked()) == (False, True)


def test_a_live_run_makes_every_fake_live_that_its_table_does_not_pin(decide):
    modes = decide(TEST_MODE="LIVE", **EVERYTHING)
    assert modes.live == {"openai": "https://api.openai.com", "payments": "http://pay.internal:8080/base"}
    assert modes.mocked == ("local",)
    assert modes.hosts == ("api.openai.com", "pay.internal")
    assert modes.kept == ("OPENAI_API_KEY", "OPENAI_ORG", "PAYMENTS_KEY")
    assert set(modes.captured) == {"TEST_MODE", *EVERYTHING}


def test_single_fakes_are_named_and_the_option_wins_over_the_variable(decide):
    assert list(decide("openai=live", TEST_MODE="live", **EVERYTHING).live) == ["openai"]
    assert list(decide("live, openai=mock", **EVERYTHING).live) == ["payments"]
    assert list(decide(TEST_MODE="payments=live", **EVERYTHING).live) == ["payments"]
    assert decide("mock", TEST_MODE="live").live == {}


def test_markers_ask_for_all_of_their_fakes(decide):
    modes = decide("openai=live", **EVERYTHING)
    assert (modes.is_live(), modes.is_mocked()) == (True, False)
    assert (modes.is_live(["openai"]), modes.is_mocked(["openai"])) == (True, False)
    assert (modes.is_live(["openai", "payments"]), modes.is_mocked(["payments", "local"])) == (False, True)
    assert modes.is_mocked(["payments", "openai"]) is False
    nothing = decide("live", tables="")
    assert (nothing.is_live(), nothing.is_mocked()) == (True, True)


def test_all_missing_variables_of_all_live_fakes_are_one_error_without_values(decide):
    error = refusal(decide, "live", OPENAI_API_KEY="sk-real", OPENAI_ORG=" ")
    assert error.code == "mode.credentials"
    assert error.detail.splitlines() == ["  openai: OPENAI_ORG", "  payments: PAYMENTS_URL, PAYMENTS_KEY"]
    assert "sk-real" not in str(error)


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("https://gpu.internal/v1", "https://gpu.internal"),
        ("https://gpu.internal:8443/openai/v1/", "https://gpu.internal:8443/openai"),
    ],
)
def test_a_variable_made_of_the_fakes_url_gives_the_part_that_the_fake_replaces(decide, value, url):
    tables = TABLES.replace('"https://api.openai.com/"', '"$OPENAI_BASE_URL"')
    modes = decide("openai=live", tables=tables, **EVERYTHING, OPENAI_BASE_URL=value)
    assert modes.live == {"openai": url}


@pytest.mark.parametrize(
    "value", ["https://gpu.internal", "postgresql://u:hunter2@db/v1", "https://u:hunter2@gpu/v1", "gpu/v1"]
)
def test_a_variable_without_a_usable_url_is_named_and_not_shown(decide, value):
    tables = TABLES.replace('"https://api.openai.com/"', '"$OPENAI_BASE_URL"')
    error = refusal(decide, "openai=live", tables=tables, **EVERYTHING, OPENAI_BASE_URL=value)
    assert error.code == "mode.url"
    assert "OPENAI_BASE_URL" in str(error)
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    ("option", "code", "words"),
    [
        ("record", "mode.not-served", "'record'"),
        ("openai=replay", "mode.not-served", "'replay'"),
        ("alive", "mode.unknown", "Did you mean 'live'?"),
        ("openai=", "mode.unknown", "''"),
        ("opena=live", "mode.unknown", "Did you mean 'openai'?"),
        ("live,mock", "mode.unknown", "twice"),
        ("openai=live,openai=mock", "mode.unknown", "twice"),
        ("local=live", "mode.no-service", "local"),
    ],
)
def test_what_cannot_be_served_is_refused_with_its_cause(decide, option, code, words):
    error = refusal(decide, option, **EVERYTHING)
    assert error.code == code
    assert words in str(error)


def test_a_variable_is_ours_only_as_a_whole(decide):
    assert refusal(decide, TEST_MODE="live,nightly").code == "mode.unknown"
    assert refusal(decide, TEST_MODE="openai=lvie").code == "mode.unknown"


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ('openai = { mode = "live" }', "settings.bad-value"),
        ('openai = { live = { env = ["A"] } }', "settings.missing-key"),
        ('openai = { live = { url = "https://x", header = "A" } }', "settings.unknown-key"),
        ('openai = { live = { url = "postgresql://db/x" } }', "mode.url"),
        ('openai = { live = { url = "https://x?key=1" } }', "mode.url"),
        ('openai = { live = { url = "https://x", env = ["DATABASE_URL"] } }', "settings.bad-value"),
        ('openai = { live = { url = "https://x", env = ["STORE"] } }', "settings.bad-value"),
    ],
)
def test_a_wrong_table_is_told_in_mock_mode_too(decide, table, code):
    tables = (
        f'[tool.seatrial.database]\n[tool.seatrial.env]\nSTORE = "{{database.url}}"\n'
        f"[tool.seatrial.fakes]\n{table}\n"
    )
    assert refusal(decide, tables=tables).code == code


def test_credentials_keep_their_value_and_workers_see_what_the_controller_saw(tmp_path):
    file = tmp_path / "pyproject.toml"
    file.write_text("[tool.seatrial]\n" + TABLES, encoding="utf-8")
    settings = load_settings(file)
    environ = {**EVERYTHING, "TEST_MODE": "openai=live"}
    controller = Environment(environ)
    modes = decide_modes(settings, option=None, environ=controller.inherited)
    controller.apply(settings, {"OPENAI_API_KEY": "not-a-key", "PAYMENTS_KEY": "none"}, {}, modes=modes)
    assert environ["OPENAI_API_KEY"] == "sk-real"
    assert environ["PAYMENTS_KEY"] == "none", "it is of a fake that is not live"
    worker = dict(environ, TEST_MODE="mock", OPENAI_ORG="of a conftest")
    seen = Environment(worker).inherited
    assert decide_modes(settings, option=None, environ=seen) == modes
    assert (seen["OPENAI_ORG"], seen["PAYMENTS_KEY"]) == ("org", "pk-real")
    environ["OPENAI_API_KEY"] = "sk-other"
    with pytest.raises(SettingsError) as changed:
        controller.check_unchanged()
    assert "OPENAI_API_KEY" in str(changed.value)
    assert "sk-other" not in str(changed.value)
    controller.restore()
    assert environ == {**EVERYTHING, "TEST_MODE": "openai=live"}


def test_a_kept_variable_may_lead_to_the_live_hosts_only(tmp_path):
    file = tmp_path / "pyproject.toml"
    file.write_text(
        '[tool.seatrial]\n[tool.seatrial.fakes]\nopenai = { live = { url = "https://store.example.com", '
        'env = ["REDIS_URL"] } }\n',
        encoding="utf-8",
    )
    settings = load_settings(file)
    for host, refused in (("store.example.com", False), ("prod.example.com", True)):
        environ = {"REDIS_URL": f"redis://{host}:6379/0"}
        environment = Environment(environ)
        modes = decide_modes(settings, option="live", environ=environ)
        if refused:
            with pytest.raises(SettingsError) as error:
                environment.apply(settings, {}, {}, modes=modes)
            assert error.value.code == "env.remote-host"
        else:
            environment.apply(settings, {}, {}, modes=modes)


def test_tests_reach_what_the_run_names_and_nothing_else(tmp_path):
    file = tmp_path / "pyproject.toml"
    file.write_text('[tool.seatrial]\nallow_hosts = ["10.0.0.7"]\n' + TABLES, encoding="utf-8")
    settings = load_settings(file)
    places = [("127.0.0.1", 6000), ("10.0.0.8", 5432)]
    modes = decide_modes(settings, option="openai=live", environ=EVERYTHING)
    guard = make_guard(settings, modes, places)
    for host in ("10.0.0.7", "10.0.0.8"):
        guard.connecting(host, 443)
    guard.looking_up("API.openai.com.", 443)
    for host in ("10.0.0.9", "93.184.216.34"):
        with pytest.raises(ConnectionRefusedError):
            make_guard(settings, decide_modes(settings, option="mock", environ={}), places).connecting(
                host, 1
            )
    with pytest.raises(socket.gaierror):
        guard.looking_up("pay.internal", 8080)
