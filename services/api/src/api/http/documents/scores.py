"""Documents of the score of a view."""

from pydantic import BaseModel, Field

from api.http.documents.common import TimeText


class ScorePart(BaseModel):
    """One thing that is measured."""

    name: str = Field(description="`light`, `pixels`, `angle`, `keyframes`, `stability` or `doubt`; more may come")
    score: int | None = Field(description="0 to 100; null: not known")
    sentence: str = Field(description="What was found and what to do, for a person")


class ViewScore(BaseModel):
    """How well the view of a camera serves its tables."""

    site_id: str
    camera_id: str
    as_of: TimeText
    total: int | None = Field(description="That of the worst part, 0 to 100; null: neither tables nor pictures yet")
    sentence: str = Field(description="What to mend first, for a person")
    looks: int = Field(description="Pictures of the last hour whose judgements counted, 40 at most")
    parts: list[ScorePart]


class DayScore(BaseModel):
    """How well the view of a camera served its tables on one day."""

    site_id: str
    camera_id: str
    day: str = Field(description="As YYYY-MM-DD: from 03:00 to 03:00 of the next day, by the clock of the site")
    made_at: TimeText
    total: int | None = Field(description="That of the worst part, 0 to 100; null: neither tables nor pictures yet")
    sentence: str = Field(description="What to mend first, for a person")
    looks: int = Field(description="Pictures of the day whose judgements counted, 40 at most")
    parts: list[ScorePart]
