// Orders to the stand-ins of AWS (docs/aws-stand-ins.md), and what the test files share.
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";

export const env = (name) => {
  const value = process.env[`TWINSHIFT_TEST_${name}`];
  if (!value) throw new Error(`TWINSHIFT_TEST_${name} is not set; run this below tests/standin/with_servers.py --data-api --sqs`);
  return value;
};

export const credentials = { accessKeyId: env("AWS_ACCESS_KEY_ID"), secretAccessKey: env("AWS_SECRET_ACCESS_KEY") };

class Control {
  #lines;
  #socket;

  async order(verb, more = {}) {
    if (!this.#socket) {
      const [host, port] = env("DATA_API_CONTROL").split(":");
      this.#socket = connect(Number(port), host);
      await once(this.#socket, "connect");
      this.#lines = createInterface({ input: this.#socket })[Symbol.asyncIterator]();
    }
    this.#socket.write(`${JSON.stringify({ do: verb, ...more })}\n`);
    const answer = JSON.parse((await this.#lines.next()).value);
    if (!answer.ok) throw new Error(answer.error);
    return answer;
  }

  fault(kind, more = {}) {
    return this.order("fault", { kind, ...more });
  }

  close() {
    this.#socket?.destroy();
  }
}

export const control = new Control();

// Asks until the answer is truthy.
export async function until(look, what) {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    const found = await look();
    if (found) return found;
  }
  throw new Error(`never seen: ${what}`);
}
