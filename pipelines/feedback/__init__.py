"""Stage `feedback`: what was rejected, what became of it, and a receipt for each delivery back to its sender."""
