"""Members' commands, driven as a person would."""

from bot.model import PUBLIC_SCOPE, Entry, Term
from bot.playground.driver import labels_of, text_of
from tests.cogs.conftest import Stage, paragraph, record


async def test_tag_shows_its_archive_newest_first_with_a_count(stage: Stage) -> None:
    mina = stage.person()
    answer = await mina.command("tag", name="un")
    assert answer.error is None
    assert not answer.is_ephemeral
    assert "Tag Archives: UN" in answer.text
    assert "12 articles" in answer.text
    assert "session 12" in answer.text and "session 8" in answer.text
    assert "session 7" not in answer.text
    assert "Ana Berg and Tom Ito · Reuters · <t:" in answer.text
    assert "Delegates gathered" in answer.text
    assert labels_of(answer.message or {}) == ["Previous", "Next", "Narrow"]


async def test_next_and_previous_turn_the_askers_own_page(stage: Stage) -> None:
    mina = stage.person()
    first = (await mina.command("tag", name="UN")).message
    assert first
    second = await mina.press(first, "Next")
    assert second.message and second.message["id"] == first["id"]
    assert "session 7" in second.text and "session 12" not in second.text
    assert "6 to 10" in second.text
    third = await mina.press(first, "Next")
    assert "session 2" in third.text and "11 to 12" in third.text
    back = await mina.press(first, "Previous")
    assert "session 7" in back.text
    assert "6 to 10" in back.text


async def test_a_stranger_who_presses_next_gets_a_copy_of_their_own(stage: Stage) -> None:
    first = (await stage.person().command("tag", name="UN")).message
    assert first
    ravi = stage.person("ravi")
    copy = await ravi.press(first, "Next")
    assert copy.is_ephemeral
    assert copy.message and copy.message["id"] != first["id"]
    assert "session 7" in copy.text
    assert "session 12" in text_of(stage.person().messages()[-1])
    turned = await ravi.press(copy.message, "Next")
    assert turned.message and turned.message["id"] == copy.message["id"]
    assert "session 2" in turned.text


async def test_autocomplete_offers_names_with_counts_and_takes_its_own_value(stage: Stage) -> None:
    mina = stage.person()
    offered = await mina.autocomplete("tag", "name", "dipl")
    assert offered[0]["name"] == "Diplomacy (12)"
    assert offered[0]["value"].startswith("tag:")
    answer = await mina.command("tag", name=offered[0]["value"])
    assert "Tag Archives: Diplomacy" in answer.text
    titles = await mina.autocomplete("article", "title", "glac")
    assert titles[0]["name"] == "Glacier lakes under watch"
    opened = await mina.command("article", title=titles[0]["value"])
    assert "Sensors measure" in opened.text


async def test_a_miss_offers_the_nearest_names_as_buttons(stage: Stage) -> None:
    mina = stage.person()
    answer = await mina.command("tag", name="Climat")
    assert answer.is_ephemeral
    assert answer.message
    label = next(label for label in labels_of(answer.message) if "Climate" in label)
    found = await mina.press(answer.message, label)
    assert "Tag Archives: Climate" in found.text
    assert "Glacier lakes" in found.text


async def test_a_miss_with_nothing_near_says_what_to_try(stage: Stage) -> None:
    answer = await stage.person().command("tag", name="zzqqxx")
    assert "found nothing for zzqqxx" in answer.text
    assert "`/tags`" in answer.text


async def test_search_holds_words_and_options_together(stage: Stage) -> None:
    mina = stage.person()
    answer = await mina.command("search", query="council", source="reuters", sort="old")
    assert "6 articles" in answer.text
    assert answer.text.index("session 1") < answer.text.index("session 3")
    none = await mina.command("search", query="council", before="2020")
    assert none.is_ephemeral
    wrong = await mina.command("search", query="council", after="yesterday-ish")
    assert wrong.is_ephemeral and "cannot read the date" in wrong.text


async def test_search_takes_anything_a_member_types(stage: Stage) -> None:
    mina = stage.person()
    for typed in ('"', "((((", "OR", "-", "tag:", "\x00", "🚀" * 300, "a" * 6000, "* NOT AND"):
        answer = await mina.command("search", query=typed)
        assert answer.error is None, typed
        assert answer.message, typed


async def test_latest_author_and_source(stage: Stage) -> None:
    mina = stage.person()
    latest = await mina.command("latest", tag="Climate")
    assert "Latest articles: tag:Climate" in latest.text
    author = await mina.command("author", name="Mira Solheim")
    assert "Author Archives: Mira Solheim" in author.text and "Glacier lakes" in author.text
    source = await mina.command("source", name="northern wire")
    assert "Source Archives: Northern Wire" in source.text and "6 articles" in source.text


async def test_an_unknown_date_is_shown_as_unknown(stage: Stage) -> None:
    answer = await stage.person().command("tag", name="Culture")
    assert "date unknown" in answer.text


async def test_text_from_outside_stays_text(stage: Stage) -> None:
    answer = await stage.person().command("tag", name="Culture")
    assert answer.message and not answer.message["mention_everyone"]
    assert r"\@everyone \*\*free\*\* \[gift\](https\://evil.example)" in answer.text
    assert "discord\\.gg/abc" in answer.text


async def test_reading_opens_pages_for_the_reader_alone(stage: Stage) -> None:
    mina = stage.person()
    results = (await mina.command("tag", name="UN")).message
    assert results
    opened = await mina.select(results, "Read", "Council meets for session 12")
    assert opened.is_ephemeral
    assert opened.message and opened.message["id"] != results["id"]
    assert "What was said" in opened.text
    assert "page 1 of 2" in opened.text
    turned = await mina.press(opened.message, "Next")
    assert turned.message and turned.message["id"] == opened.message["id"]
    assert "What comes next" in turned.text
    assert "Source: Northern Wire" in turned.text
    assert "Diplomacy" in labels_of(turned.message)
    tag = await mina.press(turned.message, "Diplomacy")
    assert "Tag Archives: Diplomacy" in tag.text


async def test_sharing_shows_the_article_to_the_channel(stage: Stage) -> None:
    mina = stage.person()
    opened = (await mina.command("article", title="Glacier lakes under watch")).message
    assert opened and opened["flags"] & 64
    shared = await mina.press(opened, "Share")
    assert shared.error is None
    seen = stage.person("ravi").messages()
    assert "Glacier lakes under watch" in text_of(seen[-1])
    assert not seen[-1]["mentions"]
    read = await stage.person("ravi").press(seen[-1], "Read")
    assert read.is_ephemeral and "Sensors measure" in read.text


async def test_who_may_not_write_in_a_channel_may_not_share_there(stage: Stage) -> None:
    mina = stage.person(channel="announcements")
    opened = (await mina.command("article", title="Glacier lakes under watch")).message
    assert opened
    refused = await mina.press(opened, "Share")
    assert "may not write" in refused.text
    assert refused.is_ephemeral


async def test_several_titles_become_a_menu(stage: Stage) -> None:
    mina = stage.person()
    answer = await mina.command("article", title="Council meets")
    assert answer.message and "Which do you mean" in answer.text
    opened = await mina.select(answer.message, "Read", "Council meets for session 3")
    assert "session 3" in opened.text and opened.is_ephemeral


async def test_tags_lists_them_by_count_and_help_helps(stage: Stage) -> None:
    mina = stage.person()
    listed = await mina.command("tags")
    assert listed.text.index("Diplomacy") < listed.text.index("Culture")
    assert "**UN** · 12 articles" in listed.text
    helped = await mina.command("help")
    assert helped.is_ephemeral
    assert "/search" in helped.text and "/subscription" not in helped.text
    assert "/subscription" in (await stage.person("ravi").command("help")).text


async def test_a_missed_search_offers_names_for_its_words_and_filters(stage: Stage) -> None:
    mina = stage.person()
    answer = await mina.command("search", query="zzzxqj tag:Climat author:Solhem")
    assert answer.is_ephemeral and answer.message
    labels = labels_of(answer.message)
    assert any("Tag Climate" in label for label in labels)
    assert any("Mira Solheim" in label for label in labels)


async def test_a_missed_tag_offers_the_full_text_search(stage: Stage) -> None:
    mina = stage.person()
    answer = await mina.command("tag", name="delegates hall")
    assert answer.message
    label = next(x for x in labels_of(answer.message) if x.startswith("Search for"))
    assert "(12)" in label
    assert "12 articles" in (await mina.press(answer.message, label)).text


async def test_a_miss_with_many_near_names_keeps_the_likeliest_and_the_full_text(
    stage: Stage,
) -> None:
    made = [
        Entry(
            title=f"Harbour notes {number}",
            guid=f"near-{number}",
            tags=(Term(f"Harbour works {number}"),),
            authors=("Harbour Worksmith",),
            blocks=(paragraph("The harbour work went on."),),
        )
        for number in range(6)
    ]
    await record(stage.store, made, title="Harbour Desk", scope_id=0)
    mina = stage.person()
    answer = await mina.command("tag", name="Harbour work")
    labels = labels_of(answer.message or {})
    assert len(labels) == 5
    names = await stage.store.names.suggest("tag", "Harbour work", PUBLIC_SCOPE, limit=5)
    assert labels[:3] == [f"Tag {name.name} (1)" for name in names[:3]]
    assert labels[3] == "Author Harbour Worksmith (6)"
    assert labels[4] == "Search for Harbour work (6)"


async def test_a_missed_title_offers_articles_names_and_the_full_text(stage: Stage) -> None:
    mina = stage.person()
    answer = await mina.command("article", title="glacier sensors climat")
    assert answer.message and "No title reads" in answer.text
    assert "Glacier lakes under watch" in answer.text
    answer = await mina.command("article", title="Climat")
    assert answer.is_ephemeral and answer.message
    label = next(x for x in labels_of(answer.message) if x.startswith("Tag Climate"))
    assert "Tag Archives: Climate" in (await mina.press(answer.message, label)).text
    answer = await mina.command("article", title="delegates gathered")
    assert answer.message and "No title reads" in answer.text
    label = next(x for x in labels_of(answer.message) if x.startswith("Search for"))
    assert "12 articles" in (await mina.press(answer.message, label)).text
    opened = await mina.select(answer.message, "Read", "Council meets for session 12")
    assert "What was said" in opened.text


async def test_a_repaired_word_is_shown_with_a_way_back(stage: Stage) -> None:
    mina = stage.person()
    answer = await mina.command("search", query="glaciar lakes")
    assert answer.message and "Showing “glacier” instead" in answer.text
    back = await mina.press(answer.message, 'Search for "glaciar" lakes')
    assert 'Search: "glaciar" lakes' in back.text and "Showing “glacier”" not in back.text
