"""Parse raw bytes into records: documents, figures, panels, annotations, events."""
