"""A script of deploy/aws-cli, its settings and a stand-in for AWS."""

import os
import pathlib
import re
import subprocess
import tempfile

from cli_aws_standin import StandIn

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "deploy" / "aws-cli"
RUN_SECONDS_MAX = 400
SECRET = "secret-4711-key"
# One interface endpoint is enough to see it; the database is docs/aws.md's.
USUAL = {"VPC_ID": "vpc-0b0b0b0b0b0b0b0b0", "SUBNET_IDS": "subnet-0b0b0b0b0b0b0b0b0,subnet-0b0b0b0b0b0b0b0b1", "SECURITY_GROUP_ID": "sg-0b0b0b0b0b0b0b0b0",
         "ENDPOINT_SERVICES": "redshift-data", "PRIMARY_DATABASE": "your_database", "TWINSHIFT_PROGRAM": "no-such-program", "ENV_FILE": ""}


def settings_text(**changed):
    text = (SCRIPTS / "deploy.env.example").read_text(encoding="utf-8")
    for name, value in {**USUAL, **changed}.items():
        text, count = re.subn(f"(?m)^{name}=.*$", lambda _, n=name, v=value: f"{n}={v}", text)
        assert count == 1, name
    return text


class Case:
    """One stand-in and its own settings. `path`: a PATH whose first `aws` is the client."""

    def __init__(self, folder, path):
        self.folder, self.path = pathlib.Path(tempfile.mkdtemp(dir=folder)), path
        self.standin = StandIn()
        self.world = self.standin.world

    def run(self, script, *arguments, text=None, environment=None, **changed):
        """Exit code, all that was said, and the writing calls."""
        settings = self.folder / "deploy.env"
        settings.write_text(text or settings_text(**changed), encoding="utf-8")
        environment = {"PATH": self.path, "HOME": str(self.folder), "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_ENDPOINT_URL": self.standin.url,
                       **(environment or {})}
        before = len(self.world.writes)
        done = subprocess.run([SCRIPTS / script, *arguments, "--settings", settings], env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=RUN_SECONDS_MAX, check=False)
        return done.returncode, done.stdout, self.world.writes[before:]
