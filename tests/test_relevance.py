"""The relevance harness: its measure, its typing errors, `find` on a small judged collection."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.relevance import Collection, mean_ndcg, misspelt, ndcg, ours

TOPICS = {
    "harbour": "ships cargo dock crane tide pilot",
    "glacier": "meltwater moraine snowfield crevasse summit icefall",
    "orchard": "blossom harvest apples pruning cider grafting",
}
FILLER = "people said much about several places during the year before winter returned"


def written(folder: Path) -> Collection:
    """Write and read a collection: five documents a topic, a long question for each."""
    chance = random.Random(7)
    docs, judged = [], []
    for topic, words in TOPICS.items():
        for n in range(5):
            body = chance.sample(words.split(), 4) + chance.sample(FILLER.split(), 8)
            chance.shuffle(body)
            text = " ".join(body)
            docs.append({"id": f"{topic}{n}", "title": topic if n == 0 else "", "text": text})
            judged.append(f"{topic}\t{topic}{n}\t{2 if n == 0 else 1}")
    asked = [
        f"{topic}\twhat is known about the {topic} and its {words} somewhere in xylophone land?"
        for topic, words in TOPICS.items()
    ]
    folder.joinpath("docs.jsonl").write_text("".join(json.dumps(d) + "\n" for d in docs))
    folder.joinpath("queries.tsv").write_text("\n".join(asked) + "\n")
    folder.joinpath("qrels.tsv").write_text("\n".join(judged) + "\n")
    return Collection.read(folder)


def test_long_questions_find_what_they_are_about(tmp_path: Path) -> None:
    collection = written(tmp_path)
    chance = random.Random(3)
    typos = {key: misspelt(text, chance) for key, text in collection.queries.items()}
    clean, wrong = asyncio.run(ours(collection, [collection.queries, typos]))
    assert typos != collection.queries
    assert mean_ndcg(clean, collection) > 0.95
    assert mean_ndcg(wrong, collection) > 0.9


def test_gains_are_linear_and_discounted() -> None:
    judged = {"a": 2.0, "b": 1.0}
    assert ndcg(["a", "b"], judged) == 1.0
    assert ndcg(["b", "a"], judged) == pytest.approx((1 + 2 / 1.58496) / (2 + 1 / 1.58496), 1e-4)
    assert ndcg(["x"] * 10 + ["a"], judged) == 0.0
    assert ndcg(["a"], {}) == 0.0


def test_a_third_of_the_longer_words_get_one_letter_wrong() -> None:
    text = "the similarity laws governing aeroelastic models of heated aircraft bodies"
    wrong = misspelt(text, random.Random(1)).split()
    changed = [(a, b) for a, b in zip(text.split(), wrong, strict=True) if a != b]
    assert len(changed) == 3
    assert all(len(a) >= 6 and abs(len(a) - len(b)) <= 1 for a, b in changed)
    assert misspelt(text, random.Random(1)).split() == wrong


@pytest.mark.parametrize("script", ["relevance", "search"])
def test_a_benchmark_can_be_run_by_its_path(script: str) -> None:
    pytest.importorskip("tantivy" if script == "search" else "numpy")
    root = Path(__file__).parents[1]
    command = [sys.executable, f"benchmarks/{script}.py", "--help"]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "--json" in run.stdout


def test_a_collection_of_another_hand_is_read(tmp_path: Path) -> None:
    docs = [
        {"id": 7, "title": None, "text": "one"},
        {"id": "a b/ü", "text": "two"},
        {"id": "7", "title": "T", "text": "again"},
    ]
    lines = "\r\n".join(json.dumps(doc) for doc in docs)
    tmp_path.joinpath("docs.jsonl").write_bytes(b"\xef\xbb\xbf" + lines.encode() + b"\r\n\r\n")
    tmp_path.joinpath("queries.tsv").write_bytes(b"q1\tone\r\nq2\ttwo\ttabbed\r\nq3\r\nq4\tno\r\n")
    tmp_path.joinpath("qrels.tsv").write_bytes(b"q1\t7\t2\r\nq2\ta b/\xc3\xbc\t1\r\nq4\t7\t0\r\n")
    collection = Collection.read(tmp_path)
    assert collection.docs == (("7", "T", "again"), ("a b/ü", "", "two"))
    assert collection.asked == {"q1": "one", "q2": "two\ttabbed"}
    (found,) = asyncio.run(ours(collection, [collection.asked]))
    assert found["q2"] == ["a b/ü"]
