from pathlib import Path

import pytest
from tests.cli.conftest import Run, parsed

from igfleet.cli.exits import Exit
from igfleet.media import child
from igfleet.media.ffmpeg import locate_ffmpeg


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two different reels."""
    folder = tmp_path_factory.mktemp("clips")
    for number in (1, 2):
        source = f"testsrc2=size=540x960:rate=25:duration={number + 3}"
        command = [str(locate_ffmpeg()), "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", source]
        command += [
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-pix_fmt",
            "yuv420p",
            str(folder / f"clip_{number}.mp4"),
        ]
        assert child.run(command, 60).code == 0
    return folder


@pytest.fixture
def with_accounts(run: Run, tmp_path: Path) -> Run:
    file = tmp_path / "accounts.csv"
    file.write_text("username,password,tags\nnord_01,pw,n\nnord_02,pw,n\n", encoding="utf-8")
    assert run("accounts", "import", file, "--authorised-by", "the agency").exit_code == Exit.OK
    return run


def test_a_task_is_made_planned_started_shown_and_cancelled(with_accounts: Run, clips: Path, tmp_path: Path) -> None:
    run = with_accounts
    captions = tmp_path / "captions.txt"
    captions.write_text("First\nSecond\\nline\n", encoding="utf-8")

    made = parsed(
        run(
            *("tasks", "create", "--accounts", "nord_02,nord_01", "--captions", captions, "--start", "--json"),
            *("--media", clips / "clip_1.mp4", clips / "clip_2.mp4"),
        )
    )

    shown = parsed(run("tasks", "show", made["id"], "--json"))
    assert (made["state"], made["posts"], shown["state"]) == ("queued", 2, "queued")
    assert [(post["account"], post["video"], post["caption"]) for post in shown["posts"]] == [
        ("nord_02", "clip_1.mp4", "First"),
        ("nord_01", "clip_2.mp4", "Second\nline"),
    ]
    assert shown["counts"] == {"account_tasks": {"total": 2, "available": 2}, "posts": {"total": 2, "planned": 2}}
    waited = run("tasks", "wait", made["id"], "--timeout", "0")
    assert waited.exit_code == Exit.TIMEOUT
    assert "queued: 2 posts: 2 planned" in waited.stderr
    assert run("tasks", "cancel", made["id"]).exit_code == Exit.OK
    assert run("tasks", "wait", made["id"]).exit_code == Exit.NOT_ALL_DONE


def test_media_are_named_by_path_name_or_id_and_added_once(with_accounts: Run, clips: Path) -> None:
    run = with_accounts
    added = parsed(run("media", "add", clips / "clip_1.mp4", "--json"))

    made = run(
        *("tasks", "create", "--tag", "n", "--caption", "Hi", "--json"),
        *("--media", added[0]["id"], "--media", "clip_1.mp4", "--media", clips),
        *("--options", '{"distribution": "every_video_to_every_account"}'),
    )

    assert made.exit_code == Exit.OK
    assert [row["name"] for row in parsed(run("media", "list", "--json"))] == ["clip_1.mp4", "clip_2.mp4"]
    assert parsed(made)["posts"] == 4
    assert parsed(made)["notes"][0]["code"] == "planned_twice"


def test_captions_from_a_csv_file(with_accounts: Run, clips: Path, tmp_path: Path) -> None:
    run = with_accounts
    captions = tmp_path / "captions.csv"
    captions.write_text("video,caption,account\nclip_1,Hello,nord_02\nclip_2,Bye,nord_02\n", encoding="utf-8")

    made = parsed(
        run(
            *("tasks", "create", "--tag", "n", "--media", clips, "--captions", captions, "--json"),
            *("--options", '{"distribution": "from_csv"}'),
        )
    )

    posts = parsed(run("tasks", "show", made["id"], "--json"))["posts"]
    assert [(post["account"], post["caption"]) for post in posts] == [("nord_02", "Hello"), ("nord_02", "Bye")]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--accounts", "nord_99"), Exit.NOT_FOUND, "no account 'nord_99'"),
        (("--tag", "n", "--options", "{"), Exit.SETUP_OR_USAGE, "--options is not JSON"),
        (("--tag", "n", "--options", '{"per_account": 0}'), Exit.SETUP_OR_USAGE, "per_account"),
        (("--tag", "n", "--kind", "dance"), Exit.NOT_FOUND, "no kind of task named 'dance'"),
        (("--tag", "n", "--start-at", "soon"), Exit.SETUP_OR_USAGE, "--start-at is no time"),
        (("--tag", "n", "--caption", "{a|b", "--captions-form", "template"), Exit.SETUP_OR_USAGE, "line 1, column 1"),
    ],
)
def test_what_is_wrong_is_one_plain_line(
    with_accounts: Run, clips: Path, words: tuple[str, ...], code: Exit, told: str
) -> None:
    done = with_accounts("tasks", "create", "--media", clips / "clip_1.mp4", *words)

    assert done.exit_code == code
    assert told in done.stderr
    assert parsed(with_accounts("tasks", "list", "--json")) == []


def test_a_text_named_mp4_is_refused_with_its_problem(with_accounts: Run, tmp_path: Path) -> None:
    text = tmp_path / "clip.mp4"
    text.write_text("no video")

    made = with_accounts("tasks", "create", "--tag", "n", "--media", text, "--start")

    assert made.exit_code == Exit.REFUSED
    assert "This is a text file, not a video or picture." in made.stderr


@pytest.mark.parametrize("verb", ["show", "plan", "start", "wait", "cancel", "retry", "resume"])
def test_an_unknown_task_is_not_found(run: Run, verb: str) -> None:
    done = run("tasks", verb, 99)

    assert done.exit_code == Exit.NOT_FOUND
    assert done.stderr == "igfleet: There is no task 99.\n"
