"""Health and metrics."""

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ..config import VERSION

blueprint = Blueprint("operations", __name__)


@blueprint.get("/health")
def health() -> dict[str, str]:
    """The worker serves; its neighbours have health checks of their own."""
    return {"status": "ok", "version": VERSION}


@blueprint.get("/metrics")
def metrics() -> Response:
    """For Prometheus."""
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
