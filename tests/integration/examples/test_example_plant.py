"""The 74 tests of the plant and their fixtures have the names that were promised; its guides agree."""

from __future__ import annotations

import ast
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

PLANT = Path(__file__).parents[3] / "examples" / "plant"
TOOL = PLANT / "tools" / "coverage_targets.py"
PROMISED = {
    "test_database_connection.py": """
        test_async_engine_created test_pgvector_extension_loaded test_uuid_ossp_extension_loaded
        test_base_entity_table_created test_async_session_lifecycle test_database_connection_timeout
        test_schema_validation test_database_insert_and_retrieve test_connection_pool_properties
        test_multiple_concurrent_connections test_transaction_rollback test_async_context_manager
    """,
    "test_alembic_migrations.py": """
        test_migration_001_base_entity_table_exists test_migration_002_skill_entity_table_exists
        test_skill_entity_has_embedding_column test_migration_creates_indexes
        test_base_entity_primary_key_exists test_skill_entity_inherits_from_base_entity
        test_migration_creates_foreign_keys test_migration_adds_columns_idempotently
        test_all_entity_tables_created test_migrations_maintain_data_integrity
        test_migration_null_constraints
    """,
    "test_rls_policies.py": """
        test_rls_policies_enabled_on_base_entity test_insert_valid_skill test_append_only_enforcement
        test_skill_entity_insert_allowed test_non_null_constraints_enforced
        test_unique_constraint_on_external_id test_primary_key_enforcement test_foreign_key_constraint
        test_check_constraint_status test_insert_skill_with_valid_data test_constraint_violation_handling
    """,
    "test_pgvector_functionality.py": """
        test_pgvector_extension_available test_skill_embedding_column_exists
        test_vector_insert_and_retrieve test_vector_distance_calculation test_vector_index_creation
        test_vector_null_handling test_multiple_vectors_stored test_vector_type_compatibility
        test_embedding_dimension_compatibility
    """,
    "test_audit_trail.py": """
        test_audit_table_exists test_skill_insert_creates_audit_record test_timestamp_immutability
        test_entity_version_tracking test_hash_chain_computation test_append_only_pattern_enforcement
        test_created_at_indexed_for_audit test_audit_log_retention
        test_tamper_detection_via_hash_verification test_sequential_audit_entries
    """,
    "test_connector_pooling.py": """
        test_pool_size_configuration test_max_overflow_configuration
        test_concurrent_connection_acquisition test_connection_reuse test_connection_timeout_handling
        test_pool_exhaustion_handling test_connection_cleanup_after_error
        test_session_lifecycle_connection_release test_nested_transaction_connection_reuse
        test_pool_monitoring_metrics test_readonly_vs_readwrite_pooling
    """,
    "test_transactions.py": """
        test_transaction_commit_atomicity test_transaction_rollback_on_constraint_violation
        test_transaction_isolation_level test_dirty_read_prevention test_repeatable_read_consistency
        test_phantom_read_handling test_serialization_consistency
        test_concurrent_transaction_non_interference test_transaction_deadlock_prevention
        test_transaction_savepoint_support
    """,
}
FIXTURES = {
    "postgres_container",
    "test_db_url",
    "async_engine",
    "async_session",
    "create_test_skill",
    "create_test_industry",
    "create_test_job_role",
    "create_test_agent",
}


def functions(path: Path) -> list[str]:
    tree = ast.parse(path.read_text())
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_seven_files_have_the_74_names_in_their_order_and_no_other() -> None:
    found = {
        path.name: [name for name in functions(path) if name.startswith("test_")]
        for path in (PLANT / "tests" / "integration").glob("test_*.py")
    }
    assert found == {name: listed.split() for name, listed in PROMISED.items()}
    assert sum(map(len, found.values())) == 74


def test_the_readme_counts_them() -> None:
    listed = re.findall(r"^\| `(test_\w+\.py)` \| (\d+) \|", (PLANT / "README.md").read_text(), re.MULTILINE)
    assert {name: int(count) for name, count in listed} == {
        name: len(names.split()) for name, names in PROMISED.items()
    }


def test_the_fixtures_have_the_old_names_and_the_guide_lists_each() -> None:
    defined = set(functions(PLANT / "tests" / "integration" / "conftest.py"))
    assert defined >= FIXTURES
    guide = (PLANT / "TESTING_GUIDE.md").read_text()
    assert {name for name in defined if f"`{name}`" not in guide} == {"create"}


def test_the_pipelines_run_targets_that_exist_on_an_image_with_pgvector() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PLANT / "Makefile").read_text(), re.MULTILINE))
    github = yaml.safe_load((PLANT / ".github" / "workflows" / "tests.yml").read_text())["jobs"]
    gitlab = yaml.safe_load((PLANT / ".gitlab-ci.yml").read_text())
    commands = [step["run"] for job in github.values() for step in job["steps"] if "run" in step]
    commands += [line for name in ("embedded", "postgres") for line in gitlab[name]["script"]]
    assert len(commands) > 8
    assert {command.removeprefix("make ") for command in commands} <= targets
    images = [github["postgres"]["services"]["postgres"]["image"], gitlab["postgres"]["services"][0]["name"]]
    assert [image.split("/")[0] for image in images] == ["pgvector"] * 2


def test_coverage_is_asked_for_package_by_package() -> None:
    makefile, readme = (PLANT / "Makefile").read_text(), (PLANT / "README.md").read_text()
    for text in (makefile, readme):
        assert "--cov=core --cov=models --cov=validators" in text
    measured = tomllib.loads((PLANT / "pyproject.toml").read_text())["tool"]["coverage"]["run"]
    assert measured == {"concurrency": ["thread", "greenlet"], "branch": True, "relative_files": True}


MODULE = """
def kind(n):
    if n:
        return "some"
    return "none"
"""


def judged(folder: Path) -> tuple[int, list[str]]:
    command = [sys.executable, str(TOOL), "coverage.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        ("kind(0) + kind(1)", []),
        ("kind(0)", ["lines 75.0 %, target 100 %", "branches 50.0 %, target 100 %"]),
    ],
)
def test_one_module_below_its_target_is_named(tmp_path: Path, calls: str, told: list[str]) -> None:
    targets = runpy.run_path(str(TOOL))["TARGETS"]
    # Every target has a module that is tested, so only the one that is called in part can be named.
    modules = [target if target.endswith(".py") else f"{target}some.py" for target in targets]
    for module in modules:
        path = tmp_path / module
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(MODULE, encoding="utf-8")
    runs = [f"runpy.run_path({module!r})['kind']" for module in modules]
    lines = [f"kind = {run}; {calls if 'rls' in run else 'kind(0) + kind(1)'}" for run in runs]
    (tmp_path / "main.py").write_text("\n".join(["import runpy", *lines]), encoding="utf-8")
    (tmp_path / ".coveragerc").write_text("[run]\nbranch = true\nrelative_files = true\n", encoding="utf-8")
    for command in (["-m", "coverage", "run", "main.py"], ["-m", "coverage", "json", "-q"]):
        subprocess.run([sys.executable, *command], cwd=tmp_path, check=True)
    status, said = judged(tmp_path)
    assert status == bool(told), said
    if told:
        assert said == [f"src/security/rls.py: {problem}" for problem in told]

    (tmp_path / "coverage.json").write_text('{"files": {}}', encoding="utf-8")
    status, said = judged(tmp_path)
    assert status == 1
    assert sum("no module of it was measured" in line for line in said) == len(targets)
