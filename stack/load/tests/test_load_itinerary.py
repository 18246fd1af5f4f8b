"""What a session sends is decided before it begins."""

from load.itinerary import ON_A_CART, build, due
from load.plan import visits
from load.steps import Session

SEED = 7
SESSIONS = visits(SEED, 120, 60)


def test_the_same_session_has_the_same_ids() -> None:
    for session in SESSIONS[:200]:
        one, two = ([(s.number, s.trace_id, s.span_id, s.path) for s in build(SEED, session).steps()] for _ in "ab")
        assert one == two


def test_ids_belong_to_seed_and_number_and_to_nothing_else() -> None:
    """Whatever the way through the shop, step k of session n has the same ids."""
    session = next(s for s in SESSIONS if s.kind == "shopper")
    other = Session(session.n, 1.0, "mobile", None, "81.96.1.1", "x", {"signed": "never"})
    ids, others = ([s.trace_id for s in build(SEED, s).steps()] for s in (session, other))
    common = min(len(ids), len(others))
    assert ids[:common] == others[:common]
    assert [s.trace_id for s in build(SEED + 1, session).steps()][:1] != ids[:1]


def test_ids_are_unique_and_well_formed() -> None:
    ids = [step.trace_id for session in SESSIONS for step in build(SEED, session).steps()]
    assert len(set(ids)) == len(ids)
    assert all(len(i) == 32 and int(i, 16) for i in ids)


def test_times_never_run_backwards_over_pages() -> None:
    for session in SESSIONS[:200]:
        at = [page.at for page in build(SEED, session).pages]
        assert at == sorted(at)


def test_a_session_entered_midway_signs_in_first_and_keeps_its_cart() -> None:
    entered = [(s, due(build(SEED, s))) for s in SESSIONS if s.start < 0]
    assert len(entered) > 50
    for session, pages in entered:
        assert pages
        assert pages[0].at + session.start >= 0
        assert abs(pages[0].think - (pages[0].at + session.start)) < 1e-6
        signed, carts = session.kind == "partner", 0
        for step in (step for page in pages for step in page.steps()):
            signed = signed or step.gives == "tokens"
            carts += step.lasting == "cart"
            assert signed or step.auth != "must", (session.n, step.route)
            assert carts or step.route not in ON_A_CART, (session.n, step.route)


def test_later_sessions_begin_at_their_beginning() -> None:
    later = next(s for s in SESSIONS if s.start > 0)
    assert due(build(SEED, later)) == build(SEED, later).pages


def test_steps_that_need_a_token_come_after_one() -> None:
    for session in SESSIONS:
        if session.kind == "partner":
            continue
        signed = False
        for step in build(SEED, session).steps():
            signed = ((signed or step.gives == "tokens") and step.gives != "goodbye") or step.gives == "tokens"
            assert signed or step.auth != "must" or step.gives == "goodbye", (session.n, step.route)
