"""A mail's bytes -> reports. Pure: no AWS, no clock, no environment."""

from bounces.reading.mail import Arrival, Reading, read_mail

__all__ = ["Arrival", "Reading", "read_mail"]
