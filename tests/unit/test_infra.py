"""What production runs on is well formed, and names only what exists."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from app.config import Settings
from app.engines.mongodb.server import PARAMETERS
from app.engines.postgres.server import SERVER_SETTINGS
from app.web.metrics import Metrics

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "infra/monitoring"


def metric_names() -> set[str]:
    families = list(Metrics().registry.collect())
    suffixes = ("", "_total", "_bucket", "_count", "_sum")
    return {"up"} | {family.name + suffix for family in families for suffix in suffixes}


def expressions() -> list[str]:
    dashboard = json.loads((MONITORING / "grafana/sandtable.json").read_text())
    alerts = yaml.safe_load((MONITORING / "alerts.yml").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]] + [
        rule["expr"] for group in alerts["groups"] for rule in group["rules"]
    ]


def test_alerts_and_dashboard_ask_for_figures_that_exist() -> None:
    known = metric_names()
    used = {name for text in expressions() for name in re.findall(r"\b(?:sandtable|process)_[a-z_]+", text)}
    assert len(used) > 20
    assert sorted(used - known) == []


def test_every_alert_says_what_to_do() -> None:
    for group in yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"].keys() == {"summary", "action"}, rule["alert"]
            assert rule["labels"]["severity"] in ("page", "ticket")


def test_promtool_takes_rules_and_configuration() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    for what, file in (("rules", "alerts.yml"), ("config", "prometheus.yml")):
        done = subprocess.run([promtool, "check", what, MONITORING / file], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
ONE_SHOT = {"mongodb-prepare"}
NO_CLIENT_IN_THE_IMAGE = {"dynamodb"}


def test_the_dockerfile_and_both_compositions_are_well_formed() -> None:
    programs = Path(sys.executable).parent
    for command in (
        [programs / "hadolint", ROOT / "Dockerfile"],
        [programs / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", ROOT / "compose.yaml"],
        [programs / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", ROOT / "compose.single.yaml"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_bounded_and_closed(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    for limit in ("mem_limit", "cpus", "pids_limit"):
        assert limit in service, limit
    assert not service["image"].endswith(":latest")
    assert ":" in service["image"]
    if name not in NO_CLIENT_IN_THE_IMAGE and not name.startswith("app-"):  # the app's is in its image
        assert "healthcheck" in service


def test_only_the_proxy_is_published_and_no_server_reaches_another() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.keys() == {"proxy", "prometheus", "grafana"}
    assert all(port.startswith("127.0.0.1:") for name in ("prometheus", "grafana") for port in published[name])
    open_networks = {name for name, network in COMPOSE["networks"].items() if not network.get("internal")}
    assert open_networks == {"edge", "dashboards"}
    members: dict[str, set[str]] = {}
    for name, service in SERVICES.items():
        for network in service.get("networks", ()):
            members.setdefault(network, set()).add(name)
    for server in ("postgres", "store", "mongodb", "dynamodb", "rates"):
        assert members[server] == {server, "app-1", "app-2"}
        assert list(SERVICES[server]["networks"]) == [server]


def test_every_secret_is_made_by_the_script_and_none_is_in_the_file(tmp_path: Path) -> None:
    script = ROOT / "infra/make-secrets.sh"
    subprocess.run([script, tmp_path / "secrets"], check=True)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()} == made.keys() - {"x"}
    subprocess.run([script, tmp_path / "secrets"], check=True)
    assert made == {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}, "kept when run again"
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    used = {name for service in SERVICES.values() for name in service.get("secrets", ())}
    assert used == COMPOSE["secrets"].keys()
    settings = {name.removeprefix("sandtable_") for name in made if name.startswith("sandtable_")}
    assert settings <= Settings.model_fields.keys()


def test_settings_are_read_from_files_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sandtable_secret_key").write_text("from a file\n")
    (tmp_path / "sandtable_max_rows").write_text("7")
    monkeypatch.setenv("SANDTABLE_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("SANDTABLE_MAX_ROWS", "8")
    settings = Settings()
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == "from a file"
    assert settings.max_rows == 8


def test_every_setting_in_the_compositions_exists() -> None:
    for file in ("compose.yaml", "compose.single.yaml", "infra/kubernetes/sandtable.yaml"):
        names = set(re.findall(r"SANDTABLE_[A-Z_]+", (ROOT / file).read_text())) - {"SANDTABLE_SECRETS_DIR"}
        assert {name.removeprefix("SANDTABLE_").lower() for name in names} <= Settings.model_fields.keys(), file


def test_files_that_containers_mount_are_there() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert not source.startswith("./") or (ROOT / source).exists(), source


def test_postgres_is_hardened_by_the_same_values_as_our_own() -> None:
    lines = (ROOT / "infra/postgres/postgresql.conf").read_text().splitlines()
    pairs = [line.split("=", 1) for line in lines if "=" in line and not line.startswith("#")]
    file = {name.strip(): value.strip().strip("'") for name, value in pairs}
    of_the_machine = {"listen_addresses", "unix_socket_permissions", "max_connections", "shared_buffers"}
    ours = {name: value for name, value in SERVER_SETTINGS.items() if name not in of_the_machine}
    assert {name: value for name, value in file.items() if name not in of_the_machine} == ours


def test_mongodb_is_hardened_by_the_same_values_as_our_own() -> None:
    file = yaml.safe_load((ROOT / "infra/mongodb/mongod.conf").read_text())
    shown = {name: str(value).lower() for name, value in file["setParameter"].items()}
    assert shown == PARAMETERS
    assert file["security"]["authorization"] == "enabled"
    assert file["security"]["javascriptEnabled"] is False


def test_kubernetes_manifests_are_bounded_and_closed() -> None:
    for document in yaml.safe_load_all((ROOT / "infra/kubernetes/sandtable.yaml").read_text()):
        template = document.get("spec", {}).get("template")
        if template is None:
            continue
        pod = template["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"].keys() >= {"memory", "cpu"}


def test_kubernetes_manifests_are_valid() -> None:
    validate = pytest.importorskip("kubernetes_validate", reason="pip install kubernetes-validate (108 MB of schemas)")
    for document in yaml.safe_load_all((ROOT / "infra/kubernetes/sandtable.yaml").read_text()):
        validate.validate(document, "1.33", strict=True)


def test_the_stores_archive_is_in_the_volume_that_its_server_owns() -> None:
    said = re.search(r"archive_command = 'to=(\S+);", (ROOT / "infra/store/postgresql.conf").read_text())
    assert said
    volumes = [volume.split(":")[1] for volume in SERVICES["store"]["volumes"]]
    assert [volume for volume in volumes if said[1].startswith(f"{volume}/")] == ["/var/lib/postgresql"]
    assert said[1] in (ROOT / "docs/operations.md").read_text()
