"""Where a lead may be moved: to the right, never back, and never out of a pipeline somebody chose."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from service.connectors.kommo.shapes import LOST, WON, Pipeline


class Pair(NamedTuple):
    """A stage. Both are needed: 142 and 143 are in every pipeline."""

    pipeline_id: int
    stage_id: int


class Move(StrEnum):
    """What is to be done about a lead's stage, and why."""

    FORWARD = "forward"
    SAME = "same"
    BACKWARDS = "backwards"
    REOPENS = "reopens"
    OTHER_PIPELINE = "other_pipeline"
    LEFT_ALONE = "left_alone"
    NO_SUCH_STAGE = "no_such_stage"


class Freedom(NamedTuple):
    """What an automation may do about stages besides moving forward. `hands_off`: a person moved it lately."""

    backwards: bool = False
    reopen: bool = False
    change_pipeline: bool = False
    hands_off: bool = False


def move(pipelines: Sequence[Pipeline], now: Pair, wanted: Pair, freedom: Freedom) -> Move:
    """Whether a lead goes from one stage to another: FORWARD does, everything else stays and says why."""
    order = {Pair(pipeline.id, stage.id): stage.sort for pipeline in pipelines for stage in pipeline.stages}
    if wanted not in order:
        return Move.NO_SUCH_STAGE
    if now == wanted:
        return Move.SAME
    if freedom.hands_off:
        return Move.LEFT_ALONE
    if now.pipeline_id != wanted.pipeline_id and not freedom.change_pipeline:
        return Move.OTHER_PIPELINE
    if now.stage_id in (WON, LOST):
        return _out_of_closed(now, wanted, freedom)
    if now.pipeline_id != wanted.pipeline_id or wanted.stage_id in (WON, LOST) or freedom.backwards:
        return Move.FORWARD
    # A stage we do not know was made after the pipelines were read: nothing is known to be before it.
    return Move.FORWARD if order[wanted] > order.get(now, -1) else Move.BACKWARDS


def _out_of_closed(now: Pair, wanted: Pair, freedom: Freedom) -> Move:
    """A lost lead may still be won, and a won one lost (refunded); opening it again is another matter."""
    if wanted.stage_id in (WON, LOST):
        return Move.SAME if wanted.stage_id == now.stage_id and not freedom.change_pipeline else Move.FORWARD
    return Move.FORWARD if freedom.reopen else Move.REOPENS
