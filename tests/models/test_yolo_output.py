import numpy as np

from models.yolo_output import parse_yolo_output


def test_centre_and_size_become_corners_and_the_best_class_counts() -> None:
    # Rows: centre x, centre y, width, height, score of class 0, score of class 1.
    output = np.array([[50, 10], [40, 10], [20, 4], [10, 4], [0.2, 0.9], [0.7, 0.1]], np.float32)
    found = parse_yolo_output(output, min_score=0.5)
    assert found.boxes.tolist() == [[8, 8, 12, 12], [40, 35, 60, 45]]
    assert found.class_ids.tolist() == [0, 1]
    assert found.scores.tolist() == [np.float32(0.9), np.float32(0.7)]


def test_boxes_below_the_lowest_score_are_left_out() -> None:
    output = np.array([[50], [40], [20], [10], [0.49]], np.float32)
    found = parse_yolo_output(output, min_score=0.5)
    assert found.boxes.shape == (0, 4)


def test_a_crop_gives_at_most_three_hundred_boxes() -> None:
    places = np.arange(400, dtype=np.float32) * 10
    scores = np.linspace(0.5, 1, 400, dtype=np.float32)
    size = np.full(400, 5, dtype=np.float32)
    found = parse_yolo_output(np.stack((places, places, size, size, scores)), min_score=0.1)
    assert len(found) == 300
    assert found.scores[0] == 1
