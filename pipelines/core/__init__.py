"""Pure types and rules that every stage shares: no service, no clock, no environment."""
