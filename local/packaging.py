"""The functions' and layers' code in a bucket, as `sam deploy` puts it there."""

import io
import zipfile
from pathlib import Path
from typing import Any, Final

import boto3

BUCKET: Final = "code-of-the-local-stack"


def make_bucket() -> None:
    """Make the bucket that code is put into."""
    s3 = boto3.client("s3")
    region: Any = s3.meta.region_name
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": region})


def upload(folder: Path) -> dict[str, str]:
    """Put the code in `folder` into the bucket, and return its place as the template names it."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                packed.write(path, path.relative_to(folder))
    key = f"{folder.name}.zip"
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=archive.getvalue())
    return {"Bucket": BUCKET, "Key": key}


def publish_layer(properties: dict[str, Any]) -> str:
    """Publish the layer of an expanded template's `properties`, and return its version's ARN.

    Runtimes and architectures are left out: the functions run on this machine's Python.
    """
    content = properties["Content"]
    published = boto3.client("lambda").publish_layer_version(
        LayerName=str(properties["LayerName"]), Content={"S3Bucket": content["S3Bucket"], "S3Key": content["S3Key"]}
    )
    return str(published["LayerVersionArn"])
