"""An SSH server of the test's own, on this machine, for whoever runs the tests."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

PROGRAM = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def ssh_server(folder: Path):
    """Yields the start of the server's URLs, ``ssh://user@127.0.0.1:port``, and the file of the key that opens it."""
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # it demands it of root
    for key in ("host_key", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\n"
        f"HostKey {folder / 'host_key'}\nAuthorizedKeysFile {folder / 'key.pub'}\n"
        "StrictModes no\nUsePAM no\nPasswordAuthentication no\nPidFile none\nSubsystem sftp internal-sftp\n"
    )
    with open(folder / "sshd.log", "w") as log:
        process = subprocess.Popen([PROGRAM, "-D", "-e", "-f", folder / "sshd_config"], stdout=log, stderr=log)
    try:
        for _ in range(100):
            assert process.poll() is None, (folder / "sshd.log").read_text()
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"ssh://{getpass.getuser()}@127.0.0.1:{port}", folder / "key"
    finally:
        process.terminate()
        process.wait()
