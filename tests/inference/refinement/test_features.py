"""What points of a photo are found, kept and read again."""

from inference.refinement.features import describe_features, features_to_bytes, parse_features


def test_a_picture_without_texture_has_no_points() -> None:
    import numpy as np

    features = describe_features(np.full((300, 400, 3), 90, dtype=np.uint8))
    assert features.pixels.shape == (0, 2)
    again = parse_features(features_to_bytes(features))
    assert again.descriptors.shape == (0, 128)
