/** What Helm prints after an installation: commands that exist, about existing objects, and the necessary facts. */
import { describe, expect, test, vi } from 'vitest';
import { skipHere } from '../support/skip-here.ts';
import { kindsOf, kubectlPath, notes, render, valueSets } from './helm.ts';
import { callsOf, kubectlProblem, objectsNamedIn } from './kubectl-commands.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Secrets that value sets reference as existing. */
const foreign = ['Secret rolegate-secrets', 'Secret auth-api-secrets'];

describe.each(valueSets)('%s', (set) => {
  test('mentions only objects of the release', () => {
    const text = notes(set);
    const calls = callsOf('kubectl', text);
    expect(calls.length).toBeGreaterThan(3);
    const named = calls.flatMap(objectsNamedIn);
    expect(named.length).toBeGreaterThanOrEqual(3);
    const known = [...kindsOf(render(set)), ...foreign];
    expect(named.filter((one) => !known.includes(one))).toEqual([]);
    for (const call of calls) expect(call).toContain('--namespace gateways');
    expect(text).toContain('helm test edge --namespace gateways --logs');
    expect(text).not.toMatch(/<no value>|%!|\n\n\n/);
  });

  test('has only commands that kubectl accepts', () => {
    const kubectl = kubectlPath() ?? skipHere('no kubectl: put one on the PATH');
    expect(callsOf('kubectl', notes(set)).map((call) => kubectlProblem(kubectl, call))).toEqual(
      callsOf('kubectl', notes(set)).map(() => ''),
    );
  });
});

test('control: an unknown command, and an unknown flag', () => {
  const kubectl = kubectlPath() ?? skipHere('no kubectl: put one on the PATH');
  expect(kubectlProblem(kubectl, 'kubectl rollout statu deployment/x')).not.toBe('');
  expect(kubectlProblem(kubectl, 'kubectl logs deployment/x --contaner gateway')).toContain('--contaner');
  expect(objectsNamedIn("kubectl -n a get secret b -o jsonpath='{.data}'")).toEqual(['Secret b']);
});

describe('mentions', () => {
  test('how to send the first request', () => {
    expect(notes('minimal')).toContain('port-forward service/edge-rolegate 8080:80 &');
    expect(notes('ingress')).toContain('curl -i https://api.example.test/');
    expect(notes('http-route')).toContain('curl -i https://api.example.test/');
  });

  test.each([
    ['more than one gateway without Redis', 'minimal', 'a revocation reaches only the gateway'],
    ['a Redis without a disk', 'redis-bundled', 'the bundled Redis is one pod without a disk'],
    ['secrets in the release', 'redis-bundled', 'Helm also stores secrets.values in its release'],
    ['a proxy that is not trusted', 'load-balancer', 'config.server.trustedProxies is empty'],
    ['an Auth API without mail', 'auth-api-postgres', 'No mail is configured'],
    [
      'the first administrator',
      'auth-api-sqlite',
      'node /app/dist/main.js auth-api create-admin --config /etc/rolegate/auth-api.yaml',
    ],
    ['how to replace pods', 'existing-configmap', 'rollout restart deployment/edge-rolegate'],
    ['how to check health in a pod', 'loopback', '-- node /app/dist/main.js healthcheck'],
  ])('%s, and nothing about it otherwise', (_, set, sentence) => {
    expect(notes(set)).toContain(sentence);
    expect(notes('embedded')).not.toContain(sentence);
  });

  test('that data is lost with its pod', () => {
    const changes = { authApi: { database: { persistence: { enabled: false } } } };
    expect(notes('auth-api-sqlite', changes)).toContain('Its data is lost with its pod');
    expect(notes('auth-api-sqlite')).not.toContain('Its data is lost');
  });
});
