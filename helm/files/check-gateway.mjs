// What "helm test" runs: the gateway refuses a request without a credential, ports of checks accept connections, and health endpoints
// report success.
import { once } from 'node:events';
import { request } from 'node:https';
import { connect } from 'node:net';

const [gateway, ...others] = process.argv.slice(1);
const isPort = (url) => url.startsWith('tcp://');
const waitMs = 5000;

async function get(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(waitMs), redirect: 'manual' });
  await answer.body?.cancel();
  return answer;
}

/** Nothing is sent that would need a verified certificate, which is for the name that clients use. */
async function getUnverified(url) {
  const sent = request(url, { rejectUnauthorized: false, signal: AbortSignal.timeout(waitMs) }).end();
  const [answer] = await once(sent, 'response');
  answer.destroy();
  return { status: answer.statusCode, headers: new Map(Object.entries(answer.headers)) };
}

/** Returns the result in one line, or throws it if the check fails. */
async function check(url, good) {
  let said;
  try {
    const answer = url.startsWith('https:') ? await getUnverified(url) : await get(url);
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
  ...(gateway === '' ? [] : [isPort(gateway) ? reach(gateway) : check(gateway, refuses)]),
  ...others.map((url) => (isPort(url) ? reach(url) : check(url, ({ ok }) => ok))),
];
for (const { value, reason } of await Promise.allSettled(checks)) {
  console.log(value ?? `FAILED ${reason.message}`);
  if (reason) process.exitCode = 1;
}
