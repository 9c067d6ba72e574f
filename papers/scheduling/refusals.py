"""What the verbs of scheduling raise."""


class Refused(Exception):
    """An act that makes no sense as things are; its text is a sentence for the person who tried.

    `field` names what was asked for wrongly, where it is one thing that a form or a request said.
    """

    field = ""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field or self.field
