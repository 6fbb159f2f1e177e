/** A new user who signs in through a gateway, with the codes that the Auth API sends. */
import { randomUUID } from 'node:crypto';

const path = '/api/auth/v2';

export interface Session {
  readonly bearer: string;
  readonly sessionID: string;
}

interface Opened extends Session {
  readonly verificationCodeID: string;
}

/** `codeOf`: the code sent with an id. */
export async function signIn(origin: string, codeOf: (id: string) => Promise<string>): Promise<Session> {
  const call = async (method: string, place: string, body: object, bearer?: string) => {
    const answer = await fetch(`${origin}${path}${place}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (answer.status !== 202) throw new Error(`${answer.status} ${method} ${place}: ${text}`);
    return JSON.parse(text === '' ? '{}' : text) as Opened;
  };
  const alias = `ann-${randomUUID().slice(0, 8)}`;
  const email = `${alias}@example.test`;
  const user = await call('POST', '/user', { email, fullName: 'Ann Example', alias });
  await call('PUT', '/session/verification', await proof(user));
  const session = await call('POST', '/session', { email });
  await call('PUT', '/session/verification', await proof(session));
  return session;

  async function proof({ verificationCodeID }: Opened) {
    return { verificationCodeID, code: await codeOf(verificationCodeID) };
  }
}

/** The log line of the Auth API for the code with an id. */
export function printedCode(id: string): RegExp {
  return new RegExp(`"code":"(\\d{6})","codeId":"${id}"`);
}
