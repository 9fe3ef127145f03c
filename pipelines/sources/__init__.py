"""Pull raw bytes from every source, unchanged, content-addressed, with provenance."""
