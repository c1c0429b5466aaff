"""How things are placed on photos from the street and from fixed cameras."""

COMPASS_RAY = "compass_ray"
TRIANGULATED_RAYS = "triangulated_rays"
CIRCLE_AROUND_CAMERA = "circle_around_camera"
FIXED_CAMERA = "fixed_camera"

RAYS = frozenset({COMPASS_RAY, TRIANGULATED_RAYS})
FROM_STREET = RAYS | {CIRCLE_AROUND_CAMERA}
