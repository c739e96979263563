"""Keeps the generated requests at home: whatever address a body names becomes one of this machine, where nothing listens, and the run's
own token is neither revoked nor are its own settings of addresses lost."""

import re

import schemathesis

# Port 9 (discard): refused at once.
HERE = "127.0.0.1:9"
ADDRESS = re.compile(r"^\s*([a-zA-Z][a-zA-Z0-9+.-]*):[/\\]*[^/\\?#]*(.*)$", re.DOTALL)
# Made before the run, so the first one.
OWN_TOKEN = "1"


def at_home(value):
    if isinstance(value, dict):
        return {name: at_home(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [at_home(inner) for inner in value]
    if isinstance(value, str) and (found := ADDRESS.match(value)):
        return f"{found[1]}://{HERE}{found[2]}"
    return value


@schemathesis.hook
def before_call(context, case, kwargs):
    if isinstance(case.body, (dict, list, str)):
        case.body = at_home(case.body)
    if case.path.startswith("/api/v1/tokens/") and str((case.path_parameters or {}).get("id")).strip() == OWN_TOKEN:
        case.path_parameters = {**case.path_parameters, "id": 4711}
