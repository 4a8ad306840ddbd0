"""A mail's bytes -> reports. Pure: no AWS, no clock, no environment."""

from bounces.reading.mail import Reading, read_mail, read_quickly
from bounces.reading.reports import Arrival

__all__ = ["Arrival", "Reading", "read_mail", "read_quickly"]
