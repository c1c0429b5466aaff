"""A ready-made flight that shows what the product does."""

from datasets.scenes.flight import FlightBiases, FlightNoise, FlightPlan, Shot, plan_shots
from datasets.scenes.geodesy import Origin
from datasets.scenes.scene import ScenePlan
from datasets.scenes.viewing import SceneCamera
from datasets.taxonomy import CLASS_NAMES

DEMO_SCENE_SEED = 32
_HEIGHT_M = 40.0
# An ordinary drone without RTK: a metre or so off, the compass a little, all flight long.
_BIASES = FlightBiases(east_m=0.9, north_m=-0.7, up_m=0.8, yaw_deg=1.1)
_NOISE = FlightNoise(horizontal_m=0.25, vertical_m=0.2, yaw_deg=0.2, pitch_deg=0.1, roll_deg=0.1)
_ORIGIN = Origin(latitude_deg=31.0512, longitude_deg=121.2034, height_m=6.0)


def scene_camera(width_px: int, height_px: int) -> SceneCamera:
    """Return a camera with the field of view of a 24 mm lens and some distortion."""
    focal = width_px * 24.0 / 36.0
    scale = width_px / 4000
    return SceneCamera(
        width_px=width_px,
        height_px=height_px,
        fx=focal + 3.2 * scale,
        fy=focal - 1.4 * scale,
        cx=(width_px - 1) / 2 + 7.5 * scale,
        cy=(height_px - 1) / 2 - 11.0 * scale,
        distortion=(-0.062, 0.041, 0.0006, -0.0004, -0.012),
    )


def demo_plan() -> FlightPlan:
    """Return a flight of 13 photos of 12 MP: 3 lines straight down, then an oblique turn."""
    camera = scene_camera(4000, 3000)
    shots = plan_shots(rows=3, columns=3, camera=camera, height_m=_HEIGHT_M, overlap=0.6)
    return FlightPlan(
        scene=ScenePlan(
            seed=DEMO_SCENE_SEED,
            half_size_m=84,
            object_reach_m=36,
            texel_m=0.045,
            counts=dict.fromkeys(CLASS_NAMES, 5),
            on_roofs=False,
        ),
        origin=_ORIGIN,
        height_m=_HEIGHT_M,
        camera=camera,
        shots=(*shots, *_look_around(camera)),
        biases=_BIASES,
        noise=_NOISE,
    )


def _look_around(camera: SceneCamera) -> list[Shot]:
    shots = []
    for yaw in (0.0, 90.0, 180.0, 270.0):
        shots += plan_shots(
            rows=1,
            columns=1,
            camera=camera,
            height_m=_HEIGHT_M,
            overlap=0.6,
            pitch_deg=-60.0,
            yaw_deg=yaw,
        )
    return shots
