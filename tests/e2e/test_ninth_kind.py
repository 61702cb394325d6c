"""A ninth kind costs one runner file and one template, and its name in the registry: from the form to the result."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.fleet import TOKEN, Fleet

pytestmark = pytest.mark.timeout(180)
PASSWORD = "correct horse battery"
HOUSE = Path(__file__).parents[2]

RUNNER = '''
"""greet: the example of a new kind."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from igfleet.contracts.tasks import Effect
from igfleet.runners.base import Options, RunContext, Runner
from igfleet.runners.shares import PlanInput, Share


class GreetOptions(Options):
    greeting: Annotated[str, Field(min_length=1, max_length=50)] = "Hello"
    """What is said."""
    times: Annotated[int, Field(ge=1, le=5)] = 1
    loudly: bool = False


class Greet(Runner[GreetOptions]):
    kind: ClassVar[str] = "greet"
    title: ClassVar[str] = "Greeting"
    about = "Greet each account after signing in"
    options = GreetOptions
    counters = ("greeted",)
    timeout = timedelta(minutes=5)
    effect = Effect.READ
    share_columns = ("words",)
    result_columns = ("said", "signed_in_by")

    @classmethod
    def plan(cls, order: PlanInput, options: GreetOptions) -> Iterator[Share]:
        for account in order.accounts:
            words = f"{options.greeting}, {account.username}{'!' if options.loudly else '.'}"
            yield Share(account.id, account.username, {"words": words})

    async def run(self, run: RunContext, options: GreetOptions) -> None:
        signed_in = await run.publisher()
        for _ in range(options.times):
            run.stop_if_asked()
            run.log("greeted", str(run.share["words"]))
            run.count("greeted")
        run.conclude(said=str(run.share["words"]), signed_in_by=signed_in.signed_in_by.value)
'''
TEMPLATE = """{% from "_fields.html" import field %}
<p>Be polite.</p>
<div class="fields">{{ field(f.greeting, "What to say") }}{{ field(f.times) }}{{ field(f.loudly) }}</div>
"""
REGISTERED = """
from igfleet.runners.greet import Greet

KINDS[Greet.kind] = Greet
"""


@pytest.fixture
def fleet(tmp_path: Path, database_url: str) -> Iterator[Fleet]:
    """A fleet whose every process runs a copy of the product that has one kind more."""
    copied = shutil.ignore_patterns("__pycache__")
    for name in ("src", "templates", "migrations"):
        shutil.copytree(HOUSE / name, tmp_path / "house" / name, ignore=copied)
    package = tmp_path / "house" / "src" / "igfleet"
    (package / "runners" / "greet.py").write_text(RUNNER)
    (tmp_path / "house" / "templates" / "kinds" / "greet.html").write_text(TEMPLATE)
    registry = package / "runners" / "__init__.py"
    registry.write_text(registry.read_text() + REGISTERED)
    settings = {"PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    with Fleet(tmp_path / "fleet", database_url, settings, is_quick=False) as running:
        yield running


class Visitor:
    """Somebody with a browser, in short."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def read(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-500:])
        return answer.text

    def send(self, form: str, path: str, **fields: object) -> httpx.Response:
        token = re.search(r'name="csrf" value="([^"]+)"', self.read(form))
        assert token
        return self.client.post(path, data={"csrf": token.group(1), **fields})


def test_a_ninth_kind_goes_from_its_form_to_its_results(fleet: Fleet) -> None:
    names = fleet.accounts(2)
    (fleet.folder / "password").write_text(PASSWORD)
    fleet.cli("users", "add", "anna", "--role", "operator", "--password-file", "password")
    fleet.worker("w1")
    headers = {"accept": "text/html"}
    with httpx.Client(base_url=fleet.ui, headers=headers, trust_env=False, follow_redirects=True, timeout=30) as client:
        anna = Visitor(client)
        anna.send("/signin", "/signin", name="anna", password=PASSWORD)
        form = anna.read("/tasks/new/greet")
        refused = anna.send("/tasks/new/greet", "/tasks/new/greet", names=" ".join(names), times="9")
        fields = {"names": " ".join(names), "greeting": "Good morning", "times": "2", "loudly": ["no", "yes"]}
        plan = anna.send("/tasks/new/greet", "/tasks/new/greet", **fields)
        task = plan.url.path.split("/")[2]
        anna.send(f"/tasks/{task}/plan", f"/tasks/{task}/start")
        fleet.cli("tasks", "wait", task, "--timeout", "90")
        results = client.get(f"/tasks/{task}/results.json").json()

        assert "Be polite." in form
        assert "Greet each account" in anna.read("/tasks/new")
        assert 'id="times-wrong"' in refused.text
        assert "Good morning, nord_01!" in plan.text
        assert "Start 2 accounts" in plan.text
        assert [(row["account"], row["said"], row["greeted"], row["signed_in_by"]) for row in results] == [
            (name, f"Good morning, {name}!", 2, "signed_in") for name in names
        ]
        assert "greeted" in anna.read(f"/tasks/{task}")
        assert "Greeting" in anna.read("/tasks")

    signed_in = {one["username"]: one["sessions"] for one in fleet.control("GET", "accounts")["accounts"]}
    assert all(signed_in[name] == 1 for name in names)
    token = {"Authorization": f"Bearer {TOKEN}"}
    told = httpx.get(f"{fleet.ui}/api/greet/{task}/aggregate", headers=token, trust_env=False).json()
    assert [row["status"] for row in told["accounts"]] == ["COMPLETED", "COMPLETED"]
