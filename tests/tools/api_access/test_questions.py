"""The questions that a client left open."""

from polytomic_mcp.tools.api_access.questions import OpenQuestions


def test_a_question_is_left_open_for_later_calls_for_ten_minutes() -> None:
    questions = OpenQuestions()
    with questions.during(1):
        questions.ask("Delete?", 0.0)

    with questions.during(2):
        assert questions.is_left_open("Delete?", 2, 599.0)
        assert not questions.is_left_open("Delete?", 2, 600.0)
        assert not questions.is_left_open("Delete another?", 2, 0.0)
        questions.answer()
        questions.ask("Delete?", 1.0)

    with questions.during(3):
        assert not questions.is_left_open("Delete?", 3, 2.0)


def test_of_calls_that_are_sent_together_none_stands_for_an_answer() -> None:
    questions = OpenQuestions()

    with questions.during(1), questions.during(2):
        questions.ask("Delete?", 0.0)

        assert not questions.is_left_open("Delete?", 2, 0.0)
