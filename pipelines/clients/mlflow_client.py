"""MLflow, reached: where it lies, its client without global state, its failures as ours."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import PermanentError, TransientError
from pipelines.settings import Settings

if TYPE_CHECKING:
    from mlflow import MlflowClient

SYNTHETIC_PREFIX = "synthetic-"
EXPERIMENT = "nightcap"
_RETRIED_CODES = frozenset({"TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "INTERNAL_ERROR"})


def tracking_uri(settings: Settings) -> str:
    """`storage.mlflow`, else SQLite below the home."""
    return settings.storage.mlflow or f"sqlite:///{settings.path('mlflow', 'mlflow.db')}"


def artifact_root(settings: Settings) -> str | None:
    """`storage.mlflow_artifacts`, else a folder below the home; None leaves it to the server."""
    if settings.storage.mlflow_artifacts:
        return settings.storage.mlflow_artifacts
    return None if tracking_uri(settings).startswith("http") else settings.path("mlflow", "artifacts").as_uri()


def exists(settings: Settings) -> bool:
    """False in a home in which nothing was ever registered: reading need not create a database."""
    return bool(settings.storage.mlflow) or settings.path("mlflow", "mlflow.db").is_file()


def _quiet() -> None:
    """No telemetry, no progress bars, no migration log."""
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    from mlflow import environment_variables as variables
    from mlflow.telemetry import set_telemetry_client

    if not variables.MLFLOW_DISABLE_TELEMETRY.get():
        variables.MLFLOW_DISABLE_TELEMETRY.set(True)
        set_telemetry_client()
    variables.MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.set(False)


def open_client(settings: Settings) -> MlflowClient:
    """A client of the configured address; nothing of it is set for the whole process."""
    _quiet()
    from mlflow import MlflowClient

    uri = tracking_uri(settings)
    if uri.startswith("sqlite:///"):
        Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    with mlflow_errors(settings):
        return MlflowClient(tracking_uri=uri, registry_uri=uri)


@contextlib.contextmanager
def mlflow_errors(settings: Settings) -> Iterator[None]:
    """MLflow's failures as ours: a server that does not answer may do so later, a refusal will not."""
    from mlflow.exceptions import MlflowException
    from requests.exceptions import RequestException
    from sqlalchemy.exc import OperationalError

    where = tracking_uri(settings).rpartition("@")[2]
    try:
        yield
    except (RequestException, OperationalError, ConnectionError) as error:
        raise TransientError(f"the model registry at {where} does not answer: {error}") from error
    except MlflowException as error:
        if error.error_code in _RETRIED_CODES or "API request to" in str(error):
            raise TransientError(f"the model registry at {where}: {error}") from error
        raise PermanentError(f"the model registry at {where}: {error}") from error


def experiment_id(settings: Settings, client: MlflowClient) -> str:
    """The experiment of this home, made where it is absent; synthetic homes have one of their own."""
    name = f"{SYNTHETIC_PREFIX}{EXPERIMENT}" if settings.is_synthetic else EXPERIMENT
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id) if found else str(client.create_experiment(name, artifact_root(settings)))
