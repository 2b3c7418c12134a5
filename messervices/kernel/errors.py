"""The three kinds of errors of the house. Form errors are Django's own; the rest is a bug or an outage."""

from django.utils.functional import Promise


class Refusal(Exception):  # noqa: N818 - the law says no: it is an answer, not an error
    """The law or the state of a file says no.

    ``code`` is stable and for machines (``step_closed``); ``sentence`` is for people, in their language,
    and says what is certain and what to do next. ``next_url`` and ``next_label`` offer that next thing.
    """

    def __init__(
        self, code: str, sentence: str | Promise, *, next_url: str = "", next_label: str | Promise = ""
    ) -> None:
        """Keep the four parts; the middleware shows them."""
        super().__init__(code)
        self.code = code
        self.sentence = sentence
        self.next_url = next_url
        self.next_label = next_label


class ProviderUnavailable(Exception):  # noqa: N818 - read as a fact: the provider is unavailable
    """An outside system (bank, registry, mail) does not answer. The caller retries; nothing is guessed."""

    def __init__(self, provider: str, detail: str = "") -> None:
        """Say which one, and what it answered if it did."""
        super().__init__(f"{provider}: {detail}" if detail else provider)
        self.provider = provider
