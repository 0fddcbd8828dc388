"""The page in a real browser: sign in, upload, watch states change, look at frames, sign out."""

import json
import subprocess
from pathlib import Path

import pytest
from tests.support.private_stack import REPO, PrivateStack
from tests.support.road import Place

PATIENCE_S = 240


@pytest.mark.timeout(PATIENCE_S + 240)
def test_the_page_shows_an_uploaded_video_becoming_states(
    stack: PrivateStack, place: Place, demo_files: Path, tmp_path: Path
) -> None:
    """What the browser's console complains about fails it as well; screenshots are kept in the test's folder."""
    run = stack.run()
    given = {"--url": run["api_url"], "--key": run["key"], "--site": place.site_id, "--out": str(tmp_path)}
    given |= {"--clip": str(demo_files / "clip.mp4"), "--patience": str(PATIENCE_S)}
    command = ["node", "web/e2e/page.spec.mjs", *(part for pair in given.items() for part in pair)]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=PATIENCE_S + 200)
    assert done.returncode == 0, f"{done.stderr}\nscreenshots: {tmp_path}"
    seen = json.loads(done.stdout)
    assert set(seen["states"]) == {
        label if label.startswith("Table") else f"Table {label}" for label in place.labels.values()
    }
    assert all(states[0] == "Unknown" for states in seen["states"].values())
    assert seen["frames"] == 120
    assert (tmp_path / "5-done.png").stat().st_size > 50_000
