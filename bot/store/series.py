"""Words that tell the parts of a series from each other, in the languages news comes in. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Folded, unstemmed words, as text.prefix gives them.
_DAYS = """
monday tuesday wednesday thursday friday saturday sunday
lunes martes miercoles jueves viernes sabado domingo
lundi mardi mercredi jeudi vendredi samedi dimanche
montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag
segunda terca quarta quinta sexta
lunedi martedi mercoledi giovedi venerdi domenica
понедельник вторник среда среду четверг пятница пятницу суббота субботу воскресенье
january february march april may june july august september october november december
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
januar februar marz juni juli oktober dezember
janeiro fevereiro marco maio junho julho setembro outubro novembro dezembro
gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre
января февраля марта апреля мая июня июля августа сентября октября ноября декабря
spring summer autumn winter
"""
_DAY_WORDS = frozenset(_DAYS.split())
_CJK_DAY = re.compile(
    r"([月火水木金土日])曜|(?:星期|周|週)([一二三四五六日天])|([월화수목금토일])요일"
)

_SERIAL = """
today tonight tomorrow morning evening daily weekly monthly briefing weather forecast roundup
recap live update updates headlines digest newsletter quiz crossword horoscope pictures photos
week weekend obituaries lottery markets letters podcast episode wrap
hoy manana diario semanal resumen tiempo pronostico titulares boletin fotos semana horoscopo
aujourd matin soir quotidien hebdo meteo revue titres bulletin semaine direct
heute morgen taglich wochentlich wetter uberblick schlagzeilen woche wetterbericht liveticker
今日 今朝 天気 予報 まとめ ニュース一覧 今天 天气 预报 早报 晚报 要闻 오늘 날씨 브리핑
погода сегодня дайджест утро новости дня
"""
_SERIAL_WORDS = frozenset(_SERIAL.split())

# Tokens (stemmed) that a copy's title has or has not without telling anything else.
_UNTELLING = """
a an the and is are was were has have been el la los las un una le les une der die das ein
eine say said offici report break
"""
UNTELLING_WORDS = frozenset(_UNTELLING.split())

NUMBER_WORDS = {
    word: str(number)
    for number, words in enumerate(
        (
            "one first eins primero primera premier premiere erster i",
            "two second dos deux zwei segundo segunda deuxieme zweiter ii",
            "three third tres trois drei tercero tercera troisieme dritter iii",
            "four fourth cuatro quatre vier cuarto quatrieme vierter iv",
            "five fifth cinco cinq funf quinto cinquieme funfter v",
            "six sixth seis sechs vi",
            "seven seventh siete sept sieben vii",
            "eight eighth ocho huit acht viii",
            "nine ninth nueve neuf neun ix",
            "ten tenth diez dix zehn",
            "eleven eleventh once onze elf",
            "twelve twelfth doce douze zwolf",
        ),
        1,
    )
    for word in words.split()
}


# In scripts without spaces a word stands within a run of others.
_SERIAL_PARTS = tuple(word for word in _SERIAL_WORDS if not word.isascii())


def is_serial(title: str, words: Sequence[str]) -> bool:
    """Return whether a title could head something new each day or week."""
    return not _SERIAL_WORDS.isdisjoint(words) or any(part in title for part in _SERIAL_PARTS)


def days_of(title: str, words: Sequence[str]) -> frozenset[str]:
    """Return the weekdays, months and seasons that a title names."""
    found = {word for word in words if word in _DAY_WORDS}
    found.update("".join(filter(None, match.groups())) for match in _CJK_DAY.finditer(title))
    return frozenset(found)
