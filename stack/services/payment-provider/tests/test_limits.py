from payment_provider.limits import TokenBucket


def test_a_burst_is_admitted_and_then_the_rate() -> None:
    now = [0.0]
    bucket = TokenBucket(rate=10, burst=5, clock=lambda: now[0])
    assert [bucket.take() for _ in range(5)] == [0.0] * 5
    assert bucket.take() == 0.1
    now[0] = 0.25
    assert [bucket.take() == 0 for _ in range(3)] == [True, True, False]


def test_idle_time_fills_no_more_than_the_burst() -> None:
    now = [0.0]
    bucket = TokenBucket(rate=10, burst=2, clock=lambda: now[0])
    now[0] = 3600
    assert [bucket.take() == 0 for _ in range(3)] == [True, True, False]
