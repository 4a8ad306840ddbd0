"""The edge: queues, the mail store, logs and metrics. The one package that makes AWS clients."""
