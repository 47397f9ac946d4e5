"""The files for running the gateway: they fit each other, and what can run on this machine is run."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

from crossdock import Project
from crossdock.core.diagnostics import Source
from crossdock.gateway.config import GatewayConfig, parse_config
from fakes import faults, retailops
from fakes.kibo import FakeKibo
from fakes.kibo_orders import line, order
from gateway_kit import TICKET, config_for, free_port, project_for, served, until


def has(*programs: str) -> pytest.MarkDecorator:
    missing = [each for each in programs if shutil.which(each) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


def text(repository: Path, name: str) -> str:
    return (repository / name).read_text(encoding="utf-8")


def gateway(repository: Path) -> GatewayConfig:
    return parse_config(Source("gateway.yaml", text(repository, "deploy/gateway.yaml")))


def steps(dockerfile: str) -> list[list[str]]:
    """The commands of each stage."""
    stages = re.split(r"(?m)^FROM ", dockerfile)[1:]
    return [re.findall(r"(?m)^RUN (.*)$", stage) for stage in stages]


def test_the_files_of_the_composition_fit_each_other(repository: Path) -> None:
    services = yaml.safe_load(text(repository, "compose.yaml"))["services"]
    config = gateway(repository)
    assert set(services) == {"gateway", "postgres"}
    assert config.journal_env in services["gateway"]["environment"]
    mounted = services["gateway"]["volumes"][0].split(":")[1]
    command = re.search(r"(?m)^CMD (.*)$", text(repository, "Dockerfile"))
    assert command is not None
    assert yaml.safe_load(command[1]) == ["serve", "--config", mounted, "--host", "0.0.0.0"]
    # What `docker run crossdock check` replaces is the command, and not the entry point.
    assert 'ENTRYPOINT ["crossdock"]\n' in text(repository, "Dockerfile")
    assert services["gateway"]["ports"] == ["127.0.0.1:8080:8080"]


def test_the_image_has_what_its_steps_need(repository: Path) -> None:
    """`.dockerignore` lets in what pyproject.toml names, and nothing else."""
    lines = text(repository, ".dockerignore").splitlines()
    let_in = {line[1:] for line in lines if line.startswith("!")}
    assert let_in == {
        *("engine", "mappings", "schemas", "constraints.txt"),
        *("LICENSE", "pyproject.toml", "README.md"),
    }
    assert all((repository / name).exists() for name in let_in)


def test_the_steps_of_the_image_run(repository: Path, tmp_path: Path) -> None:
    """In an environment of their own, and without the user that an image has."""
    venv.create(tmp_path / "venv", with_pip=True)
    places = {"/src": str(tmp_path / "src"), "/wheels": str(tmp_path / "wheels")}
    (tmp_path / "src").mkdir()
    for name in re.findall(r"(?m)^!(.*)$", text(repository, ".dockerignore")):
        if (repository / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(repository / name, tmp_path / "src" / name, ignore=ignored)
        else:
            shutil.copy(repository / name, tmp_path / "src")
    path = f"{tmp_path}/venv/bin{os.pathsep}{os.environ['PATH']}"
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    for command in (each for stage in steps(text(repository, "Dockerfile")) for each in stage):
        if command.startswith("useradd"):
            continue
        here = re.sub(r"/src\b|/wheels\b", lambda match: places[match[0]], command)
        done = subprocess.run(
            here, shell=True, cwd=tmp_path, env={**environ, "PATH": path}, capture_output=True, text=True
        )
        if "No matching distribution" in done.stderr or "Could not find a version" in done.stderr:
            pytest.skip("the packages of the image cannot be had here")
        assert done.returncode == 0, done.stderr
    shown = subprocess.run(
        [tmp_path / "venv/bin/crossdock", "serve", "--help"], capture_output=True, text=True, check=True
    )
    assert "Answer RetailOPS' requests over HTTP" in shown.stdout
    done = subprocess.run(
        [tmp_path / "venv/bin/crossdock", "serve", "--config", repository / "deploy/gateway.yaml"],
        env={"JOURNAL_URL": "postgresql+psycopg://127.0.0.1:1/none"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "the journal cannot be opened: OperationalError" in done.stderr


@has("systemd-analyze")
def test_the_unit_is_one(repository: Path, tmp_path: Path) -> None:
    unit = text(repository, "deploy/crossdock.service")
    command = re.search(r"(?m)^ExecStart=(\S+) serve --config (\S+) --journal (\S+)$", unit)
    assert command is not None
    assert command[3] == "sqlite:////var/lib/crossdock/journal.db"
    file = tmp_path / "crossdock.service"
    file.write_text(unit.replace(command[1], sys.executable), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@contextmanager
def nginx(repository: Path, place: Path, upstream: str) -> Iterator[str]:
    """nginx with our file, on a port of its own and with a certificate of its own: its URL."""
    port = free_port()
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=gateway.example.com"]
    subprocess.run(
        ["openssl", *made, "-keyout", place / "key", "-out", place / "cert"], check=True, capture_output=True
    )
    ours = text(repository, "deploy/nginx.conf")
    for before, after in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/gateway.example.com.pem": str(place / "cert"),
        "/etc/ssl/private/gateway.example.com.key": str(place / "key"),
        "/var/log/nginx/crossdock.log": str(place / "crossdock.log"),
        "http://127.0.0.1:8080": upstream,
    }.items():
        assert before in ours
        ours = ours.replace(before, after)
    temporary = "".join(
        f"{name}_temp_path {place}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"pid {place}/pid; error_log {place}/error.log; events {{}} http {{ {temporary}\n{ours}}}"
    (place / "nginx.conf").write_text(whole, encoding="utf-8")
    options = [
        "-p",
        str(place),
        "-c",
        str(place / "nginx.conf"),
        "-g",
        "daemon off;",
        "-e",
        str(place / "start.log"),
    ]
    process = subprocess.Popen(["nginx", *options])
    try:
        until(lambda: listens(port))
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@has("nginx", "openssl")
def test_nginx_shows_the_actions_and_no_ticket(repository: Path, tmp_path: Path) -> None:
    with FakeKibo() as kibo:
        kibo.add(order(1001, line(1, "MUG-BLUE", 2, 10)))
        project = Project.open(project_for(tmp_path / "shop", repository, "kibo", kibo.url))
        config = config_for("kibo", f"sqlite:///{tmp_path}/journal.db")
        (tmp_path / "nginx").mkdir(mode=0o755)
        with (
            served(project, config) as shop,
            nginx(repository, tmp_path / "nginx", shop.url) as url,
            httpx.Client(base_url=url, verify=False, timeout=30) as client,
        ):
            done = client.post("/orders/order_ack", json=retailops.acknowledge(1001))
            hidden = [
                client.get(path).status_code for path in ("/healthz", "/metrics", "/openapi.json", "/x")
            ]
            kibo.fault(faults.reset, times=1)
            fetched = client.get(f"/orders?headers[ticket]={TICKET}&version=1")
            late = client.post("/orders/cancel", content=b"x" * (33 * 1024 * 1024))
    assert (done.status_code, done.json()) == (200, {"events": []})
    assert hidden == [404] * 4
    assert fetched.status_code == 422
    assert late.status_code == 413
    logs = [path.read_text() for path in (tmp_path / "nginx").glob("*.log")]
    assert TICKET not in "".join(logs)
