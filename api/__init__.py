"""The HTTP API: the same routes behind an AWS HTTP API (lambda_handler) and under `vistafresca serve` (local)."""
