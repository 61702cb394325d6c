"""Runs' processes begin with what is imported already, and with nothing else."""

import subprocess
import sys
from pathlib import Path

_MAIN = """
import sys
from pathlib import Path

with open(sys.argv[1], "a") as seen:
    seen.write(__name__ + "\\n")

if __name__ == "__main__":
    import asyncio

    from igfleet.worker.child import Child, processes

    async def start() -> None:
        over = asyncio.Event()
        child = Child(processes(()), None, lambda message: over.set() if message is None else None)
        await child.start()
        await asyncio.wait_for(over.wait(), 60)
        await child.reap()

    asyncio.run(start())
"""


def test_a_run_does_not_run_the_workers_main_module_again(tmp_path: Path) -> None:
    program, seen = tmp_path / "program.py", tmp_path / "seen"
    program.write_text(_MAIN)

    subprocess.run([sys.executable, program, seen], check=True, timeout=120, capture_output=True)

    assert seen.read_text().split() == ["__main__"]
