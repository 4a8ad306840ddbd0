"""Bounce processing: what every function and the command line share.

`reading` turns a mail or an accounting record into reports, `patterns` a report into a verdict, `store` keeps
what follows from it, and `aws` is the edge where queues, buckets and secrets are touched. `reading` and `patterns`
are pure: they import neither boto3 nor pynamodb nor Powertools, and know no clock and no environment.
"""

from bounces import compiled

compiled.take()
