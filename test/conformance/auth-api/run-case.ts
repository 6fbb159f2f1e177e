/** Runs one case of the suite against a target. */
import { expect } from 'vitest';
import { z } from 'zod';
import { createPasskey, type Page, signChallenge } from '../../support/software-authenticator.ts';
import type { ConformanceCase, RequestStep, Step } from './conformance-case.ts';
import { expectDescribed } from './expect-described.ts';
import { matchShape } from './match-shape.ts';
import { sendRaw } from './send-raw.ts';
import { pageOrigin, type Target, type TargetLimits } from './target.ts';

type Variables = Map<string, string>;

/** Whether this kind of target can run the case. */
export function isRunnable(item: ConformanceCase, limits: TargetLimits): boolean {
  if (item.direct && !limits.direct) return false;
  return item.steps.every(
    (step) =>
      !('advanceMs' in step && step.advanceMs > limits.advanceMs) &&
      !(('welcome' in step || 'noticesTo' in step) && !limits.welcomes),
  );
}

export async function runCase(item: ConformanceCase, target: Target): Promise<void> {
  const variables: Variables = new Map();
  for (const [at, step] of item.steps.entries()) {
    const label = `step ${at + 1}`;
    await runStep(step, target, variables, label);
  }
}

async function runStep(step: Step, target: Target, variables: Variables, label: string): Promise<void> {
  if ('request' in step) {
    for (let time = 0; time < step.times; time += 1) await runRequest(step, target, variables, label);
  } else if ('mail' in step) {
    const mail = (await target.mails()).findLast((seen) => seen.to === step.mail && seen.purpose === step.purpose);
    expect(mail, `${label}: a mail to ${step.mail}`).toBeDefined();
    setCode(variables, step.as, mail?.code ?? '', mail?.codeId ?? '');
  } else if ('noMail' in step) {
    expect(
      (await target.mails()).filter((seen) => seen.to === step.noMail),
      label,
    ).toEqual([]);
  } else if ('welcome' in step) {
    expect(
      (await target.mails()).some((seen) => seen.to === step.welcome && seen.purpose === 'welcome'),
      label,
    ).toBe(true);
  } else if ('noticesTo' in step) {
    const seen = (await target.mails()).filter(
      ({ to, codeId, purpose }) => to === step.noticesTo && codeId === '' && purpose !== 'welcome',
    );
    expect(
      seen.map(({ purpose }) => purpose),
      label,
    ).toEqual(step.notices);
  } else if ('signIn' in step) {
    await signIn(step.signIn, step.as, target, variables);
  } else if ('makePair' in step) {
    await makePair(step, target, variables);
  } else if ('createPasskey' in step) {
    const page = { origin: pageOrigin, rpId: new URL(pageOrigin).hostname };
    const created = createPasskey({ ...page, challenge: fill(step.createPasskey, variables), ...step.by } as Page);
    const userHandle = fill(step.user, variables);
    variables.set(step.as, JSON.stringify(created.credential));
    variables.set(`${step.as}Key`, JSON.stringify({ ...page, ...created.key, userHandle }));
  } else if ('signWith' in step) {
    const key = JSON.parse(fill(step.signWith, variables));
    const signed = signChallenge({ ...key, challenge: fill(step.challenge, variables), ...step.by });
    variables.set(step.as, JSON.stringify(signed));
  } else if ('advanceMs' in step) {
    await target.advance(step.advanceMs);
  } else if ('passkeyIn' in step) {
    await passkeyIn(step, target, variables);
  } else if (target.takeRevoked !== null) {
    const wanted = step.revoked.map((text) => fill(text, variables)).sort();
    expect([...target.takeRevoked()].sort(), label).toEqual(wanted);
  }
}

async function runRequest(step: RequestStep, target: Target, variables: Variables, label: string): Promise<void> {
  const answer = await send(step, target, variables);
  const { status, headers, text } = answer;
  const where = `${label}: ${step.request} answered ${status} ${text}`;
  expect(status, where).toBe(step.expect.status);
  const body: unknown = step.request.startsWith('HEAD ') ? {} : JSON.parse(text);
  if (status === 200 || status === 202) {
    expect(headers.get('x-error'), where).toBeNull();
    expect(headers.get('content-type'), where).toBe('application/json');
  } else if (!step.request.startsWith('HEAD ')) {
    expectProblem(headers, body, step, where);
  }
  await expectDescribed(fill(step.request, variables), status, body, where);
  for (const [name, wanted] of Object.entries(step.expect.headers)) {
    const found = headers.get(name);
    expect(matchShape(found ?? '-', fill(wanted, variables)), `${where}: header ${name} is ${found}`).toBeNull();
  }
  if (step.expect.body !== undefined) {
    expect(matchShape(body, fillAll(step.expect.body, variables)), where).toBeNull();
  }
  for (const [name, path] of Object.entries(step.capture)) variables.set(name, String(readPath(body, path)));
}

/** The common form of every refusal. */
function expectProblem(headers: Headers, body: unknown, step: RequestStep, where: string): void {
  const message = headers.get('x-error') ?? '';
  expect(message, where).toMatch(/^[\x20-\x7e]{1,256}$/);
  expect(headers.get('x-error-id'), where).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(headers.get('content-type'), where).toBe('application/problem+json');
  expect(body, where).toMatchObject({
    title: message,
    status: step.expect.status,
    errorId: headers.get('x-error-id'),
    ...(step.expect.code === undefined ? {} : { code: step.expect.code }),
    ...(step.expect.invalid === undefined ? {} : { invalid: step.expect.invalid }),
  });
  if (step.expect.status === 401) expect(headers.get('www-authenticate'), where).toMatch(/^Bearer /);
  if (step.expect.status === 429) expect(Number(headers.get('retry-after')), where).toBeGreaterThan(0);
}

async function send(step: RequestStep, target: Target, variables: Variables) {
  const [method = '', path = ''] = fill(step.request, variables).split(' ');
  const url = target.baseUrl + (path.startsWith('=') ? path.slice(1) : `/api/auth/v2${path}`);
  const headers = new Headers();
  for (const [name, value] of Object.entries(step.headers)) headers.set(name, fill(value, variables));
  if (step.bearer !== undefined) headers.set('authorization', `Bearer ${fill(step.bearer, variables)}`);
  if (step.pair !== undefined) {
    headers.set('api-key', fill(step.pair[0], variables));
    headers.set('api-secret', fill(step.pair[1], variables));
  }
  const init: RequestInit = { method, headers };
  if (step.json !== undefined) {
    if (!headers.has('content-type')) headers.set('content-type', 'application/json');
    init.body = JSON.stringify(fillAll(step.json, variables));
  } else if (step.text !== undefined) {
    init.body = fill(step.text, variables);
  }
  const again = Object.entries(step.again).map(([name, value]): [string, string] => [name, fill(value, variables)]);
  if (again.length > 0) return sendRaw(url, method, [...headers, ...again]);
  const answer = await fetch(url, init);
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

async function passkeyIn(
  { passkeyIn: key, as }: Extract<Step, { passkeyIn: string }>,
  target: Target,
  variables: Variables,
): Promise<void> {
  const post = async (path: string, body: object) => {
    const init = { method: 'POST', body: JSON.stringify(body) };
    return z.any().parse(await (await fetch(`${target.baseUrl}/api/auth/v2${path}`, init)).json());
  };
  const { options } = await post('/session/passkey/options', {});
  const credential = signChallenge({ ...JSON.parse(fill(key, variables)), challenge: options.challenge });
  const { bearer } = await post('/session/passkey', { credential });
  expect(bearer).toEqual(expect.any(String));
  variables.set(as, bearer);
}

async function signIn(email: string, as: string, target: Target, variables: Variables): Promise<void> {
  const opened = await sendJson(target, 'POST', '/session', { email }, {});
  const codeId = opened['verificationCodeID'] ?? '';
  const code = (await target.mails()).findLast((mail) => mail.codeId === codeId)?.code;
  await sendJson(target, 'PUT', '/session/verification', { verificationCodeID: codeId, code }, {});
  variables.set(as, opened['bearer'] ?? '').set(`${as}ID`, opened['sessionID'] ?? '');
}

async function makePair(
  step: { readonly makePair: string; readonly as: string; readonly days: number },
  target: Target,
  variables: Variables,
): Promise<void> {
  const authorization = `Bearer ${fill(step.makePair, variables)}`;
  const made = await sendJson(target, 'POST', '/keypair', { name: 'Example', days: step.days }, { authorization });
  const codeId = made['verificationCodeID'] ?? '';
  const code = (await target.mails()).findLast((mail) => mail.codeId === codeId)?.code;
  await sendJson(target, 'PUT', '/keypair/verification', { verificationCodeID: codeId, code }, { authorization });
  variables.set(`${step.as}Key`, made['apiKey'] ?? '').set(`${step.as}Secret`, made['apiSecret'] ?? '');
  variables.set(`${step.as}ID`, made['keyID'] ?? '');
}

async function sendJson(
  target: Target,
  method: string,
  path: string,
  body: object,
  headers: Record<string, string>,
): Promise<Record<string, string>> {
  const answer = await fetch(`${target.baseUrl}/api/auth/v2${path}`, {
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  expect(answer.status, `${method} ${path}: ${text}`).toBe(202);
  return JSON.parse(text) as Record<string, string>;
}

function setCode(variables: Variables, name: string, code: string, codeId: string): void {
  const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
  variables.set(name, code).set(`${name}ID`, codeId).set(`${name}Wrong`, wrong);
  variables.set(`${name}Number`, String(Number(code)));
}

function fill(text: string, variables: Variables): string {
  return text.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = variables.get(name);
    if (value === undefined) throw new Error(`no variable ${name} in this case`);
    return value;
  });
}

function fillAll(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string') return fill(value, variables);
  if (Array.isArray(value)) return value.map((item) => fillAll(item, variables));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillAll(item, variables)]));
}

function readPath(body: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], body);
}
