"""Play one actor: an attacker, or people who only look like one.

examples:
  python -m load.actors --order e1.json --target http://127.0.0.1:8000 --requests e1.jsonl
  python -m load.actors --order e1.json --show      say what it would send, and send nothing

an order: {"actor": "credential_stuffing", "episode": "e1", "role": "attacker", "seed": 7, "seconds": 60,
           "params": {"rate": 5, "addresses": 80, "known": 0.5, "success": 0.01, "manner": "mixed"}}
"""

import argparse
import json
import signal
import sys
from collections import Counter
from pathlib import Path

import gevent

from load.actors.order import Order, OrderError
from load.actors.stage import Stage, planned

ASK_EVERY = 0.25


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m load.actors", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--order", type=Path, required=True, help="what to do, as JSON")
    parser.add_argument("--target", help="the shop's entrance, such as http://127.0.0.1:8000")
    parser.add_argument("--requests", type=Path, help="where each request is written down, two lines of JSON each")
    parser.add_argument("--show", action="store_true", help="say what it would send, and send nothing")
    options = parser.parse_args()
    if not options.show and not (options.target and options.requests):
        parser.error("say where to send and where to write it down: --target and --requests, or --show")
    try:
        order = Order.read(options.order)
        if options.show:
            sys.stdout.write(json.dumps(expected(order), indent=2) + "\n")
            return 0
        stage = Stage(order, options.target, options.requests)
        for number in (signal.SIGTERM, signal.SIGINT):
            gevent.signal_handler(number, stage.stopping.set)
        gevent.spawn(_while_ordered, options.order, stage)
        told = stage.play()
    except OrderError as error:
        sys.stderr.write(f"actor: {error}\n")
        return 2
    sys.stdout.write(json.dumps(told) + "\n")
    if not told["answered"]:
        sys.stderr.write(f"actor: nothing was answered by {options.target}\n")
        return 1
    return 0


def _while_ordered(order: Path, stage: Stage) -> None:
    """Whoever takes the order away ends the actor: no signal reaches into a container."""
    while order.exists():
        gevent.sleep(ASK_EVERY)
    stage.stopping.set()


def expected(order: Order) -> dict[str, object]:
    """What an order comes to, if answers took no time."""
    found = list(planned(order))
    steps = [step for one in found for step in one.steps() if one.session.start + step.at < order.seconds]
    return {
        "sessions": len(found),
        "requests": len(steps),
        "addresses": len({one.session.address for one in found}),
        "agents": len({one.session.agent for one in found}),
        "routes": dict(Counter(f"{step.method} {step.route}" for step in steps).most_common()),
        "expected": dict(sorted(Counter(step.expect for step in steps).items())),
    }


if __name__ == "__main__":
    sys.exit(main())
