"""What a query may hold: a name that the route does not know is a slip, and is told."""

from fastapi import Depends, Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.params import Query


def refuse_unknown_query(request: Request) -> None:
    """Do nothing where the route knows all names of the query, and each stands there once.

    Raises:
        RequestValidationError: It does not.
    """
    if not request.query_params:
        return
    parameters = get_flat_params(request.scope["route"].dependant)
    known = {one.alias for one in parameters if isinstance(one.field_info, Query)}
    names = [name for name, _ in request.query_params.multi_items()]
    wrong = [name for name in dict.fromkeys(names) if name not in known or names.count(name) > 1]
    if wrong:
        told = "is not known here" if wrong[0] not in known else "stands there twice"
        raise RequestValidationError([{"loc": ("query", wrong[0]), "msg": told}])


KNOWN_QUERY = Depends(refuse_unknown_query)
