"""What a bounce means: rules as data, one matcher, and the verdict that explains itself.

    classifier = Classifier(parse_patterns(text)[0])
    verdict = classifier.classify(report)

Pure: no AWS, no clock, no environment.
"""

from bounces.patterns.classifier import Classifier
from bounces.patterns.operator_patterns import NO_PATTERNS, OperatorPattern, OperatorPatterns, Refused
from bounces.patterns.operator_syntax import export_json, export_patterns, import_json, parse_patterns
from bounces.patterns.policy import Policy, categories, default_policy
from bounces.patterns.providers import provider_of

__all__ = [
    "NO_PATTERNS",
    "Classifier",
    "OperatorPattern",
    "OperatorPatterns",
    "Policy",
    "Refused",
    "categories",
    "default_policy",
    "export_json",
    "export_patterns",
    "import_json",
    "parse_patterns",
    "provider_of",
]
