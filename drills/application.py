"""DRL: the application, and not only its data, is back."""

from __future__ import annotations

import pytest

from fixtures.application.running import ApplicationError, NoApplicationError
from fixtures.application.web import Web
from fixtures.core.plan import Smoke
from fixtures.core.played import Play
from fixtures.evidence import Evidence
from fixtures.postgres.access.smoke import Application, unanswered, without_rows

pytestmark = pytest.mark.weekly


@pytest.mark.control("DRL-09", severity="critical")
def drill_application_answers(
    application: Application, smokes: tuple[Smoke, ...], web: Web, evidence: Evidence
) -> None:
    """The restored database answers what its application asks first, for a visitor and for two tenants.

    Runbook:
    1. Point a copy of the application, or its API alone, at the restored database. Not yet its users.
    2. Ask as nobody, as one user and as a user of another tenant; never as the superuser, who sees all.
    3. Read one page of everything that the application shows. An error is a part that did not come back:
       SQLSTATE 42883 a function, 42P01 a relation, 3F000 a schema, 55000 a materialized view to refresh.
    4. Ask the [[smoke]] requests of the plan, of the database and of the application that [application]
       starts. They are the ones by which its author tells that it works.
    5. Both tenants see rows, and neither sees the other's: the access page of the same run has every cell.
    6. Then what this drill cannot ask: sign in, upload a file, pay, receive an e-mail.
    """
    play = Play("application")
    with play.phase("requests of visitors"):
        answers = application.pages()
    with play.phase("requests of the plan"):
        got = {one.name: application.ask(one) for one in smokes}
    absent = None
    with play.phase("requests over HTTP"):
        try:
            over_http = web.answers()
        except ApplicationError as error:
            over_http, absent = {}, error
    if not (answers or got or web.smokes):
        pytest.skip("does not apply: nobody but owners reaches this database, and the plan has no [[smoke]]")
    evidence.looked_at(len(answers) + len(got) + len(over_http))
    evidence.attach("first pages", list(map(str, answers)))
    evidence.attach(
        "requests of the plan",
        {one.name: {"as": one.visitor, "sha256": one.digest} for one in (*smokes, *web.smokes)},
    )
    evidence.played = play.ended(
        "as PostgREST sends them, one after the other; over HTTP with the application's start"
    )
    broken, own = unanswered(answers)
    for answer in own:
        evidence.undecided(
            f"{answer.relation} as {answer.visitor}", f"SQLSTATE {answer.sqlstate}, by its own doing"
        )
    for visitor in without_rows(answers):
        evidence.undecided(visitor, "sees no row of anything, as the policies of the backup have it")
    wrong = [
        f"{one.name} as {one.visitor} is answered otherwise" for one in smokes if got[one.name] != one.expect
    ]
    wrong += [f"{name}: {what}" for name, said in over_http.items() for what in said]
    assert not broken, "; ".join(broken)
    assert not wrong, "; ".join(wrong)
    if isinstance(absent, NoApplicationError):
        pytest.skip(f"not verified: {absent}")
    if absent:
        raise absent
