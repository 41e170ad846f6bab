"""Bytes that are no UTF-8 though they claim it are read in the charset that they are in."""

import pytest

from bot.ingest.decode import decode

RUSSIAN = "Прилив пришёл рано в понедельник и забрал две лодки. Никто не пострадал."
JAPANESE = "月曜日に潮が早く来て、船が二隻流された。けが人はいなかったという。"
CHINESE = "星期一潮水来得很早，冲走了两艘船。港务长说没有人受伤。"
KOREAN = "월요일에 밀물이 일찍 와서 배 두 척을 가져갔다. 다친 사람은 없다고 했다."
FRENCH = "La marée est arrivée tôt, déjà forte, à l’été. Où était la côte ? Très loin."
GREEK = "Η παλίρροια ήρθε νωρίς τη Δευτέρα και πήρε δύο βάρκες."
ARABIC = "جاء المد مبكرا يوم الاثنين وأخذ قاربين."
POLISH = "Przypływ przyszedł wcześnie, zabrał dwie łodzie, źródło: gąszcz żółtych świateł."


@pytest.mark.parametrize(
    ("text", "codec", "language"),
    [
        (RUSSIAN, "cp1251", ""),
        (RUSSIAN, "koi8-r", ""),
        (RUSSIAN, "cp1251", "ru-RU"),
        (JAPANESE, "cp932", ""),
        (JAPANESE, "euc_jp", "ja"),
        (CHINESE, "gb18030", ""),
        (KOREAN, "cp949", ""),
        (FRENCH, "cp1252", ""),
        (FRENCH, "cp1252", "fr"),
        (GREEK, "cp1253", "el"),
        (ARABIC, "cp1256", "ar"),
        (POLISH, "cp1250", "pl"),
    ],
)
@pytest.mark.parametrize("claim", ["", " encoding='utf-8'", " encoding='no-such'"])
def test_a_charset_is_told_by_language_or_by_the_bytes(
    text: str, codec: str, language: str, claim: str
) -> None:
    named = f"<language>{language}</language>" if language else ""
    document = f"<?xml version='1.0'{claim}?><rss><channel>{named}<title>{text}</title></channel>"
    assert text in decode(document.encode(codec))


def test_a_few_odd_bytes_are_windows_latin() -> None:
    assert decode("Café “noir”, où ?".encode("cp1252")) == "Café “noir”, où ?"
