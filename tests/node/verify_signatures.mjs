// Recomputes request signatures with the signer of AWS's own JavaScript SDK: a second opinion for the stand-ins of AWS.
// One JSON object a line in, {id, method, path, query, headers, signed, region, service, time, key, secret, token, body (base64) or hash};
// one out, {id, signature} or {id, error}.
import { createInterface } from "node:readline";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";

const HASH_HEADER = "x-amz-content-sha256";

function signer({ key, secret, token, region, service }) {
  const credentials = { accessKeyId: key, secretAccessKey: secret, ...(token ? { sessionToken: token } : {}) };
  return new SignatureV4({ credentials, region, service, sha256: Sha256, applyChecksum: false, uriEscapePath: service !== "s3" });
}

// "a=1&b=2" as the SDK holds it: name -> value or values, decoded.
function queryBag(query) {
  const bag = {};
  for (const piece of query ? query.split("&") : []) {
    const [name, value = ""] = piece.split("=").map(decodeURIComponent);
    bag[name] = name in bag ? [bag[name], value].flat() : value;
  }
  return bag;
}

// 20250131T235959Z
function dateOf(time) {
  const [, y, mo, d, h, mi, s] = time.match(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/).map(Number);
  return new Date(Date.UTC(y, mo - 1, d, h, mi, s));
}

async function signatureOf(asked) {
  const headers = Object.fromEntries(asked.signed.map((name) => [name, asked.headers[name] ?? ""]));
  const unsigned = new Set();
  if (asked.hash && !(HASH_HEADER in headers)) { // the SDK takes a hash from this header in place of the body's
    headers[HASH_HEADER] = asked.hash;
    unsigned.add(HASH_HEADER);
  }
  const body = asked.hash ? undefined : Buffer.from(asked.body, "base64");
  const request = { method: asked.method, protocol: "http:", hostname: "", path: asked.path, query: queryBag(asked.query), headers, body };
  const options = { signingDate: dateOf(asked.time), signableHeaders: new Set(asked.signed), unsignableHeaders: unsigned };
  const signed = await signer(asked).sign(request, options);
  return signed.headers.authorization.match(/Signature=([0-9a-f]+)$/)[1];
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  const answer = await signatureOf(asked).then((signature) => ({ signature }), (error) => ({ error: String(error) }));
  process.stdout.write(`${JSON.stringify({ id: asked.id, ...answer })}\n`);
}
