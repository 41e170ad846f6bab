"""Whole lines that are a page's furniture ("Leave a comment", "Posted in X | Tagged a, b").

In the languages that WordPress sites are seen in; what such lines name is read.
"""

from __future__ import annotations

import re

_LEAVE = "|".join(
    (
        r"leave a (?:comment|reply)|(?:add (?:a )?|post a |view all )comments?",
        r"(?:schreibe?|hinterlasse|schreiben sie) (?:einen|deinen|ihren) kommentar.*",
        r"kommentar (?:hinterlassen|schreiben|verfassen)|laisse[rz]? un commentaire.*",
        r"dej(?:a|ar|e) un comentario.*|deixe? um comentário.*|lascia un commento.*",
        r"(?:laat|geef|plaats) een reactie.*|dodaj komentarz|yorum yap(?:ın)?|bir yanıt yazın",
        r"(?:оставить|добавить|напишите) комментари[йя]|اترك (?:تعليقاً?|رد[اًا]?)",
        r"コメントを残す|コメントをどうぞ|コメントする|发表(?:评论|回复)|發佈留言|댓글 남기기",
    )
)
_COUNTS = "|".join(
    (
        r"(?:\d+|one|no) (?:comments?|replies|responses?)(?: yet)?|\d+ thoughts? on .*",
        r"comments? off.*|comments? (?:are )?closed.*|kommentare (?:deaktiviert|geschlossen).*",
        r"(?:\d+|keine) kommentare?|(?:\d+|aucun) commentaires?",
        r"commentaires? (?:fermés?|désactivés?).*",
        r"(?:\d+|sin|no hay|nenhum) comentarios?|(?:\d+|nenhum) comentários?",
        r"comentarios desactivados.*",
        r"(?:\d+|nessun) comment[oi]|(?:\d+|geen) reacties?|(?:\d+|brak) komentarz[ey]?",
        r"(?:\d+|нет) комментари(?:ев|й|я)|لا توجد تعليقات|没有评论|\d+ 条评论|댓글 \d+개",
        r"(?:コメント)?\s?\d+ 件のコメント",
    )
)
_POSTED = (
    r"(?:posted (?:in|on|by)|filed (?:under|in)|veröffentlicht (?:in|unter|am|von)"
    r"|erstellt am|publié (?:dans|le|par)|classé (?:dans|sous)|publicado (?:en|el|por|em)"
    r"|archivado en|pubblicato (?:in|il|da)|geplaatst (?:in|op|door)|опубликовано"
    r"|نُ?شر (?:في|بواسطة))"
)
_TAGS = (
    r"(?:tags?|schlag(?:wörter|worte|wort)|stichwörter|étiquettes?|mots?-clés?|etiquetas?|marcadores"
    r"|labels?|etiketten|etiketler|метки|теги|الوسوم|وسوم|タグ|标签|標籤|태그)\s*[:：]"
)
_TAGGED_WITH = (
    r"(?:tagged\b(?: with| as)?:?|verschlagwortet mit|getaggt mit|étiqueté(?:e?s?)?(?: avec)?:?"
    r"|etiquetad[oa](?: con| como)?:?|contrassegnato(?: con)?|getagged(?: met)?)"
)
_CATEGORIES = (
    r"(?:categor(?:y|ies)|kategorien?|rubriken?|catégories?|rubriques?|categorías?|categorias?"
    r"|categorie[ën]?|kategori(?:e|ler)?|рубрик[аи]|категори[яи]|التصنيفات|التصنيف"
    r"|カテゴリー?|分类(?:目录)?|分類|카테고리)\s*[:：]"
)
_SHARE = "|".join(
    (
        r"share (?:this|on|via)\b.*|click to (?:share|email|print)\b.*|like this:?",
        r"(?:like )?loading(?:\.\.\.|…)|rate this:?.*|\d+ votes?.*|rating: .*|print(?: this)?",
        r"pin it|tweet|reblog|email(?: this)?|be the first to like this\.?|permalink",
        r"teilen(?: mit)?:|gefällt mir:?(?: wird geladen ?…)?|partage[rz](?: ceci)?\s*:",
        r"j[’']aime ça\s*:",
        r"compartir en\b.*|comparte esto:|me gusta esto:|compartilhe isso:|curtir isso:|condividi:",
        r"mi piace:|delen:|vind ik leuk:|udostępnij:|поделиться\s*:|شارك هذا الموضوع:",
        r"共有:|いいね:|分享到?[:：]",
    )
)
_NEXT = "|".join(
    (
        r"(?:older|newer|previous|next) (?:posts?|entries)\b.*",
        r"[←«]\s*(?:older|previous|newer|next)\b.*",
        r"[←«]\s*(?:ältere|vorherige|neuere)\b.*",
        r"(?:ältere|neuere|vorherige|nächste) (?:beiträge|artikel)\b.*",
        r"(?:[←«]\s*)?(?:articles|billets) (?:plus )?(?:anciens|récents|précédents|suivants)\b.*",
        r"(?:[←«]\s*)?entradas (?:anteriores|siguientes|(?:más )?(?:antiguas|recientes))\b.*",
        r"(?:[←«]\s*)?articoli (?:meno|più) recenti\b.*",
        r"(?:[←«]\s*)?posts (?:antigos|anteriores|mais recentes)\b.*",
        r"(?:[←«]\s*)?(?:oudere|nieuwere) berichten\b.*",
        r"(?:[←«]\s*)?(?:старые|новые|предыдущие) записи\b.*",
        r"(?:[←«]\s*)?(?:過去|以前|古い|新しい)の?投稿.*",
        r"beitrags-?navigation|navigation des articles|navegación de entradas|navigazione articoli",
        r"berichtnavigatie|навигация по записям|投稿ナビゲーション|previous|next",
        r"page \d+ (?:of|/) \d+|seite \d+ von \d+|page \d+ sur \d+|página \d+ de \d+",
    )
)
_PAGE = "|".join(
    (
        r"related(?: posts| articles)?:?|edit(?: this)?|advertisements?|menu|search(?: for)?:?",
        r"skip to (?:content|main).*|subscribe|follow us(?: on .{1,40})?",
        r"(?:estimated )?read(?:ing)? time:? \d+ (?:min|minutes?)|\d+ min(?:utes?)? read",
        r"posted:? .{0,40}\d.{0,20}|投稿[日者][:：].*",
    )
)
# The lists beside a page's own text: what follows repeats its titles, and others'.
_ASIDE = "|".join(
    (
        r"(?:recent|latest) (?:posts|comments|articles|news)",
        r"(?:neueste|letzte|aktuelle) (?:beiträge|kommentare|artikel)",
        r"(?:articles|commentaires|billets) récents|(?:entradas|comentarios|artículos) recientes",
        r"(?:articoli|commenti) recenti|(?:posts|comentários|artigos) recentes",
        r"recente (?:berichten|reacties)|ostatnie (?:wpisy|komentarze)|son yazılar",
        r"свежие (?:записи|комментарии)|أحدث (?:المقالات|التعليقات)|最近の(?:投稿|コメント)",
        r"近期(?:文章|评论)|最新文章|최근 글",
    )
)
_BESIDE = re.compile(rf"(?:{_ASIDE})\s*:?", re.IGNORECASE)
_FURNITURE = re.compile(
    rf"{_LEAVE}|{_COUNTS}|{_POSTED}(?!\w).*|{_TAGS}.*|{_TAGGED_WITH} .*|{_CATEGORIES}.*"
    rf"|{_SHARE}|{_NEXT}|{_PAGE}|(?:{_ASIDE})\s*:?",
    re.IGNORECASE,
)
_NAMED = re.compile(rf"(?:^|\|)\s*(?:{_TAGS}|{_TAGGED_WITH}(?!\w))\s*([^|]*)", re.IGNORECASE)
_FILED = re.compile(
    r"(?:^|\|)\s*(?:posted in|filed under:?|filed in|publicado e[nm]|archivado en:?|pubblicato in"
    rf"|veröffentlicht (?:in|unter)|(?:publié|classé) (?:dans|sous)|geplaatst in|{_CATEGORIES})"
    r"\s*([^|]*)",
    re.IGNORECASE,
)
_COMMA = re.compile(r"[,،、，]")
_LONGEST = 300
_LONGEST_SENTENCE = 7
"""Words of a closed sentence that is still furniture, as "Be the first to like this." is."""


def is_furniture(line: str) -> bool:
    """Tell whether a whole line is a page's furniture and no part of an article."""
    if len(line) > _LONGEST or _FURNITURE.fullmatch(line) is None:
        return False
    return not (line.endswith((".", "!", "?")) and len(line.split()) > _LONGEST_SENTENCE)


def begins_lists(line: str) -> bool:
    """Tell whether a line heads the lists beside a page's text ("Recent Posts")."""
    return len(line) <= _LONGEST and _BESIDE.fullmatch(line) is not None


def named_terms(line: str) -> tuple[list[str], list[str]]:
    """Return the (tags, categories) that a line such as "Posted in X | Tagged a, b" names.

    Commas part names here and nowhere else; lost links leave no empty names.
    """
    if len(line) > _LONGEST:
        return [], []
    return _names(_NAMED, line), _names(_FILED, line)


def _names(form: re.Pattern[str], line: str) -> list[str]:
    found = form.search(line)
    names = _COMMA.split(found.group(1)) if found is not None else []
    return [name for name in map(str.strip, names) if name]
