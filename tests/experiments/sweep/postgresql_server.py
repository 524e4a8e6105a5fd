"""A PostgreSQL server of its own in a temporary folder, reached by a Unix socket; no port is opened."""

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")  # Debian keeps the server's programs off the PATH
USER = "postgres"


def programs():
    """The folder of initdb and pg_ctl, or None."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    folders = sorted(DEBIAN.glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


def missing():
    """Why no server can be started here, or None."""
    if programs() is None:
        return "PostgreSQL's server is not installed; `apt-get install postgresql` brings it"
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        return "PostgreSQL does not run as root, and there is no `runuser` to start it as another user"
    return None


@contextmanager
def server():
    """Yields an SQLAlchemy URL; the server is stopped and its folder removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    as_user = []
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
        as_user = ["runuser", "-u", USER, "--"]
    control = [*as_user, programs() / "pg_ctl", "-D", folder / "data", "-w"]
    try:
        options = ["--auth=trust", "-U", USER, "--no-sync", "-E", "UTF8", "--locale=C"]
        call([*as_user, programs() / "initdb", "-D", folder / "data", *options], folder)
        settings = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        call([*control, "-l", folder / "log", "-o", settings, "start"], folder)
        try:
            yield f"postgresql+psycopg://{USER}@/postgres?host={folder}"
        finally:
            call([*control, "-m", "immediate", "stop"], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def call(command, folder):
    with open(os.devnull) as nothing:  # pg_ctl's server keeps what it is given open
        subprocess.run(command, cwd=folder, check=True, stdin=nothing, stdout=subprocess.DEVNULL)
