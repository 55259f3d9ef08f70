"""A recommendation with what can be pasted for it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from loadbench.analysis.notes import unproved
from loadbench.analysis.recommendation import Recommendation, recommend
from loadbench.analysis.verdict import inconclusive
from loadbench.errors import UsageError
from loadbench.recipes import ENGINES, recipes
from loadbench.recipes.again import sweep_again
from loadbench.recipes.recipe import Recipe
from loadbench.report.best_tables import condition_text
from loadbench.report.findings import Findings
from loadbench.report.text import short, times


@dataclass(frozen=True)
class Advice:
    """A recommendation and what can be pasted for it."""

    recommendation: Recommendation
    recipes: tuple[Recipe, ...]
    no_recipes: str
    """Why there are none; empty where there are some, or nothing is recommended."""
    again: Recipe | None
    """The sweep that measures the top set again."""


def advise(findings: Findings) -> tuple[Advice, ...]:
    """Advice for every condition of a run, in the order of the report."""
    verdict = inconclusive(findings.stored.records)
    loaders = findings.stored.run.loaders
    return tuple(_advice(recommend(contest, loaders, verdict), findings) for contest in findings.contests)


def refusals(advice: Iterable[Advice]) -> tuple[str, ...]:
    """For each condition without a recommendation, which and why."""
    return tuple(
        f"{condition_text(one.recommendation.contest.condition)}: {short(one.recommendation.refusal)}"
        for one in advice
        if one.recommendation.chosen is None
    )


def _advice(found: Recommendation, findings: Findings) -> Advice:
    chosen = found.chosen
    if chosen is None:
        return Advice(found, (), "", None)
    run = findings.stored.run
    case = chosen.standing.summary.case
    info = run.checkpoints.get(case.checkpoint)
    if info is None:
        return Advice(found, (), "the run does not say where the checkpoint lies.", None)
    again: Recipe | None = None
    made: tuple[Recipe, ...] = ()
    why_none = ""
    try:
        again = sweep_again([one.case for one in found.to_confirm], info.path, run.loaders)
        made = tuple(_or_next_best(recipe, found, info.path) for recipe in recipes(case, info.path))
    except UsageError as error:
        why_none = str(error)
    return Advice(found, made, why_none, again)


def _or_next_best(recipe: Recipe, found: Recommendation, path: str) -> Recipe:
    """For an engine that cannot do what is recommended, the fastest case of the condition that it can do."""
    if recipe.lines or recipe.target not in ENGINES:
        return recipe
    for standing in found.contest.standings:
        summary = standing.summary
        if unproved(summary):
            continue
        try:
            (other,) = [one for one in recipes(summary.case, path) if one.target == recipe.target]
        except UsageError:
            continue
        if other.lines:
            instead = (
                f"Of this condition's cases the fastest that it can do is #{summary.number}, "
                f"{summary.case.loader}: {times(standing.times_best)} times the time of the fastest observed."
            )
            return replace(other, notes=(*recipe.notes, instead, *other.notes))
    return recipe
