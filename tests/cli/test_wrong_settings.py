"""A wrong setting keeps a process from starting: one line that names the variable, and nothing else happens."""

from pathlib import Path

import pytest
from tests.cli.conftest import Run

from igfleet.errors import SetupError
from igfleet.settings import Settings, UiSettings, WorkerSettings, load, make_data_dir

WRONG: dict[type[Settings], dict[str, tuple[str, ...]]] = {
    UiSettings: {
        "LEASE_LENGTH": ("soon", "0", "1", "-5", "nan", "inf", "1e300"),
        "HEARTBEAT_INTERVAL_SECS": ("0", "-1", "x"),
        "COMMIT_WINDOW_SECS": ("0", "-1"),
        "RECONCILE_PAUSE_SECS": ("-1",),
        "SESSION_IDLE_SECS": ("0", "-1"),
        "DATABASE_URL": ("mysql://h/x", "postgresql://[bad", "postgresql://h:notaport/db", "postgresql://h:99999/db"),
        "WORKER_POOL": ("foo", "http://"),
        "PRIVATE_NETWORKS": ("10.0.0.0/99", "x"),
        "IGFLEET_MODE": ("Live", "prod"),
        "REQUIRE_PROXY": ("maybe",),
        "DISPATCH_BATCH_SIZE": ("0", "x"),
        "MEDIA_MAX_BYTES": ("0", "1GB"),
        "SANDBOX_URL": ("javascript:x", "foo"),
        "LOG_LEVEL": ("loud",),
        "IGFLEET_DATA_DIR": ("a\0b",),
        "AGGREGATE_SECRETS": ("yes",),
        "ACTION_BUDGETS": ("x", "like=²/3"),
        "WORKER_API_TOKEN": ("a b", "ü", "a\nb"),
    },
    WorkerSettings: {
        "UI_API_BASE": ("foo", "ftp://x", "http://x:99999"),
        "EGRESS_PROXY": ("http://h:99999", "h:80", "nonsense", "socks4://h:1", "http://"),
        "CONCURRENCY_LIMIT": ("0", "x"),
        "REQUEST_TIMEOUT_SECS": ("0", "-1", "x"),
        "DRAIN_TIMEOUT_SECS": ("-1",),
        "UPLOAD_METHOD": ("x",),
        "WORKER_NAME": ("a\nb", "x" * 101),
        "DOLPHIN_API_HOST": ("x",),
        "UI_API_TOKEN": ("a b", "ü", "a\nb"),
    },
}
CASES = [(kind, name, value) for kind, names in WRONG.items() for name, values in names.items() for value in values]


@pytest.mark.parametrize(("kind", "name", "value"), CASES)
def test_a_wrong_value_is_one_line_that_names_the_variable(kind: type[Settings], name: str, value: str) -> None:
    with pytest.raises(SetupError) as refused:
        load(kind, **{name: value})

    assert str(refused.value).startswith(f"{name}: ")
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_names_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    monkeypatch.setenv("UI_API_TOKEN_FILE", str(tmp_path / "token"))

    with pytest.raises(SetupError, match=r"^UI_API_TOKEN_FILE: "):
        load(WorkerSettings)


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(SetupError, match=r"^IGFLEET_DATA_DIR: cannot use .*file/data: "):
        make_data_dir(load(UiSettings, IGFLEET_DATA_DIR=str(tmp_path / "file" / "data")))


@pytest.mark.parametrize("command", [("accounts", "list"), ("serve", "--role", "ui"), ("db", "status")])
def test_a_command_ends_with_one_line_and_code_2(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://h:notaport/db")

    done = run(*command)

    assert done.exit_code == 2
    assert done.stderr.startswith("igfleet: DATABASE_URL: ")
    assert len(done.stderr.splitlines()) == 1
