"""A labelled set of pairs: wire copies that must meet, and look-alikes that must stay apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.query import indexing
from bot.store import likeness
from bot.store.likeness import Told

DAY = 86_400

FERRY = (
    "The ferry Osprey ran aground on a sandbank outside Port Veld on Monday evening with 212 "
    "people aboard. Tugs pulled her free at high water shortly before midnight, the harbour "
    "master said. Nobody was hurt, but the crossing to Lowen Island stays closed until divers "
    "have looked at the hull. The owner blamed a marker buoy that had drifted in last week's "
    "storm."
)
FERRY_CUT = FERRY[:190]
FERRY_OWN = (
    "Passengers told our reporter how they spent six hours on deck under blankets. Several had "
    "been on their way to the island's fair, which opens without half of its stalls. The "
    "company offers refunds at its counter, and asks for patience while its second ship is "
    "brought from the yard."
)
BUDGET = (
    "Councillors in Port Veld adopted next year's budget by nine votes to four after a debate "
    "that lasted past midnight. It pays for a new roof on the market hall and cuts the grant of"
    " the town orchestra by a tenth. The mayor called it careful; the opposition called it "
    "timid and announced that it would ask the regional court to look at the vote."
)
WEATHER = (
    "Expect light winds from the west and long dry spells along the coast, with a little cloud "
    "over the hills in the afternoon. Sailors find good conditions all day, and the pollen "
    "count stays low. Keep a jacket at hand for the evening, when it cools down quickly near "
    "the water."
)
BRIEFING = (
    "Good day from the desk. Here is what happened while you slept and what we look at next, from "
    "the harbour to the hills."
)
JA = (
    "ベルド港の連絡船オスプレイ号が月曜夜、浅瀬に乗り上げた。乗客乗員二百十二人にけがはなく、満潮を待って"
    "曳船が引き出した。船体の点検が終わるまで島への航路は運休となる。会社は嵐で流された浮標が原因とみている。"
)
ZH = (
    "港口渡轮鱼鹰号周一晚在维尔德港外搁浅，船上二百一十二人无人受伤。拖船在涨潮时将其拖离沙洲。"
    "潜水员检查船体之前，通往岛上的航线暂停运营。船东称原因是一个被风暴冲走的浮标。"
)
RU = (
    "Паром «Скопа» сел на мель у входа в порт Вельд вечером в понедельник, на борту было двести "
    "человек. Буксиры стащили его с мели в прилив незадолго до полуночи, сообщил капитан порта. "
    "Никто не пострадал, но переправа на остров закрыта, пока водолазы не осмотрят корпус судна."
)
AR = (
    "جنحت العبارة عقاب على كثيب رملي خارج ميناء فيلد مساء الاثنين وعلى متنها مئتا شخص. وسحبتها "
    "القاطرات عند ارتفاع المد قبيل منتصف الليل كما قال مدير الميناء. ولم يصب أحد بأذى لكن الخط "
    "البحري إلى الجزيرة يبقى مغلقا حتى يفحص الغواصون هيكل السفينة."
)
ES = (
    "El transbordador Osprey encalló el lunes por la noche en un banco de arena frente a Puerto "
    "Veld con 212 personas a bordo. Los remolcadores lo sacaron con la marea alta poco antes de la "
    "medianoche, dijo el capitán del puerto. Nadie resultó herido, pero la travesía sigue cerrada."
)


def told(
    title: str, body: str = "", *, day: float = 0, dated: bool = True, names: Sequence[str] = ()
) -> Told:
    return likeness.told(
        title,
        likeness.opening([body]),
        names,
        kind="article",
        at=int(day * DAY),
        is_dated=dated,
    )


def keys(one: Told) -> frozenset[int]:
    return likeness.keys(one.title, indexing.openings(one.body))


COPIES = {
    "the same title without texts": (
        told("Ferry runs aground outside Port Veld"),
        told("Ferry runs aground outside Port Veld"),
    ),
    "the publisher's name behind the title": (
        told("Ferry runs aground outside Port Veld - Loopback Wire", names=["Loopback Wire"]),
        told("Ferry runs aground outside Port Veld"),
    ),
    "the publisher's name before the title": (
        told("LOOPBACK WIRE: Ferry runs aground outside Port Veld", names=["Loopback Wire"]),
        told("Ferry runs aground outside Port Veld"),
    ),
    "spelling, case, quotes and articles": (
        told("Harbour labour dispute ends: “We won”, says the union"),
        told("Harbor labor dispute ends: 'We won', says union"),
    ),
    "an own text under a telling title": (
        told("Ferry runs aground outside Port Veld with 212 aboard", FERRY),
        told("Ferry runs aground outside Port Veld with 212 aboard", FERRY_OWN),
    ),
    "another headline over the same text": (
        told("Ferry runs aground outside Port Veld", FERRY),
        told("Crossing to Lowen Island closed after night on sandbank", FERRY),
    ),
    "a copy that was cut, under a like title": (
        told("Ferry runs aground outside Port Veld", FERRY),
        told("Ferry runs aground off Port Veld on Monday", FERRY_CUT),
    ),
    "one word of the title exchanged over the same text": (
        told("Ferry aground outside Port Veld", FERRY),
        told("Ship aground outside Port Veld", FERRY),
    ),
    "a briefing that is the same text word for word": (
        told("Weather for the coast", WEATHER),
        told("Weather for the coast", WEATHER),
    ),
    "the same text where a date is unknown": (
        told("Ferry runs aground outside Port Veld", FERRY, dated=False),
        told("Ferry runs aground outside Port Veld", FERRY, day=1),
    ),
    "two days apart": (
        told("Ferry runs aground outside Port Veld", FERRY),
        told("Ferry runs aground outside Port Veld", FERRY, day=2),
    ),
    "Japanese, by title": (
        told("ベルド港沖で連絡船オスプレイ号が座礁"),
        told("ベルド港沖で連絡船オスプレイ号が座礁"),
    ),
    "Japanese, by text": (told("連絡船が座礁、けが人なし", JA), told("ベルド港で船が浅瀬に", JA)),
    "Chinese, by text": (told("渡轮搁浅无人受伤", ZH), told("维尔德港外发生搁浅事故", ZH)),
    "Russian, by text": (told("Паром сел на мель", RU), told("Переправа на остров закрыта", RU)),
    "Arabic, by text": (told("جنوح عبارة خارج الميناء", AR), told("إغلاق الخط البحري", AR)),
    "Spanish, by title": (
        told("El transbordador Osprey encalla frente a Puerto Veld", ES),
        told("El transbordador Osprey encalla frente a Puerto Veld", FERRY_OWN),
    ),
}

APART = {
    "the same serial headline of two publishers": (
        told("Morning briefing: what you need to know today", BRIEFING + FERRY),
        told("Morning briefing: what you need to know today", "Hello again. " + BUDGET),
    ),
    "a serial headline without texts": (told("Morning briefing"), told("Morning briefing")),
    "a serial headline of many words without texts": (
        told("Your daily digest of everything along the Veld coast"),
        told("Your daily digest of everything along the Veld coast"),
    ),
    "another day of the week over the same stock text": (
        told("Weather for Tuesday", WEATHER),
        told("Weather for Wednesday", WEATHER),
    ),
    "another day of the week, in Japanese": (
        told("火曜日の天気：沿岸は晴れ", WEATHER),
        told("水曜日の天気：沿岸は晴れ", WEATHER),
    ),
    "another month over the same text": (
        told("Harbour statistics for March", WEATHER),
        told("Harbour statistics for April", WEATHER),
    ),
    "part 1 and part 2": (
        told("The long way to Lowen Island, part 1", FERRY),
        told("The long way to Lowen Island, part 2", FERRY),
    ),
    "part one and part two": (
        told("The long way to Lowen Island: part one", FERRY),
        told("The long way to Lowen Island: part two", FERRY),
    ),
    "a part and the whole": (
        told("The long way to Lowen Island", FERRY),
        told("The long way to Lowen Island 2", FERRY),
    ),
    "Roman numerals": (
        told("Harbour chronicles, volume II", FERRY),
        told("Harbour chronicles, volume III", FERRY),
    ),
    "Chinese part numbers": (told("维尔德港往事第一回", ZH), told("维尔德港往事第二回", ZH)),
    "other figures in titles": (
        told("Earthquake of magnitude 5.2 shakes Lowen Island", WEATHER),
        told("Earthquake of magnitude 4.9 shakes Lowen Island", WEATHER),
    ),
    "Arabic-Indic digits that differ": (
        told("زلزال بقوة ٥ يهز الجزيرة", AR),
        told("زلزال بقوة ٤ يهز الجزيرة", AR),
    ),
    "the other way round": (
        told("Council approves bridge budget after long debate"),
        told("Council rejects bridge budget after long debate"),
    ),
    "who did what to whom": (
        told("Port Veld beats Lowen Island in harbour cup final"),
        told("Lowen Island beats Port Veld in harbour cup final"),
    ),
    "not": (
        told("Mayor of Port Veld will run again next year"),
        told("Mayor of Port Veld will not run again next year"),
    ),
    "from and to": (
        told("Crossings from Lowen Island cancelled after storm"),
        told("Crossings to Lowen Island cancelled after storm"),
    ),
    "employment and unemployment": (
        told("Employment along the Veld coast rises again sharply"),
        told("Unemployment along the Veld coast rises again sharply"),
    ),
    "Austria and Australia": (
        told("Austria opens trade talks with Loopback Union"),
        told("Australia opens trade talks with Loopback Union"),
    ),
    "a stock text for two places": (
        told("Weather for Port Veld", WEATHER.replace("coast", "quay").replace("hills", "dunes")),
        told("Weather for Lowen", WEATHER.replace("west", "east").replace("sailors", "walkers")),
    ),
    "an overview that quotes a story whole": (
        told("Overview of the night", FERRY + " " + BUDGET + " " + FERRY_OWN),
        told("Ferry runs aground outside Port Veld", FERRY),
    ),
    "two stories of one day": (
        told("Ferry runs aground outside Port Veld", FERRY),
        told("Council adopts budget past midnight", BUDGET),
    ),
    "a short title and other texts": (told("Storm warning", FERRY), told("Storm warning", BUDGET)),
    "four days apart": (
        told("Ferry runs aground outside Port Veld", FERRY),
        told("Ferry runs aground outside Port Veld", FERRY, day=4),
    ),
    "a title alone where a date is unknown": (
        told("Ferry runs aground outside Port Veld", dated=False),
        told("Ferry runs aground outside Port Veld", dated=False),
    ),
    "nothing but nothing": (told(""), told("")),
}


@pytest.mark.parametrize(("one", "other"), COPIES.values(), ids=COPIES.keys())
def test_copies_of_a_story_meet(one: Told, other: Told) -> None:
    assert likeness.likeness(one, other) > 0
    assert likeness.likeness(one, other) == likeness.likeness(other, one) <= 1
    assert keys(one) & keys(other), "the index would not bring them together"


@pytest.mark.parametrize(("one", "other"), APART.values(), ids=APART.keys())
def test_what_only_looks_alike_stays_apart(one: Told, other: Told) -> None:
    assert likeness.likeness(one, other) == 0 == likeness.likeness(other, one)


def test_a_chart_is_no_copy_of_an_article() -> None:
    one = told("Ferry runs aground outside Port Veld", FERRY)
    assert likeness.likeness(one, replace(one, at=60)) > 0
    assert likeness.likeness(one, replace(one, kind="chart")) == 0


@pytest.mark.parametrize(
    "title", ["Ferry runs aground outside Port Veld", "Quay News: Ferry runs aground", "U.S. rates"]
)
def test_the_telling_tokens_of_a_title_are_those_of_the_index(title: str) -> None:
    indexed = indexing.texts(title, ()).title
    whole = told(title, names=["Quay News"]).title
    assert likeness.telling(title, ["Quay News"], indexed) == whole
    assert likeness.telling(title, ["Quay News"]) == whole
