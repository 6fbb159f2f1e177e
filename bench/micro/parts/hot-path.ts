/** What every request goes through between two sockets, one function for each part; none of them does more than once. */
import { parseConfig } from '../../../src/config/parse-config.ts';
import { extractCredential } from '../../../src/core/credential/extract-credential.ts';
import { decide, type Policy } from '../../../src/core/decide.ts';
import { appendAnswerHeaders } from '../../../src/core/forwarding/answer-headers.ts';
import { clientFacts } from '../../../src/core/forwarding/client-facts.ts';
import { appendRequestHeaders, compileForwarding } from '../../../src/core/forwarding/request-headers.ts';
import type { Resolution } from '../../../src/core/identity/identity.ts';
import type { Allow } from '../../../src/core/outcome/decision.ts';
import { normalizeRequest } from '../../../src/core/request/normalize-request.ts';
import type { CanonicalRequest, RequestView } from '../../../src/core/request/request-view.ts';
import { matchRoute } from '../../../src/core/routing/match-route.ts';
import { readHead } from '../../../src/upstream/wire/answer-head-text.ts';
import { requestHead } from '../../../src/upstream/wire/request-head.ts';
import { somebody } from '../../../src/workbench/sample-identity.ts';
import { policyText } from '../../policy/write-policy.ts';

/** Does its part once for each of as many different requests as there are, in turn; returns something of what it made. */
export type Part = (index: number) => unknown;

const many = 256;
const known: Resolution = {
  identity: { ...somebody, roles: ['admin'], groups: ['public', 'acme'] },
  reason: null,
  stale: false,
  source: 'memory',
};

const answer = [
  'HTTP/1.1 200 OK',
  'Content-Type: application/json; charset=utf-8',
  'Cache-Control: no-store',
  'Content-Length: 82',
  'Date: Mon, 02 Nov 2026 10:00:00 GMT',
  'Connection: keep-alive',
  'Keep-Alive: timeout=60',
].join('\r\n');

export function hotPath(): Readonly<Record<string, Part>> {
  const read = parseConfig(policyText(100), { file: 'bench.yaml', env: {}, readSecret: () => '' });
  if (!read.ok) throw new Error(read.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  const { routes, credentials, roleMapping, via, identityHeaders } = read.config;
  const policy: Policy = { routes, credentials, roleMapping, via };
  const rules = compileForwarding(identityHeaders, credentials, via.name);
  const peer = { address: '203.0.113.7', trusted: false, secure: false };
  const facts = clientFacts(
    peer,
    'api0.example.test',
    [],
    () => false,
    () => '6f1c0f0e-2f0b-4a3b-9a0e-1f3f6d1f0b55',
  );
  const views = Array.from({ length: many }, (_, index) => viewOf(index));
  const requests = views.map((view) => asRead(normalizeRequest(view, via)));
  const allowed = views.map((view) => asAllowed(decide(view, policy, () => known)));
  const received = asHead(readHead(answer, 'GET')).rawHeaders;
  const headers = allowed.map((decision, index) => {
    const out: string[] = [];
    appendRequestHeaders(out, rules, decision, views[index]!.rawHeaders, facts);
    return out;
  });
  return {
    normalize: (index) => normalizeRequest(views[index % many]!, via),
    match: (index) => matchRoute(routes, requests[index % many]!),
    extract: (index) => extractCredential(requests[index % many]!, views[index % many]!.rawHeaders, credentials),
    decide: (index) => decide(views[index % many]!, policy, () => known),
    'request headers': (index) => {
      const out: string[] = [];
      appendRequestHeaders(out, rules, allowed[index % many]!, views[index % many]!.rawHeaders, facts);
      return out;
    },
    'request head': (index) =>
      requestHead(
        { method: 'GET', path: '/v1/things/7', headers: headers[index % many]!, body: null },
        'service',
        false,
      ),
    'answer head': () => readHead(answer, 'GET'),
    'answer headers': () => {
      const out: string[] = [];
      appendAnswerHeaders(out, received, rules.treatAnswer);
      return out;
    },
  };
}

/** Texts of its own, as the parser hands them over. */
function viewOf(index: number): RequestView {
  const place = index % 100;
  const text = `GET|/v1/area${place}/thing${place}/${index}?page=2|Host|api${place % 10}.example.test|User-Agent|client/1.0|Accept|application/json|Accept-Encoding|gzip, br|Authorization|Bearer ${'b'.repeat(60)}${1000 + index}`;
  const [method = '', target = '', ...rawHeaders] = text.split('|').map((one) => Buffer.from(one).toString('latin1'));
  return { method, target, rawHeaders, httpVersion: '1.1' };
}

function asRead(read: CanonicalRequest | string): CanonicalRequest {
  if (typeof read === 'string') throw new Error(`a request was refused: ${read}`);
  return read;
}

function asAllowed(decision: ReturnType<typeof decide>): Allow {
  if (!('outcome' in decision) || decision.outcome !== 'allow') throw new Error('a request was not allowed');
  return decision;
}

function asHead(head: ReturnType<typeof readHead>): NonNullable<ReturnType<typeof readHead>> {
  if (head === null) throw new Error('the head of an answer could not be read');
  return head;
}
