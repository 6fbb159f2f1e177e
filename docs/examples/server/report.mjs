// Calls a route with a key pair, as a job on a server does: `node report.mjs [path]`. Needs Node 20 and nothing else.
// ROLEGATE_API_KEY and ROLEGATE_API_SECRET hold the pair, or ROLEGATE_API_SECRET_FILE names the file of the secret.
// Exit code 0: the answer is on standard output. 1: it is not, and why not is on standard error. 2: used wrongly.
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

const base = process.env.ROLEGATE_URL ?? 'http://localhost:8080';
const path = process.argv[2] ?? '/orders/7';
/** Statuses after which the same GET may succeed. */
const passing = new Set([429, 502, 503, 504]);
const tries = 5;
const answerTimeoutMs = 10_000;
const longestWaitMs = 60_000;

/** Milliseconds from now; null when the answer does not tell. Seconds or a date (RFC 9110 section 10.2.3). */
function retryAfterMs(answer) {
  const value = answer?.headers.get('retry-after') ?? '';
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}

/** Half to the whole of 0.5 s, 1 s, 2 s ...: clients that failed together do not return together. */
const backoffMs = (attempt) => 500 * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);

async function get(headers) {
  for (let attempt = 1; ; attempt += 1) {
    let answer = null;
    let trouble = '';
    try {
      // A redirect is not followed: key and secret would go along to wherever it points.
      answer = await fetch(new URL(path, base), {
        headers,
        redirect: 'manual',
        signal: AbortSignal.timeout(answerTimeoutMs),
      });
      if (answer.ok) return await answer.text();
      trouble = describe(answer);
    } catch (error) {
      answer = null;
      trouble = `no answer: ${error.cause?.code ?? error.name}`;
    }
    await answer?.body?.cancel();
    const again = answer === null || passing.has(answer.status);
    const waitMs = retryAfterMs(answer) ?? backoffMs(attempt);
    if (!again || attempt === tries || waitMs > longestWaitMs) throw new Error(trouble);
    console.error(`${trouble}; try ${attempt + 1} of ${tries} in ${(waitMs / 1000).toFixed(1)} s`);
    await wait(waitMs);
  }
}

function describe({ status, headers }) {
  const error = headers.get('x-error') ?? 'no reason given';
  const hint = status === 401 ? ' (make a new key pair)' : status === 403 ? ' (ask for the role)' : '';
  return `${status} ${error}${hint}, x-error-id ${headers.get('x-error-id') ?? 'none'}`;
}

function readPair() {
  const { ROLEGATE_API_KEY: key, ROLEGATE_API_SECRET: secret, ROLEGATE_API_SECRET_FILE: file } = process.env;
  const read = file === undefined ? secret : readFileSync(file, 'utf8').trim();
  return key && read ? { 'api-key': key, 'api-secret': read } : null;
}

const pair = readPair();
if (pair === null) {
  console.error('set ROLEGATE_API_KEY, and ROLEGATE_API_SECRET or ROLEGATE_API_SECRET_FILE');
  process.exitCode = 2;
} else {
  try {
    console.log(await get(pair));
  } catch (error) {
    console.error(`${path}: ${error.message}`);
    process.exitCode = 1;
  }
}
