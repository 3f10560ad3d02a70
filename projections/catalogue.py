"""Every read model there is. A new one is added here and nowhere else."""

from typing import Final

from projections.cases import Cases
from projections.deals import Deals
from projections.history import History
from projections.leads import Leads
from projections.lines import Lines
from projections.organisation import OrganisationChart
from projections.ownership import Ownership
from projections.payouts import Payouts
from projections.pool import PoolBoard
from projections.receipts import Receipts
from projections.registry import ReadModel
from projections.sales import Sales

READ_MODELS: Final[tuple[type[ReadModel], ...]] = (
    OrganisationChart,
    Leads,
    PoolBoard,
    Ownership,
    History,
    Deals,
    Sales,
    Receipts,
    Cases,
    Lines,
    Payouts,
)
