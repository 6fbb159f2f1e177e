// What "helm test" runs: the gateway refuses a request without a credential, ports of checks accept connections, and health endpoints
// report success.
import { connect } from 'node:net';

const [gateway, ...others] = process.argv.slice(1);
const isPort = (url) => url.startsWith('tcp://');
const waitMs = 5000;

/** Returns the result in one line, or throws it if the check fails. */
async function check(url, good) {
  let said;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(waitMs), redirect: 'manual' });
    await answer.body?.cancel();
    said = `${url}: ${answer.status} ${answer.headers.get('x-error') ?? ''}`.trim();
    if (good(answer)) return said;
  } catch (error) {
    said = `${url}: no answer (${error.cause?.code ?? error.name})`;
  }
  throw new Error(said);
}

async function reach(url) {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), timeout: waitMs });
  try {
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject).once('timeout', () => reject(new Error('timeout')));
    });
    return `${url}: takes connections`;
  } catch (error) {
    throw new Error(`${url}: no connection (${error.code ?? error.message})`);
  } finally {
    socket.destroy();
  }
}

// Services lead only to pods that are ready, so an answer of the gateway also says that one is.
const refuses = ({ status, headers }) => [401, 403, 404, 405].includes(status) && headers.has('x-error-id');
const checks = [
  ...(gateway === '' ? [] : [check(gateway, refuses)]),
  ...others.map((url) => (isPort(url) ? reach(url) : check(url, ({ ok }) => ok))),
];
for (const { value, reason } of await Promise.allSettled(checks)) {
  console.log(value ?? `FAILED ${reason.message}`);
  if (reason) process.exitCode = 1;
}
