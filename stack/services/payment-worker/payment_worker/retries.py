"""When to try again."""

from random import uniform

LONGEST = 60.0


def backoff(retries: int, at_least: float = 0.0) -> float:
    """Seconds before the next try: doubled each time, with jitter, so that tasks that failed together part."""
    return at_least + min(LONGEST, 2.0**retries) * uniform(0.5, 1.0)
