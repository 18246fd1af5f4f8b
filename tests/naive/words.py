"""Names of events as words (docs/mapping.md, "Which class"). `log in` are two words, one after the other."""

from __future__ import annotations

from itertools import pairwise

WORDS = {
    "login": """login logins logon logons signin signins log_in logged_in log_on logged_on sign_in signed_in
        authenticate authenticates authenticated authenticating authentication authentications""",
    "logout": """logout logouts logoff logoffs signout signouts log_out logged_out log_off logged_off sign_out
        signed_out""",
    "token": "token tokens",
    "validate": """validate validates validated validating validation validations verify verifies verified verifying
        verification verifications introspect introspects introspected introspecting introspection introspections""",
    "issue": "issue issues issued issuing issuance",
    "refresh": "refresh refreshes refreshed refreshing",
    "mfa": "mfa",
    "password": "password passwords",
    "check": "check checks checked checking",
    "config": "config configs configuration configurations",
    "flag": "flag flags",
    "change": """change changes changed changing update updates updated updating reload reloads reloaded
        reloading""",
    "deploy": """deploy deploys deployed deploying deployment deployments undeploy undeploys undeployed undeploying
        undeployment""",
    "undeploy": """undeploy undeploys undeployed undeploying undeployment uninstall uninstalled remove removed""",
    "install": "install installs installed installing installation",
    "service": "service services process processes",
    "start": "start starts started starting startup ready readiness",
    "stop": """stop stops stopped stopping shutdown shutdowns shut_down shutting_down exit exits exited exiting""",
    "restart": "restart restarts restarted restarting",
}


def split(name: str) -> list[str]:
    """Split a name at punctuation and case changes, into lower case."""
    found, current, before = [], "", ""
    for character in name:
        if not character.isalnum() or (character.isupper() and (before.islower() or before.isnumeric())):
            found.append(current)
            current = ""
        if character.isalnum():
            current += character.lower()
        before = character
    return [word for word in [*found, current] if word]


def words(names: list[str]) -> set[str]:
    """Return the words that names hold, each in its listed form."""
    held: set[str] = set()
    for name in names:
        parts = split(name)
        held |= set(parts) | {f"{first}_{second}" for first, second in pairwise(parts)}
    return {word for word, forms in WORDS.items() if held & set(forms.split())}


def authentication(names: list[str]) -> tuple[int, str | None] | None:
    """Return the activity of the authentication that names name."""
    held = words(names)
    if "logout" in held:
        return 2, None
    if "token" in held:
        for word, activity in (("validate", "Validation"), ("refresh", "Refresh"), ("issue", "Issue")):
            if word in held:
                return 99, f"Token {activity}"
    if "mfa" in held or {"password", "check"} <= held:
        return 6, None
    return (1, None) if "login" in held else None


def changes_configuration(names: list[str]) -> bool:
    held = words(names)
    return bool(held & {"config", "flag"}) and "change" in held


def deploys(names: list[str]) -> bool:
    held = words(names)
    return "deploy" in held or {"undeploy", "service"} <= held


def deployment(names: list[str]) -> int:
    """Return the lifecycle activity of a deployment."""
    held = words(names)
    return 2 if "undeploy" in held else 1 if "install" in held else 8


def lifecycle(names: list[str]) -> int | None:
    """Return the lifecycle activity of a service or process."""
    held = words(names)
    if "service" not in held:
        return None
    return next((number for word, number in (("restart", 5), ("start", 3), ("stop", 4)) if word in held), None)
