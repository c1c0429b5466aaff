"""XMP packets as plain names and texts (ISO 16684-1), in attribute and in element form.

Drones write properties as attributes of rdf:Description; tools such as exiftool rewrite them as
elements. Both give the same names here, such as `drone-dji:GimbalYawDegree`, and parts of a
structure are named like `drone-skydio:CameraOrientationNED/Yaw`.
"""

from collections.abc import Iterator, Mapping
from io import BytesIO
from xml.etree.ElementTree import Element  # nosec: the type only, defusedxml does the parsing

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from inference.receipt import Reason, ReasonCode

# Files may choose any prefix; these namespaces get the usual one. Others keep the file's own.
PREFIXES = {
    "http://www.dji.com/drone-dji/1.0": "drone-dji",
    "http://www.parrot.com/drone-parrot/1.0": "drone-parrot",
    "https://www.skydio.com/drone-skydio/1.0": "drone-skydio",
    "http://pix4d.com/camera/1.0": "Camera",
    "http://ns.sensefly.com/Camera/1.0": "Camera",
    "http://ns.sensefly.com/sensefly/1.0": "sensefly",
    "http://micasense.com/DLS/1.0": "DLS",
    "http://micasense.com/MicaSense/1.0": "MicaSense",
    "http://ns.flir.com/xmp/1.0": "FLIR",
    "http://ns.adobe.com/exif/1.0": "exif",
    "http://ns.adobe.com/exif/1.0/aux": "aux",
    "http://cipa.jp/exif/1.0": "exifEX",
    "http://ns.adobe.com/tiff/1.0": "tiff",
    "http://ns.adobe.com/xap/1.0": "xmp",
    "http://ns.adobe.com/xmp/note": "xmpNote",
}
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
CONTAINERS = frozenset({f"{RDF}Seq", f"{RDF}Bag", f"{RDF}Alt"})
MAX_DEPTH = 12  # of structures within structures; real packets have 3


def parse_xmp(packet: bytes, *, max_bytes: int) -> tuple[dict[str, str], Reason | None]:
    """Return the properties of a packet, and why it could not be read.

    Args:
        packet: XML with or without the wrapping processing instructions.
        max_bytes: Larger packets are not parsed.
    """
    if len(packet) > max_bytes:
        detail = f"{len(packet)} bytes, the limit is {max_bytes}"
        return {}, Reason(code=ReasonCode.XMP_TOO_LARGE, detail=detail)
    prefixes: dict[str, str] = {}
    root: Element | None = None
    try:
        # Entities and document types have no use in XMP; they serve to exhaust memory.
        events = ElementTree.iterparse(
            BytesIO(_trim(packet)), events=("start-ns", "start"), forbid_dtd=True
        )
        for event, item in events:
            if event == "start-ns":
                prefixes.setdefault(item[1], item[0])
            elif root is None:
                root = item
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        detail = str(error) or type(error).__name__
        return {}, Reason(code=ReasonCode.XMP_UNREADABLE, detail=detail)
    if root is None:
        return {}, Reason(code=ReasonCode.XMP_UNREADABLE, detail="no element")
    return _collect_properties(root, prefixes), None


def _trim(packet: bytes) -> bytes:
    """Return the XML without padding behind it and labels before it (GDAL writes `xml:XMP=`)."""
    if packet[:2] in (b"\xff\xfe", b"\xfe\xff"):  # UTF-16, where zero bytes are part of the text
        return packet
    packet = packet.strip(b"\x00 \t\r\n")
    return packet[max(packet.find(b"<"), 0) :]


def _collect_properties(root: Element, prefixes: Mapping[str, str]) -> dict[str, str]:
    """Flatten every rdf:Description at the top level; of two equal names the first counts."""
    properties: dict[str, str] = {}
    for rdf in root.iter(f"{RDF}RDF"):
        for description in rdf.findall(f"{RDF}Description"):
            for name, text in _flatten(description, "", prefixes, MAX_DEPTH):
                properties.setdefault(name, text)
    return properties


def _flatten(
    element: Element, parent: str, prefixes: Mapping[str, str], depth: int
) -> Iterator[tuple[str, str]]:
    """Yield name and text of each property below an rdf:Description or a structure."""
    if depth == 0:
        return
    for key, value in element.attrib.items():
        name = _short_name(key, prefixes)
        if name is not None:
            yield _join(parent, name), value.strip()
    for child in element:
        if child.tag == f"{RDF}Description":  # a structure written out
            yield from _flatten(child, parent, prefixes, depth - 1)
            continue
        name = _short_name(child.tag, prefixes)
        if name is None:
            continue
        path = _join(parent, name)
        text = _text_of(child)
        if text:
            yield path, text
        yield from _flatten(child, path, prefixes, depth - 1)


def _join(parent: str, name: str) -> str:
    """Name a part of a structure by its local name alone."""
    return f"{parent}/{name.rpartition(':')[2]}" if parent else name


def _text_of(element: Element) -> str:
    """Return an element's own text, or the items of its list joined by commas."""
    for container in element:
        if container.tag in CONTAINERS:
            items = ((item.text or "").strip() for item in container.findall(f"{RDF}li"))
            return ",".join(item for item in items if item)
    return (element.text or "").strip()


def _short_name(qualified: str, prefixes: Mapping[str, str]) -> str | None:
    """Return prefix:name, or None for names of RDF itself and for those without namespace."""
    if not qualified.startswith("{") or qualified.startswith(RDF):
        return None
    namespace, _, local = qualified[1:].partition("}")
    prefix = PREFIXES.get(namespace.rstrip("/#")) or prefixes.get(namespace)
    return f"{prefix}:{local}" if prefix else None
