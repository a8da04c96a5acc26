"""The six steps on real parts: the only place that builds adapters from settings."""
