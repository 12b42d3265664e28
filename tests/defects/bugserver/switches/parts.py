"""Switches of bugs that strike one connection in twenty; see ../parts.py."""

from . import Switch, defect

PARTS = 20
SWALLOWING, LENIENT, REFUSING = "swallows-messages", "forgives-everything", "refuses-requests"


def _of_part(family: str, requirements: str, text: str) -> tuple[Switch, ...]:
    return tuple(defect(f"{family}-in-part-{part:02}", requirements,
                        f"{text}, on one connection in twenty")
                 for part in range(1, PARTS + 1))


SWITCHES = (
    *_of_part(SWALLOWING, "6455-6.1-09 6455-5.5.2-02", "echoes nothing and answers no ping"),
    *_of_part(LENIENT, "6455-10.7-01 6455-7.1.7-03", "takes whatever is wrong and goes on"),
    *_of_part(REFUSING, "6455-4.4-02 6455-4.2.2-21", "answers requests that are right with 403"),
)
