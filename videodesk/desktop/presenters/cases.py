"""The list of cases: search, filters, pages, a new case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CaseKind, CaseStatus, Language, PartyRole
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks
from videodesk.protocol.messages import Happened, Welcome, Wire
from videodesk.protocol.resources import CaseIn, CasePage, CaseSummary, CaseView, Party


@dataclass(frozen=True, slots=True)
class CasesState:
    """What the list shows."""

    query: str = ""
    status: CaseStatus | None = None
    kind: CaseKind | None = None
    only_mine: bool = False
    items: tuple[CaseSummary, ...] = ()
    total: int = 0
    next_cursor: str | None = None
    is_loading: bool = False
    is_loaded: bool = False
    is_adding: bool = False
    problem: DeskError | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether anything is left out on purpose."""
        return bool(self.query or self.status or self.kind or self.only_mine)


@dataclass(frozen=True, slots=True)
class NewCase:
    """What the dialog for a new case asks."""

    kind: CaseKind
    customer_name: str
    email: str = ""
    phone: str = ""
    product: str = ""
    order_number: str = ""
    language: Language = Language.NL


class CasesPresenter(Presenter[CasesState]):
    """Newest change first. `open_case` shows one."""

    def __init__(self, api: DeskApi, tasks: Tasks, clock: Clock, my_id: str, open_case: Callable[[str], None]) -> None:
        super().__init__(CasesState(), tasks, clock)
        self._api = api
        self._my_id = my_id
        self._open_case = open_case

    def load(self) -> None:
        """Fetch the first page for the present filters; what was on its way for other filters is dropped."""
        self._set(is_loading=True)
        self.tasks.run("cases.load", lambda: self._page(None), self._loaded, self._failed, replaces=True)

    def more(self) -> None:
        """Fetch the next page, if there is one."""
        cursor = self.state.next_cursor
        if cursor is None or self.state.is_loading:
            return
        self._set(is_loading=True)
        self.tasks.run("cases.load", lambda: self._page(cursor), self._appended, self._failed, replaces=True)

    def search(self, query: str) -> None:
        """Look for words in numbers, names, orders, products, notes."""
        if query.strip() != self.state.query:
            self._set(query=query.strip())
            self.load()

    def filter_status(self, status: CaseStatus | None) -> None:
        """Only this status, or all."""
        self._set(status=status)
        self.load()

    def filter_kind(self, kind: CaseKind | None) -> None:
        """Only this kind, or all."""
        self._set(kind=kind)
        self.load()

    def filter_mine(self, only_mine: bool) -> None:
        """Only one's own, or all."""
        self._set(only_mine=only_mine)
        self.load()

    def clear_filters(self) -> None:
        """Show all again."""
        self._set(query="", status=None, kind=None, only_mine=False)
        self.load()

    def show(self, case_id: str) -> None:
        """Open a case."""
        self._open_case(case_id)

    def add(self, new: NewCase) -> None:
        """Make a case and open it."""
        if self.state.is_adding:
            return
        self._set(is_adding=True, problem=None)
        parties = []
        if new.customer_name.strip():
            parties.append(Party(role=PartyRole.CUSTOMER, name=new.customer_name.strip(), email=new.email.strip(), phone=new.phone.strip(),
                                 language=new.language))
        body = CaseIn(id=new_id(self.clock.now()), kind=new.kind, title=new.product.strip(), language=new.language, parties=parties,
                      product=new.product.strip(), order_number=new.order_number.strip())
        self.tasks.run("cases.add", lambda: self._api.add_case(body), self._added, self._not_added)

    def handle(self, message: Wire) -> None:
        """A case changed somewhere: the list follows."""
        if isinstance(message, Welcome) or (isinstance(message, Happened) and message.name in {"case.added", "case.changed", "case.erased"}):
            self.load()

    async def _page(self, cursor: str | None) -> CasePage:
        now = self.state
        return await self._api.cases(query=now.query, status=now.status, kind=now.kind, cursor=cursor,
                                     assignee_id=self._my_id if now.only_mine else None)

    def _loaded(self, page: CasePage) -> None:
        self._set(items=tuple(page.items), total=page.total, next_cursor=page.next_cursor, is_loading=False, is_loaded=True, problem=None)

    def _appended(self, page: CasePage) -> None:
        known = {case.id for case in self.state.items}
        fresh = tuple(case for case in page.items if case.id not in known)
        self._set(items=self.state.items + fresh, total=page.total, next_cursor=page.next_cursor, is_loading=False)

    def _failed(self, problem: DeskError) -> None:
        self._set(is_loading=False, is_loaded=True, problem=problem)

    def _added(self, case: CaseView) -> None:
        self._set(is_adding=False)
        self._open_case(case.id)
        self.load()

    def _not_added(self, problem: DeskError) -> None:
        self._set(is_adding=False, problem=problem)
