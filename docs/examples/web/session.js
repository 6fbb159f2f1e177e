// A session of a web page: sign-in by e-mail and code, refresh before expiry, sign-out. Nothing of it touches the page.
const api = '/api/auth/v2';
// setTimeout holds no more than 24.8 days; and a clock that slept is looked at again.
const longestWaitMs = 3_600_000;

/** What the gateway or the Auth API answered instead of what was asked for; `errorId` finds it in their logs. */
export class Refused extends Error {
  constructor(answer) {
    super(answer.headers.get('x-error') ?? `status ${answer.status}`);
    this.status = answer.status;
    this.errorId = answer.headers.get('x-error-id');
    this.retryAfterS = Number(answer.headers.get('retry-after')) || null;
  }
}

/** `onChange` gets who is signed in, with `endsAtMs` on this clock, after each change; null when nobody is. */
export function createSession(onChange) {
  // The bearer lives in this variable and nowhere else: a reload of the page ends the session here.
  let bearer = null;
  let current = null;
  let timer = 0;

  /** `fetch` with the credential. A 401 means that the session is over. Throws Refused. */
  async function call(method, path, body) {
    const headers = {};
    if (bearer !== null) headers.authorization = `Bearer ${bearer}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const answer = await fetch(path, {
      method,
      headers,
      body: JSON.stringify(body),
      cache: 'no-store',
      redirect: 'error',
    });
    if (answer.ok) return answer;
    // A wrong code is 401 too, but then nobody was signed in.
    if (answer.status === 401 && current !== null) forget();
    throw new Refused(answer);
  }

  /** Sends a code. Returns what `finish` takes. */
  async function begin(email) {
    bearer = null;
    const answer = await call('POST', `${api}/session`, { email });
    return await answer.json();
  }

  async function finish(pending, code) {
    await call('PUT', `${api}/session/verification`, { verificationCodeID: pending.verificationCodeID, code });
    bearer = pending.bearer;
    await look();
  }

  /** Asks whose session it is, and until when. */
  async function look() {
    const answer = await call('GET', `${api}/session`);
    const session = await answer.json();
    // Measured on the server's clock, so that a wrong clock here does not matter.
    const leftMs = session.expireAt * 1000 - (Date.parse(answer.headers.get('date')) || Date.now());
    const grew = current === null || session.expireAt > current.expireAt;
    current = { ...session, endsAtMs: Date.now() + leftMs };
    // An extension that moved nothing has met the cap: from there on the session only ends.
    schedule(grew ? Date.now() + leftMs * 0.8 : current.endsAtMs, grew ? extend : forget);
    onChange(current);
  }

  async function extend() {
    try {
      await call('PUT', `${api}/session/extend`);
      await look();
    } catch {
      // Offline, or 503: the session still lives. A 401 has ended it already.
      if (current !== null && Date.now() < current.endsAtMs) {
        schedule(Date.now() + Math.max(1_000, (current.endsAtMs - Date.now()) / 4), extend);
      } else forget();
    }
  }

  function schedule(atMs, action) {
    clearTimeout(timer);
    const waitMs = Math.max(0, atMs - Date.now());
    timer = setTimeout(
      () => (waitMs > longestWaitMs ? schedule(atMs, action) : action()),
      Math.min(waitMs, longestWaitMs),
    );
  }

  /** Ends the session on the server, then here. Throws when the server was not reached: it is not over yet. */
  async function end() {
    if (current === null) return;
    await call('DELETE', `${api}/session/${current.sessionID}`);
    forget();
  }

  function forget() {
    clearTimeout(timer);
    bearer = null;
    current = null;
    onChange(null);
  }

  return { begin, finish, call, end };
}
