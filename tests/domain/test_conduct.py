"""Credit is lost by a rule or by a case, and can be given back."""

from domain.conduct import decisions as conduct
from tests.domain.court import decided, final
from tests.domain.story import documented, ladder


def test_a_penalty_is_refused_in_order() -> None:
    court = decided().given("apply-penalty", "02-28 09:00", penalty="P-1", rep="Li", points=2, clause="B2B-1/visits")
    climb = ladder(court, "apply-penalty", "03-04 09:00", penalty="P-1", rep="Nobody", points=3, actor="Lu")
    climb.meets("unknown-rep", rep="Li").meets("not-allowed", actor="Mei").meets("id-taken", penalty="P-2")
    climb.meets("penalty-groundless", case="K-1").meets("case-not-final")
    climb.story = final()

    assert climb.climbed() == documented(conduct.apply)


def test_a_lifting_is_refused_in_order_and_gives_the_points_back() -> None:
    court = final().given("apply-penalty", "03-06 09:00", penalty="P-1", rep="Li", points=2, clause="B2B-1/visits")
    court.given("apply-penalty", "03-06 09:00", penalty="P-2", rep="Li", points=3, case="K-1")
    assert court.world.organisation.reps["Li"].conduct.points_lost == 5
    climb = ladder(court, "lift-penalty", "03-07 09:00", penalty="P-9", rep="Nobody", actor="Lu")
    climb.meets("unknown-rep", rep="Li").meets("not-allowed", actor="Kong").meets("unknown-penalty", penalty="P-2")
    court.given("lift-penalty", "03-07 08:00", penalty="P-2", rep="Li")

    assert climb.meets("penalty-lifted", penalty="P-1").climbed() == documented(conduct.lift)
    assert court.world.organisation.reps["Li"].conduct.points_lost == 2
