"""The only home of outside services: object store (boto3), corpus repository (dvc, git), model registry (mlflow),
warehouse (duckdb), state (SQLAlchemy)."""
