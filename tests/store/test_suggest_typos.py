"""What is mistyped: the tuned half of a seeded set of errors, and names that must give nothing."""

from benchmarks import typos


def test_the_set_is_large_its_halves_share_no_name_and_some_names_are_absent() -> None:
    present, tuned, reported = typos.halves()
    assert len(tuned) + len(reported) >= 400
    assert not {t.name for t in tuned if t.name} & {t.name for t in reported if t.name}
    for half in (tuned, reported):
        assert sum(one.name is None for one in half) >= 100
    assert {one.name for one in tuned if one.name} <= set(present)


def test_mistyped_names_are_found_and_absent_ones_give_nothing() -> None:
    present, tuned, _ = typos.halves()
    found = typos.judged(present, tuned)
    assert found.precision >= 0.98
    assert found.recall >= 0.97
    assert found.first / found.meant >= 0.95


def test_a_list_that_offers_everything_is_judged_wrong() -> None:
    present, tuned, _ = typos.halves()
    absent = [one for one in tuned if one.name is None][:10]
    exact = [typos.Typed(present[0].lower(), None), typos.Typed(present[1].lower(), present[1])]
    found = typos.judged(present, [*absent, *exact])
    assert (found.right, found.meant) == (1, 1)
    assert found.wrong >= 1
