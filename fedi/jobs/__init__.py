"""The durable queue: policy in `retry`, rows in `queue`."""
