"""The files of deploy/ and the container: their shape, their promises, and the start script run."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.metrics import Metrics
from bot.settings import SETTINGS

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
SETTING_NAMES = {s.name for s in SETTINGS} | {f"{s.name}_FILE" for s in SETTINGS}


def document(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def compose() -> Any:
    return document(ROOT / "docker-compose.yml")


def instructions(text: str = DOCKERFILE) -> list[tuple[str, str]]:
    """Return (instruction, argument) of each line of a Dockerfile, continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.M))
    words = (line.split(None, 1) for line in joined.splitlines() if line.strip())
    return [(name, rest.strip()) for name, rest in words]


def stages() -> list[list[tuple[str, str]]]:
    found: list[list[tuple[str, str]]] = []
    for name, rest in instructions():
        if name == "FROM":
            found.append([])
        if found:
            found[-1].append((name, rest))
    return found


def test_image_is_built_in_two_stages_from_one_base_that_can_be_pinned() -> None:
    bases = [rest.split()[0] for name, rest in instructions() if name == "FROM"]
    assert bases == ["${PYTHON_IMAGE}"] * 2
    [argument] = [rest for name, rest in instructions() if name == "ARG"]
    image = argument.removeprefix("PYTHON_IMAGE=")
    assert ":" in image
    assert not image.endswith(":latest")


def test_final_stage_takes_the_environment_and_installs_nothing() -> None:
    final = stages()[-1]
    copied = [rest.split()[-2:] for name, rest in final if name == "COPY"]
    assert copied == [["/opt/tagwire", "/opt/tagwire"], ["deploy/start", "/usr/local/bin/start"]]
    ran = " ".join(rest for name, rest in final if name == "RUN")
    assert not re.search(r"\b(pip|apt-get|curl|wget|gcc)\b", ran)


def test_image_runs_as_a_numbered_user_that_is_not_root() -> None:
    users = [rest for name, rest in stages()[-1] if name == "USER"]
    assert users == ["10001"]
    last = [name for name, _ in stages()[-1]]
    assert last.index("USER") < last.index("ENTRYPOINT")


def test_image_has_a_health_check_and_stops_by_sigterm() -> None:
    final = dict(stages()[-1])
    assert "/healthz" in final["HEALTHCHECK"]
    assert final["STOPSIGNAL"] == "SIGTERM"
    # The exec form: a shell as first process would swallow the signal.
    assert json.loads(final["ENTRYPOINT"]) == ["start"]
    assert json.loads(final["CMD"]) == ["run"]


def test_packages_of_the_image_are_hash_pinned() -> None:
    installs = [
        part
        for name, rest in instructions()
        if name == "RUN"
        for part in rest.split("&&")
        if "install" in part.split() and "pip" in part
    ]
    assert len(installs) == 2
    for command in installs:
        assert "--require-hashes" in command or "--no-deps --no-build-isolation" in command


def test_health_check_and_metrics_use_the_same_port(compose: Any) -> None:
    [port] = re.findall(r"TAGWIRE_METRICS_PORT=(\d+)", DOCKERFILE)
    assert f"127.0.0.1:{port}/healthz" in DOCKERFILE
    [job] = document(DEPLOY / "prometheus.yml")["scrape_configs"]
    assert job["static_configs"][0]["targets"] == [f"tagwire:{port}"]


def test_everything_that_the_image_copies_reaches_the_engine() -> None:
    let_in = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
        if line.startswith("!")
    }
    copied: set[str] = set()
    for name, rest in instructions():
        if name == "COPY" and "--from" not in rest:
            copied |= {word for word in rest.split()[:-1] if not word.startswith("--")}
    assert copied == let_in
    assert [path for path in copied if not (ROOT / path).exists()] == []


def test_settings_named_by_deployment_exist(compose: Any) -> None:
    files = [ROOT / "Dockerfile", ROOT / "docker-compose.yml", DEPLOY / "tagwire.service"]
    named = {n for f in files for n in re.findall(r"\bTAGWIRE_[A-Z_]+[A-Z]", f.read_text("utf-8"))}
    assert named
    assert named <= SETTING_NAMES


def test_compose_names_only_what_it_defines(compose: Any) -> None:
    assert set(compose) == {"name", "services", "secrets", "volumes"}
    for name, service in compose["services"].items():
        assert ("build" in service) or (":" in service["image"]), name
        assert set(service.get("secrets", [])) <= set(compose["secrets"])
        assert set(service.get("depends_on", [])) <= set(compose["services"])
        for volume in service.get("volumes", []):
            source, target, *_ = volume.split(":")
            assert target.startswith("/")
            if source.startswith("."):
                assert (ROOT / source).exists(), source
            else:
                assert source in compose["volumes"]


def test_bot_in_compose_may_do_little(compose: Any) -> None:
    bot = compose["services"]["tagwire"]
    assert bot["read_only"] is True
    assert bot["cap_drop"] == ["ALL"]
    assert bot["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in bot
    assert [v.split(":")[1] for v in bot["volumes"]] == ["/data"]
    # The bot promises to stop within 10 s; the engine kills it only after that.
    assert int(bot["stop_grace_period"].removesuffix("s")) > 10


def test_monitoring_is_optional_and_published_on_loopback_only(compose: Any) -> None:
    for name in ("prometheus", "grafana"):
        service = compose["services"][name]
        assert service["profiles"] == ["monitoring"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_secret_file_of_compose_is_never_committed(compose: Any) -> None:
    path = compose["secrets"]["token"]["file"]
    ignored = subprocess.run(
        ["git", "check-ignore", "--quiet", path], cwd=ROOT, check=False
    ).returncode
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    assert ignored == 0


def unit() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "tagwire.service").read_text("utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def test_unit_restarts_too_slowly_to_use_up_the_logins_of_a_day() -> None:
    [pause_s] = map(int, unit()["RestartSec"])
    assert 86_400 / pause_s < 1000
    assert unit()["Restart"] == ["on-failure"]


def test_unit_gives_the_bot_time_to_stop_and_hides_the_token() -> None:
    assert int(unit()["TimeoutStopSec"][0]) > 10
    assert unit()["User"] == ["tagwire"]
    assert unit()["ProtectSystem"] == ["strict"]
    assert unit()["LoadCredential"] == ["token:/etc/tagwire/token"]
    assert "TAGWIRE_TOKEN=" not in (DEPLOY / "tagwire.service").read_text("utf-8")


def test_reload_of_the_unit_is_the_signal_that_the_bot_reads_settings_at() -> None:
    unit = (DEPLOY / "tagwire.service").read_text("utf-8")
    assert "\nExecReload=/bin/kill -HUP $MAINPID\n" in unit
    assert "signal.SIGHUP, parts.reload" in (ROOT / "bot" / "app" / "wiring.py").read_text("utf-8")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
def test_unit_is_read_by_systemd_without_complaint(tmp_path: Path) -> None:
    text = (DEPLOY / "tagwire.service").read_text("utf-8")
    file = tmp_path / "tagwire.service"
    file.write_text(re.sub(r"^ExecStart=.*", "ExecStart=/bin/true", text, flags=re.M))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(file)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def exported() -> set[str]:
    """Return the name of every series that /metrics serves."""
    suffixes = {
        "counter": ("_total",),
        "gauge": ("",),
        "histogram": ("_bucket", "_sum", "_count"),
    }
    families = [
        family
        for made in vars(Metrics()).values()
        if hasattr(made, "describe")
        for family in made.describe()
    ]
    return {f.name + suffix for f in families for suffix in suffixes[f.type]}


def series(expression: str) -> set[str]:
    return set(re.findall(r"\btagwire_[a-z_]+", expression))


def expressions() -> Iterator[tuple[str, str]]:
    for group in document(DEPLOY / "alerts.yml")["groups"]:
        yield from ((rule["alert"], rule["expr"]) for rule in group["rules"])
    board = json.loads((DEPLOY / "grafana/dashboards/tagwire.json").read_text("utf-8"))
    for panel in board["panels"]:
        yield from ((panel["title"], target["expr"]) for target in panel["targets"])


@pytest.mark.parametrize(("name", "expression"), list(expressions()))
def test_alerts_and_panels_ask_only_for_metrics_that_exist(name: str, expression: str) -> None:
    assert series(expression) <= exported()
    assert expression.count("(") == expression.count(")")
    assert series(expression) or expression.startswith("up{")


def test_every_alert_says_what_to_do() -> None:
    for group in document(DEPLOY / "alerts.yml")["groups"]:
        for rule in group["rules"]:
            assert set(rule["annotations"]) == {"summary", "remedy"}, rule["alert"]
            assert rule["labels"]["severity"] in ("page", "ticket")


def test_alerts_and_panels_ask_only_for_metrics_that_something_counts() -> None:
    code = "\n".join(
        path.read_text("utf-8")
        for path in (ROOT / "bot").rglob("*.py")
        if path.name != "metrics.py"
    )
    # Counted by what Metrics offers to be called.
    own = {"interactions": "answering(", "interaction_seconds": "answering("}
    own["loop_lag_seconds"] = "watch_loop("
    for _, expression in expressions():
        for name in series(expression):
            field = re.sub(r"_(total|bucket|sum|count)$", "", name).removeprefix("tagwire_")
            assert own.get(field, f"metrics.{field}") in code, name


def test_panels_do_not_overlap() -> None:
    board = json.loads((DEPLOY / "grafana/dashboards/tagwire.json").read_text("utf-8"))
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        grid = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_grafana_finds_dashboard_and_source() -> None:
    provisioning = DEPLOY / "grafana" / "provisioning"
    [source] = document(provisioning / "datasources" / "prometheus.yml")["datasources"]
    board = (DEPLOY / "grafana/dashboards/tagwire.json").read_text("utf-8")
    assert set(re.findall(r'"type": "prometheus",\s*"uid": "(\w+)"', board)) == {source["uid"]}


def test_issue_forms_have_the_shape_that_github_asks_for() -> None:
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    assert len(forms) >= 3
    for path in forms:
        form = document(path)
        if path.name == "config.yml":
            assert set(form) <= {"blank_issues_enabled", "contact_links"}
            continue
        assert {"name", "description", "body"} <= set(form), path
        ids = [field["id"] for field in form["body"] if field["type"] != "markdown"]
        assert len(ids) == len(set(ids))
        for field in form["body"]:
            assert field["type"] in ("markdown", "input", "textarea", "dropdown", "checkboxes")
            if field["type"] != "markdown":
                assert field["attributes"]["label"]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Make a `tagwire` that says what it was given and ends as its first word says."""
    file = tmp_path / "tagwire"
    file.write_text(
        "#!/bin/sh\n"
        "trap 'echo stopped; exit 0' TERM\n"
        'echo "given $*"\n'
        'case "$MODE" in\n'
        "    fail) exit 3 ;;\n"
        "    wait) while :; do sleep 0.05; done ;;\n"
        "esac\n"
    )
    file.chmod(0o755)
    return tmp_path


def started(program: Path, *words: str, mode: str, slow_down_s: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [DEPLOY / "start", *words],
        env={
            "PATH": f"{program}:{os.environ['PATH']}",
            "MODE": mode,
            "START_SLOW_DOWN_S": slow_down_s,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_start_passes_verbs_on_and_does_not_slow_them_down(program: Path) -> None:
    child = started(program, "doctor", "--json", mode="fail", slow_down_s="60")
    out, _ = child.communicate(timeout=10)
    assert (out, child.returncode) == ("given doctor --json\n", 3)


def test_start_waits_after_a_failed_run_and_keeps_its_exit_code(program: Path) -> None:
    begun = time.monotonic()
    child = started(program, "run", mode="fail", slow_down_s="1")
    _, told = child.communicate(timeout=10)
    assert child.returncode == 3
    assert time.monotonic() - begun >= 0.5
    assert "code 3" in told


def test_start_hands_sigterm_on_and_ends_at_once(program: Path) -> None:
    child = started(program, "run", mode="wait", slow_down_s="60")
    assert child.stdout is not None
    assert child.stdout.readline() == "given run\n"
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=5) == 0
    assert child.stdout.read() == "stopped\n"
    child.communicate()


def test_start_ends_at_once_when_told_to_stop_while_it_waits(program: Path) -> None:
    child = started(program, "run", mode="fail", slow_down_s="60")
    assert child.stderr is not None
    assert "waiting 60" in child.stderr.readline()
    child.send_signal(signal.SIGTERM)
    assert child.wait(timeout=5) == 3
    child.communicate()
