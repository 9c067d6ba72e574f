from papers.models import Part
from papers.scheduling.parts import load_parts, wanted_in


def test_club_gets_the_usual_parts_once(club):
    first = load_parts(club)

    assert [part.name for part in wanted_in(first, "paper_talk")] == ["presenter", "discussant"]
    assert [part.name for part in wanted_in(first, "role_play")][:2] == ["friendly reviewer", "sceptic"]
    assert [part.pk for part in load_parts(club)] == [part.pk for part in first]
    assert Part.objects.filter(club=club).count() == len(first)


def test_clubs_do_not_share_parts(club, other_club):
    assert not {part.pk for part in load_parts(club)} & {part.pk for part in load_parts(other_club)}
