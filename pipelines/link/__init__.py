"""Link: names that the models read to identifiers, by exact name in the configured ontology files."""
