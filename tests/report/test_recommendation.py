"""The recommendation of a run as a reader and as a program get it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from loadbench.records import Record
from loadbench.report.advice import advise, refusals
from loadbench.report.findings import Findings, find
from loadbench.report.markdown import markdown
from loadbench.report.recommendation import recommendation_document
from loadbench.report.recommendation_json import recommendations_json
from loadbench.report.terminal import print_document
from loadbench.report.text import visible
from loadbench.store import read_run
from tests.builders import bad, case, example, run, series, stored
from tests.report.test_golden import compare
from tests.report.test_hostile_text import for_any_text, hostile

ROOT = Path(__file__).parent.parent.parent
TIMES = (300, 301, 302, 303, 304, 305)


def terminal(findings: Findings, width: int) -> str:
    file = io.StringIO()
    print_document(recommendation_document(findings, advise(findings)), Console(file=file, width=width))
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def as_markdown(findings: Findings) -> str:
    return markdown(recommendation_document(findings, advise(findings)))


def of(*groups: list[Record], **fields: Any) -> Findings:
    records = [record for group in groups for record in group]
    return find(stored(run(list({one.case.name: one.case for one in records}.values()), **fields), records))


@pytest.mark.parametrize("name", ["recommend.md", "recommend-80.txt", "recommend.json"])
def test_example(name: str) -> None:
    findings = find(example())
    if name.endswith(".json"):
        compare(recommendations_json([(findings, advise(findings))]), name)
    else:
        compare(as_markdown(findings) if name.endswith(".md") else terminal(findings, 80), name)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_what_is_pasted_is_never_wrapped_and_stands_at_the_margin(width: int) -> None:
    findings = of(series(case("runai-streamer", tunables={"concurrency": 4}), *TIMES))
    printed = terminal(findings, width).splitlines()
    (one,) = advise(findings)
    pasted = [recipe.lines for recipe in (*one.recipes, *([one.again] if one.again else []))]
    assert len(pasted) == 5
    for lines in pasted:
        start = printed.index(lines[0])
        assert tuple(printed[start : start + len(lines)]) == lines


def test_markdown_has_it_in_fences_as_it_is() -> None:
    findings = of(series(case("runai-streamer", tunables={"concurrency": 4}), *TIMES))
    (one,) = advise(findings)
    fences = [token for token in MarkdownIt("commonmark").parse(as_markdown(findings)) if token.type == "fence"]
    expected = [*one.recipes, *([one.again] if one.again else [])]
    assert [(fence.info, tuple(fence.content.splitlines())) for fence in fences] == [
        (recipe.language, recipe.lines) for recipe in expected
    ]


def test_without_a_recommendation_there_is_nothing_to_paste() -> None:
    findings = of([bad(case(), 1, "failed", "it broke")])
    assert refusals(advise(findings)) == ("gpt2, cold, cpu, owned: no trial counts (fastsafetensors-nogds: 1 failed)",)
    text = as_markdown(findings)
    assert "## No recommendation: gpt2, cold, cpu, owned" in text
    assert "```" not in text
    condition = json.loads(recommendations_json([(findings, advise(findings))]))["runs"][0]["conditions"][0]
    assert condition["recommended"] is None
    assert condition["refusal"].startswith("no trial counts")
    assert condition["recipes"] == []


def test_a_run_that_is_inconclusive_recommends_nothing() -> None:
    trials = [bad(case("safetensors-mmap"), round, "disturbed", "cpu: 30 % by others") for round in range(1, 5)]
    findings = of(series(case(), *TIMES), trials)
    assert [one.recommendation.chosen for one in advise(findings)] == [None]
    assert "INCONCLUSIVE: 4 of 10 trials were disturbed" in refusals(advise(findings))[0]


def test_a_plug_in_is_recommended_without_recipes_but_with_the_sweep() -> None:
    findings = of(series(case("my-loader"), *TIMES))
    text = terminal(findings, 100)
    assert "Nothing to paste" in text
    assert "no recipe for the loader 'my-loader'" in text
    assert "loadbench sweep models/gpt2 --loader my-loader --cache cold --rounds 20" in text


def test_an_engine_that_cannot_do_it_gets_the_fastest_that_it_can() -> None:
    slow = series(case("runai-streamer", tunables={"concurrency": 4}), *(3 * time for time in TIMES))
    (one,) = advise(of(series(case(), *TIMES), slow, series(case("safetensors-mmap"), *(4 * time for time in TIMES))))
    (vllm,) = [recipe for recipe in one.recipes if recipe.target == "vLLM"]
    assert '"concurrency": 4' in vllm.lines[0]
    assert "works on CUDA devices only" in vllm.notes[0]
    assert "the fastest that it can do is #2, runai-streamer: 3.00 [" in vllm.notes[1]
    (alone,) = advise(of(series(case(), *TIMES)))
    assert [recipe.lines for recipe in alone.recipes if recipe.target == "vLLM"] == [()]


def test_a_case_that_was_alone_is_called_so() -> None:
    assert "it was compared with nothing" in terminal(of(series(case(), *TIMES)), 200)


def test_a_checkpoint_that_is_not_described() -> None:
    findings = of(series(case(), *TIMES), checkpoints={})
    assert "The run does not say where the checkpoint lies." in terminal(findings, 200)


def hostile_winner(name: str) -> Findings:
    """A run with the name in every free text, and with enough trials to recommend its case."""
    before = hostile(name).stored
    trouble = before.run.plan.cases[0]
    return find(stored(before.run, series(trouble, *TIMES), name))


@for_any_text
def test_nothing_of_theirs_acts_on_a_terminal_or_becomes_markup(name: str) -> None:
    for findings in (hostile(name), hostile_winner(name)):
        assert all(char.isprintable() for line in terminal(findings, 100).split("\n") for char in line)
        tokens = (
            MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(as_markdown(findings))
        )
        kinds = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or ()}
        assert not kinds & {"html_block", "html_inline", "link_open", "image", "code_inline", "em_open", "s_open"}
        printed = recommendations_json([(findings, advise(findings))])
        assert printed.isascii()
        assert json.loads(printed)["runs"][0]["name"] == name


@for_any_text
def test_hostile_paths_are_shown_as_they_are_pasted(name: str) -> None:
    base = run([case("safetensors-mmap")])
    info = base.checkpoints["gpt2"].model_copy(update={"path": name})
    findings = of(series(case("safetensors-mmap"), *TIMES), checkpoints={"gpt2": info})
    (one,) = advise(findings)
    assert bool(one.recipes) is name.isprintable()
    for recipe in one.recipes:
        assert all(line == visible(line) for line in recipe.lines)
        assert all(f"{line.rstrip()}\n" in terminal(findings, 80) for line in recipe.lines)


def test_what_lies_in_the_repository_is_what_the_code_says() -> None:
    """After a change that is meant: loadbench recommend results/vm-2cpu/gpt2 --format markdown --output THAT."""
    findings = find(read_run(ROOT / "results/vm-2cpu/gpt2"))
    assert (ROOT / "results/vm-2cpu/gpt2/recommendation.md").read_text() == as_markdown(findings)
    excerpt = (ROOT / "README.md").read_text().split("```text\nRecommended: ")[1].split("\n```")[0]
    assert excerpt in terminal(findings, 120)
