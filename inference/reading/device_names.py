"""Names by which cameras, drones and programs are known in photos, in small letters."""

# Makes and models that fly, as EXIF has them, in small letters. Many names are beginnings.
DRONE_MAKES = (
    "dji",
    "autel",
    "parrot",
    "skydio",
    "sensefly",
    "micasense",
    "teledyne flir",
    "yuneec",
    "xag",
    "sentera",
    "teal",
)
DRONE_MODELS = ("l1d-20c", "l2d-20c", "l3d-100c", "flir tau", "vue pro")  # Hasselblad, FLIR
HANDHELD_MODELS = ("osmo", "dji osmo", "pocket", "dji pocket", "action", "dji action", "ronin")

# DJI cameras and drones with a thermal sensor beside others; only its own picture sizes count.
THERMAL_MODELS = (
    "zh20t",
    "zh20n",
    "zh30t",
    "mavic2-enterprise-advanced",
    "mavic2-enterprise-dual",
    "m30t",
    "m3t",
    "m3td",
    "m4t",
    "m4td",
    "xt2",
    "xt s",
    "xts",
)
THERMAL_SIZES_PX = frozenset(
    {(160, 120), (320, 240), (320, 256), (336, 256), (640, 480), (640, 512), (1280, 1024)}
)
# Cameras that take nothing else.
THERMAL_ONLY_MODELS = ("flir tau", "flir vue", "vue pro", "boson", "thermomap", "lepton")
THERMAL_SOURCES = frozenset({"infraredcamera", "infrared", "ir", "thermal"})
VISUAL_SOURCES = frozenset({"widecamera", "zoomcamera", "visiblecamera", "main_visible"})
THERMAL_BANDS = frozenset({"lwir", "thermal", "ir"})

# What stays in Software or CreatorTool when a picture was opened and saved on a computer.
EDITORS = (
    "windows photo viewer",
    "windows photo editor",
    "photoshop",
    "lightroom",
    "gimp",
    "picasa",
    "affinity",
    "paint.net",
    "paint shop",
    "snapseed",
    "acdsee",
    "irfanview",
    "capture one",
    "microsoft photos",
    "microsoft office",
    "preview.app",
    "photoscape",
    "xnview",
    "darktable",
    "rawtherapee",
    "digikam",
    "imagemagick",
    "美图",
)
