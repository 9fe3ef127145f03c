"""Reading versions: digest, difference, benchmarks."""
