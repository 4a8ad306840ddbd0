"""The package is pure: importing it pulls in nothing of AWS."""

import subprocess
import sys


def test_importing_the_patterns_pulls_in_neither_boto3_nor_pynamodb_nor_powertools() -> None:
    code = "import sys, bounces.patterns; print(*{n.split('.')[0] for n in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"boto3", "botocore", "pynamodb", "aws_lambda_powertools"} & set(loaded)
