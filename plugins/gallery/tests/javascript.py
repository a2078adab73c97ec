"""Run the scripts of the site in Node.js, outside of any page."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import zoo_gallery

STATIC = Path(zoo_gallery.__file__).with_name("static")
NODE = shutil.which("node")


def evaluate(script: str, expression: str, *given: Any) -> Any:
    """Return the value of a JavaScript expression over `given` and a script's names."""
    assert NODE is not None, "tests that call this are skipped without Node.js"
    text = (STATIC / script).read_text(encoding="utf-8")
    values = json.dumps(given)
    code = (
        f"{text}\nconst given = {values};\nconsole.log(JSON.stringify({expression}));"
    )
    ended = subprocess.run(
        [NODE, "-"], input=code, capture_output=True, text=True, check=True
    )
    return json.loads(ended.stdout)
