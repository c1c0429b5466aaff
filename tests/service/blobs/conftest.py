"""Fixtures of the places that the tests of this room run on."""

from tests.service.blob_places import blobs, new_bucket, s3_options, s3_server

__all__ = ["blobs", "new_bucket", "s3_options", "s3_server"]
