"""Self-signed certificates for tests of TLS, of any begin and end, by the openssl command line."""

import datetime
import os
import subprocess
import tempfile

CONFIGURATION = """[ca]
default_ca = tests
[tests]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = DNS:localhost,IP:127.0.0.1
"""


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def write(folder, stem, name="localhost", begins_days=-2.0, ends_days=365.0):
    """Makes a pair for localhost, puts it in place of what stood there, each file whole; the two paths. The days count from now."""
    at = lambda days: (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")
    certificate, key = (os.path.join(folder, f"{stem}.{kind}") for kind in ("crt", "key"))
    with tempfile.TemporaryDirectory() as making:
        inside = lambda file: os.path.join(making, file)
        open(inside("index.txt"), "w", encoding="utf-8").close()
        with open(inside("ca.conf"), "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(folder=making))
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", inside("key"), "-out", inside("request"))
        openssl("ca", "-batch", "-selfsign", "-notext", "-config", inside("ca.conf"), "-keyfile", inside("key"), "-in", inside("request"), "-out", inside("certificate"),
                "-startdate", at(begins_days), "-enddate", at(ends_days))
        for made, path in ((inside("key"), key), (inside("certificate"), certificate)):
            with open(made, "rb") as source, open(path + ".new", "wb") as target:
                target.write(source.read())
            os.replace(path + ".new", path)
    return certificate, key
