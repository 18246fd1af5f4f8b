"""The application factory."""

import logging
from datetime import date
from typing import Any

from flask import Flask
from flask.json.provider import DefaultJSONProvider

from . import access, errors, metrics, telemetry
from .config import Config
from .jobs import celery
from .proxies import TrustedProxies
from .routes import BLUEPRINTS
from .stores import connect


class IsoDates(DefaultJSONProvider):
    """Dates as ISO 8601, here and in the caches."""

    sort_keys = False

    @staticmethod
    def default(value: Any) -> Any:
        """What JSON has no form for."""
        return value.isoformat() if isinstance(value, date) else DefaultJSONProvider.default(value)


def create_app(config: Config | None = None) -> Flask:
    """Put the application together; telemetry has been set up before, or is not wanted."""
    config = config or Config.from_environment()
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 1 << 20
    app.json = IsoDates(app)
    app.logger.setLevel(logging.INFO)

    telemetry.instrument_app(app)
    access.register(app)
    errors.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)

    celery.conf.broker_url = config.broker_url
    app.extensions["stores"] = stores = connect(config)
    metrics.watch(stores.pool)
    app.wsgi_app = TrustedProxies(app.wsgi_app, config.trusted_proxies)  # type: ignore[method-assign]
    return app
