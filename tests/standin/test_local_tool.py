"""tools/redshift-data-local: what it prints is enough to use it, the two clusters are two databases, Ctrl-C leaves nothing."""

import os
import signal
import subprocess
import sys
import unittest

from aws_call import Caller

TOOL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "redshift-data-local")
END_SECONDS_MAX = 60


class Printed:
    """The settings as a test's DataApi would give them."""

    def __init__(self, process):
        self.values = {}
        for line in process.stdout:
            name, _, value = line.decode().strip().partition("=")
            self.values[name] = value
            if line.startswith(b"# orders"):
                break
        self.key, self.secret = self.values["AWS_ACCESS_KEY_ID"], self.values["AWS_SECRET_ACCESS_KEY"]
        self.told = {"aws": int(self.values["REDSHIFT_ENDPOINT"].rpartition(":")[2])}


class LocalTool(unittest.TestCase):
    def setUp(self):
        self.process = subprocess.Popen([sys.executable, "-B", TOOL], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end)
        self.printed = Printed(self.process)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=END_SECONDS_MAX)

    def execute(self, prefix, sql):
        values = self.printed.values
        call = Caller(self.printed, values[f"{prefix}AWS_REGION"])
        status, answer = call.data_api("ExecuteStatement", Sql=sql, Database=values[f"{prefix}REDSHIFT_DATABASE"],
                                       ClusterIdentifier=values[f"{prefix}REDSHIFT_CLUSTER_IDENTIFIER"], WaitTimeSeconds=30)
        self.assertEqual(status, 200, answer)
        return call.data_api("DescribeStatement", Id=answer["Id"])[1]

    def test_two_clusters_until_ctrl_c(self):
        self.assertEqual(self.execute("", "CREATE TABLE only_here (a INT) SORTKEY (a)")["Status"], "FINISHED")
        self.assertEqual(self.execute("", "INSERT INTO only_here VALUES (1)")["ResultRows"], 1)
        self.assertIn('relation "only_here" does not exist', self.execute("SECONDARY_", "SELECT * FROM only_here")["Error"])
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=END_SECONDS_MAX)
        self.assertEqual((self.process.returncode, said.decode()), (0, "# Ctrl-C ends it\n"))


if __name__ == "__main__":
    unittest.main()
