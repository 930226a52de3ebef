"""The suite of the data application has its promised scenarios and names; guides and contract agree."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

APP = Path(__file__).parents[3] / "examples" / "databricks_app"
TESTS = APP / "tests"
SCENARIOS = {
    "test_lakebase_full_flow.py": """
        test_list_is_empty_at_first test_isolation_between_users test_create_preference
        test_same_key_updates test_delete_preference test_lakebase_not_configured_is_503_on_every_verb
        test_invalid_key_is_400_with_details
    """,
    "test_unity_catalog_full_flow.py": """
        test_list_catalogs test_list_schemas test_list_table_names test_list_tables_with_metadata
        test_query_a_page test_query_with_filters test_query_without_permission_is_403
        test_query_of_an_unknown_table_is_404 test_query_with_a_bad_limit_or_offset_is_400
    """,
    "test_model_serving_full_flow.py": """
        test_list_endpoints test_endpoint_details test_unknown_endpoint_is_404 test_schema_with_an_example
        test_invoke_a_model test_an_invocation_is_logged_with_the_user
        test_logs_are_paged_and_only_ones_own test_a_model_that_takes_too_long_is_503
        test_invalid_input_is_400 test_logs_without_lakebase_are_503
    """,
    "test_cross_service_workflows.py": """
        test_browse_query_invoke_and_log test_preferences_change_a_query
        test_several_users_at_once_stay_apart test_the_history_after_many_invocations_is_complete
    """,
    "test_error_recovery.py": """
        test_database_gone_and_back test_model_fails_once_and_then_succeeds
        test_permission_revoked_in_mid_session_is_403_at_once test_a_corrupt_row_does_not_crash_the_list
    """,
    "test_pagination_comprehensive.py": """
        test_two_hundred_preferences_by_fifty test_five_hundred_logs_by_several_limits
        test_a_table_of_a_hundred_thousand_rows test_edges_of_pages
    """,
    "test_concurrency.py": """
        test_ten_save_at_once test_ten_invocations_at_once test_reads_and_writes_of_one_key
        test_one_table_read_by_many
    """,
}
MODULES = {
    "server/routers": {"lakebase.py", "unity_catalog.py", "model_serving.py", "user.py"},
    "server/services": {
        "lakebase_service.py",
        "unity_catalog_service.py",
        "model_serving_service.py",
        "schema_detection_service.py",
        "user_service.py",
    },
    "server/models": {
        "user_preference.py",
        "model_inference.py",
        "data_source.py",
        "schema_detection_result.py",
        "base.py",
    },
}


def methods(path: Path) -> dict[str, list[str]]:
    """The test classes of a file and their tests; what stands outside of a class is under an empty name."""
    found: dict[str, list[str]] = {"": []}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = [part.name for part in node.body if _is_test(part)]
        elif _is_test(node):
            found[""].append(node.name)
    return found


def _is_test(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")


def test_seven_files_have_the_42_scenarios_in_their_order() -> None:
    found = {}
    for name in SCENARIOS:
        ((_, scenarios),) = [
            (key, tests) for key, tests in methods(TESTS / "integration" / name).items() if key
        ]
        found[name] = scenarios
    assert found == {name: listed.split() for name, listed in SCENARIOS.items()}
    assert [len(scenarios) for scenarios in found.values()] == [7, 9, 10, 4, 4, 4, 4]


def test_the_readme_counts_them() -> None:
    listed = re.findall(r"^\| `(test_\w+\.py)` \| (\d+) \|", (APP / "README.md").read_text(), re.MULTILINE)
    assert {name: int(count) for name, count in listed} == {
        name: len(names.split()) for name, names in SCENARIOS.items()
    }


def test_what_old_commands_select_is_there() -> None:
    lakebase = methods(TESTS / "integration" / "test_lakebase_full_flow.py")
    assert "test_create_preference" in lakebase["TestLakebasePreferencesCRUD"]
    assert lakebase[""] == ["test_create_preference"]
    assert (TESTS / "integration" / "test_multi_user_isolation.py").is_file()
    assert {path.name for path in (TESTS / "contract").glob("test_*.py")} == {
        f"test_{part}_contract.py" for part in ("lakebase", "model_serving", "unity_catalog", "user")
    }
    names = [
        name
        for path in (TESTS / "integration").glob("test_*.py")
        for part in methods(path).values()
        for name in part
    ]
    for word in ("preference", "isolation"):
        assert [name for name in names if word in name], word
    marked = [
        path
        for path in (TESTS / "integration").glob("test_*.py")
        if "mark.integration" not in path.read_text()
    ]
    assert marked == []
    assert "@pytest.mark.slow" in (TESTS / "integration" / "test_pagination_comprehensive.py").read_text()


@pytest.mark.parametrize("folder", MODULES)
def test_the_modules_have_the_planned_names(folder: str) -> None:
    assert {path.name for path in (APP / folder).glob("*.py")} - {"__init__.py"} == MODULES[folder]


def test_the_contract_names_every_router_and_service() -> None:
    contract = yaml.safe_load((APP / "contracts" / "coverage-targets.yaml").read_text())
    named = {
        target["directory"]: {module["file"] for module in target["modules"]}
        for target in contract["targets"]
    }
    assert named == {folder: modules for folder, modules in MODULES.items() if folder != "server/models"}
    assert contract["policy"] == {"minimum_line": 90, "minimum_branch": 90, "fail_under": 90}
    assert all((APP / path).exists() for path in contract["excluded"])


def test_fixtures_come_in_three_scopes_and_the_guide_lists_each() -> None:
    text = (TESTS / "conftest.py").read_text()
    found = re.findall(r'@pytest\.fixture(?:\(scope="(\w+)"\))?\ndef (\w+)', text)
    assert {scope or "function" for scope, _ in found} == {"session", "module", "function"}
    guide = (APP / "TESTING_GUIDE.md").read_text()
    assert [name for _, name in found if f"`{name}`" not in guide] == []


def test_nothing_asks_for_the_mode_and_nothing_sleeps() -> None:
    for path in [*(APP / "server").rglob("*.py"), *TESTS.rglob("*.py")]:
        text = path.read_text()
        assert "TEST_MODE" not in text, path
        assert "unittest" not in text, path
        assert "monkeypatch" not in text, path
        if path.is_relative_to(TESTS):
            assert "time.sleep" not in text, path


def test_the_example_of_an_environment_lists_what_the_application_reads() -> None:
    listed = set(re.findall(r"^([A-Z_]+)=", (APP / ".env.example").read_text(), re.MULTILINE))
    settings = ast.parse((APP / "server" / "settings.py").read_text())
    (fields,) = [node for node in settings.body if isinstance(node, ast.ClassDef)]
    read = {
        node.target.id.upper()
        for node in fields.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assert listed - read == {"TEST_MODE"}
    promised = {
        "PGHOST",
        "PGPORT",
        "PGUSER",
        "PGPASSWORD",
        "PGSSLMODE",
        "LAKEBASE_DATABASE",
        "DATABRICKS_HOST",
    }
    assert promised <= listed


def test_the_pipelines_run_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (APP / "Makefile").read_text(), re.MULTILINE))
    github = yaml.safe_load((APP / ".github" / "workflows" / "tests.yml").read_text())["jobs"]
    commands = [step["run"] for job in github.values() for step in job["steps"] if "run" in step]
    commands += yaml.safe_load((APP / ".gitlab-ci.yml").read_text())["tests"]["script"]
    assert len(commands) > 6
    assert {command.removeprefix("make ") for command in commands} <= targets
    guide = (APP / "TESTING_GUIDE.md").read_text()
    assert {name for name in re.findall(r"`make ([a-z-]+)`", guide) if name not in targets} == set()
