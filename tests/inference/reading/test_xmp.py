import pytest

from inference.reading.xmp import parse_xmp
from inference.receipt import ReasonCode

LIMIT = 1_048_576
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
DJI = 'xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/"'
SKYDIO = 'xmlns:s="https://www.skydio.com/drone-skydio/1.0/"'


def packet(description: str) -> bytes:
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF}>{description}</rdf:RDF></x:xmpmeta>'
        '   \n<?xpacket end="w"?>\x00\x00'
    ).encode()


def test_attributes_and_elements_give_the_same() -> None:
    as_attribute = packet(f'<rdf:Description {DJI} drone-dji:GimbalYawDegree="+42.80"/>')
    as_element = packet(
        f"<rdf:Description {DJI}>"
        "<drone-dji:GimbalYawDegree>+42.80</drone-dji:GimbalYawDegree></rdf:Description>"
    )
    expected = ({"drone-dji:GimbalYawDegree": "+42.80"}, None)
    assert parse_xmp(as_attribute, max_bytes=LIMIT) == expected
    assert parse_xmp(as_element, max_bytes=LIMIT) == expected


def test_the_prefix_in_the_file_does_not_matter_for_known_namespaces() -> None:
    renamed = packet(
        '<rdf:Description xmlns:q="http://www.dji.com/drone-dji/1.0/" q:RtkFlag="50"/>'
    )
    assert parse_xmp(renamed, max_bytes=LIMIT)[0] == {"drone-dji:RtkFlag": "50"}


def test_unknown_namespaces_keep_the_prefix_of_the_file() -> None:
    unknown = packet('<rdf:Description xmlns:drone="http://maker.example/1" drone:RtkFlag="16"/>')
    assert parse_xmp(unknown, max_bytes=LIMIT)[0] == {"drone:RtkFlag": "16"}


@pytest.mark.parametrize(
    "structure",
    [
        '<s:CameraOrientationNED rdf:parseType="Resource"><s:Yaw>12.5</s:Yaw>'
        "</s:CameraOrientationNED>",
        '<s:CameraOrientationNED s:Yaw="12.5"/>',
        '<s:CameraOrientationNED><rdf:Description s:Yaw="12.5"/></s:CameraOrientationNED>',
    ],
)
def test_three_ways_to_write_a_structure_give_the_same(structure: str) -> None:
    properties, reason = parse_xmp(
        packet(f"<rdf:Description {SKYDIO}>{structure}</rdf:Description>"), max_bytes=LIMIT
    )
    assert reason is None
    assert properties == {"drone-skydio:CameraOrientationNED/Yaw": "12.5"}


def test_lists_are_joined_by_commas() -> None:
    text = (
        '<rdf:Description xmlns:Camera="http://pix4d.com/camera/1.0"><Camera:BandName><rdf:Seq>'
        "<rdf:li>Red</rdf:li><rdf:li>Green</rdf:li></rdf:Seq></Camera:BandName></rdf:Description>"
    )
    assert parse_xmp(packet(text), max_bytes=LIMIT)[0] == {"Camera:BandName": "Red,Green"}


def test_several_descriptions_are_read_together() -> None:
    text = (
        f'<rdf:Description {DJI} drone-dji:RtkFlag="50"/>'
        f'<rdf:Description {DJI} drone-dji:RtkFlag="0" drone-dji:RtkStdLat="0.01"/>'
    )
    properties, _ = parse_xmp(packet(text), max_bytes=LIMIT)
    assert properties == {"drone-dji:RtkFlag": "50", "drone-dji:RtkStdLat": "0.01"}


def test_a_label_in_front_of_the_packet_is_skipped() -> None:
    labelled = b"xml:XMP=" + packet(f'<rdf:Description {DJI} drone-dji:RtkFlag="50"/>')
    assert parse_xmp(labelled, max_bytes=LIMIT) == ({"drone-dji:RtkFlag": "50"}, None)


def test_utf_16_packets_are_read() -> None:
    text = f'<rdf:RDF {RDF}><rdf:Description {DJI} drone-dji:RtkFlag="50"/></rdf:RDF>'
    assert parse_xmp(text.encode("utf-16"), max_bytes=LIMIT)[0] == {"drone-dji:RtkFlag": "50"}


def test_a_packet_above_the_limit_is_not_parsed() -> None:
    properties, reason = parse_xmp(packet("x" * 200), max_bytes=100)
    assert properties == {}
    assert reason is not None
    assert reason.code is ReasonCode.XMP_TOO_LARGE


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\x00\x01\x02",
        b"<x:xmpmeta",
        b"<a><b></a>",
        b'<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<?xml version="1.0" encoding="no-such-code"?><a/>',
    ],
)
def test_what_is_no_plain_xml_is_reported(text: bytes) -> None:
    properties, reason = parse_xmp(text, max_bytes=LIMIT)
    assert properties == {}
    assert reason is not None
    assert reason.code is ReasonCode.XMP_UNREADABLE


def test_structures_without_end_are_cut() -> None:
    nested = "<s:A>" * 500 + "</s:A>" * 500
    assert (
        parse_xmp(packet(f"<rdf:Description {SKYDIO}>{nested}</rdf:Description>"), max_bytes=LIMIT)[
            1
        ]
        is None
    )
